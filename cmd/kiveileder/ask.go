package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"kiveileder"
	"kiveileder/internal/app"
	"kiveileder/services/conversation"
)

type askCmd struct {
	Question []string `arg:"" optional:"" help:"The question. Without it, a conversation begins; an empty line ends it."`
	JSON     bool     `help:"Print the answer as JSON."`
	Language string   `help:"Language of the answer: nb, nn or en." enum:",nb,nn,en" default:""`
	app.Base
	Width int `help:"Characters in a line." default:"88"`
}

// Run asks once, or goes on asking what is typed.
func (c *askCmd) Run(r *run) error {
	a, err := app.New(r.ctx, app.Config{Base: c.Base}, app.Silent())
	if err != nil {
		return err
	}
	talk := &talk{cmd: c, run: r, talks: conversation.New(conversation.NewMemory("terminal"), a, nil)}
	if q := strings.Join(c.Question, " "); q != "" {
		return talk.ask(q)
	}
	if f, ok := r.stdin.(*os.File); ok {
		if s, err := f.Stat(); err == nil && s.Mode()&os.ModeCharDevice != 0 {
			fmt.Fprintln(r.stdout, "Spør om reglene for KI i helse- og omsorgstjenesten. Tom linje avslutter.")
		}
	}
	in := bufio.NewScanner(r.stdin)
	in.Buffer(nil, 1<<20)
	for fmt.Fprint(r.stdout, "\n> "); in.Scan(); fmt.Fprint(r.stdout, "\n> ") {
		q := strings.TrimSpace(in.Text())
		if q == "" {
			break
		}
		if err := talk.ask(q); err != nil {
			if kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
				return err
			}
			fmt.Fprintln(r.stdout, kiveileder.ErrorMessage(err))
		}
	}
	fmt.Fprintln(r.stdout)
	return in.Err()
}

// A talk is one conversation in the terminal. Nothing of it is kept.
type talk struct {
	cmd   *askCmd
	run   *run
	talks *conversation.Service
	n     int // messages so far
}

func (t *talk) ask(question string) error {
	const key = "terminal"
	t.n++
	m, _, err := t.talks.Accept(t.run.ctx, key, kiveileder.Post{ID: strconv.Itoa(t.n), Question: question, Language: kiveileder.Language(t.cmd.Language)})
	if err != nil {
		return err
	}
	e, err := t.talks.Answer(t.run.ctx, key, m.Offset)
	if err != nil {
		return err
	}
	if t.cmd.JSON {
		enc := json.NewEncoder(t.run.stdout)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(e.Answer)
	}
	printAnswer(t.run.stdout, *e.Answer, t.cmd.Width)
	return nil
}

// printAnswer writes an answer for people, in lines of at most width.
func printAnswer(w io.Writer, a kiveileder.Answer, width int) {
	fmt.Fprintln(w)
	if len(a.Read) > 0 {
		var facts []string
		for _, f := range a.Read {
			facts = append(facts, f.Name+": "+f.Label)
		}
		wrap(w, "", "("+strings.Join(facts, "; ")+")", width)
		fmt.Fprintln(w)
	}
	wrap(w, "", a.Lead, width)
	for _, f := range a.Findings {
		printFinding(w, "  - ", f, width)
	}
	for i, c := range a.Citations {
		fmt.Fprintln(w)
		wrap(w, fmt.Sprintf("[%d] ", i+1), strings.Join(c.Section, " › "), width)
		if c.Lead != "" {
			wrap(w, "    … ", c.Lead, width)
		}
		for line := range strings.SplitSeq(c.Quote, "\n") {
			wrap(w, "    │ ", line, width)
		}
		from := c.Title
		if c.Publisher != "" {
			from += ", " + c.Publisher
		}
		wrap(w, "    ", fmt.Sprintf("— %s, %s. %s", from, c.Date, c.URL), width)
		if c.Note != "" {
			wrap(w, "    ! ", c.Note, width)
		}
	}
	for _, cf := range a.Conflicts {
		fmt.Fprintln(w)
		wrap(w, "!! ", cf.Text, width)
	}
	if a.Ask != nil {
		fmt.Fprintln(w)
		wrap(w, "", a.Ask.Question, width)
		wrap(w, "", a.Ask.Why, width)
		for i, o := range a.Ask.Options { // the number is a reply too
			fmt.Fprintf(w, "  %2d  %s\n", i+1, o.Label)
		}
	}
	if a.Ifs != nil {
		fmt.Fprintln(w)
		wrap(w, "", a.Ifs.Question, width)
		for _, c := range a.Ifs.Cases {
			fmt.Fprintf(w, "  %s:\n", c.Label)
			for _, f := range c.Findings {
				printFinding(w, "    - ", f, width)
			}
		}
	}
	if a.HandOver != nil {
		fmt.Fprintln(w)
		wrap(w, "", a.HandOver.Text+" <"+a.HandOver.Email+">", width)
	}
	fmt.Fprintln(w)
	wrap(w, "", a.Notice, width)
}

func printFinding(w io.Writer, indent string, f kiveileder.Finding, width int) {
	text := f.Text
	if f.Authority != "" {
		text += " (" + f.Authority + ")"
	}
	for _, c := range f.Citations {
		text += fmt.Sprintf(" [%d]", c+1)
	}
	wrap(w, indent, text, width)
}

func wrap(w io.Writer, indent, text string, width int) {
	line := indent
	for _, word := range strings.Fields(text) {
		if len([]rune(line))+len([]rune(word)) > width && line != indent {
			fmt.Fprintln(w, strings.TrimRight(line, " "))
			line = strings.Repeat(" ", len([]rune(indent)))
			if strings.Contains(indent, "│") {
				line = indent
			}
		}
		line += word + " "
	}
	fmt.Fprintln(w, strings.TrimRight(line, " "))
}
