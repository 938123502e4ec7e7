package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"kiveileder"
	"kiveileder/internal/app"
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
	turn := kiveileder.Turn{Question: strings.Join(c.Question, " "), Language: kiveileder.Language(c.Language)}
	if turn.Question != "" {
		return c.ask(r, a, &turn)
	}
	if f, ok := r.stdin.(*os.File); ok {
		if s, err := f.Stat(); err == nil && s.Mode()&os.ModeCharDevice != 0 {
			fmt.Fprintln(r.stdout, "Spør om reglene for KI i helse- og omsorgstjenesten. Tom linje avslutter.")
		}
	}
	in := bufio.NewScanner(r.stdin)
	in.Buffer(nil, 1<<20)
	for fmt.Fprint(r.stdout, "\n> "); in.Scan(); fmt.Fprint(r.stdout, "\n> ") {
		if turn.Question = strings.TrimSpace(in.Text()); turn.Question == "" {
			break
		}
		if err := c.ask(r, a, &turn); err != nil {
			if kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
				return err
			}
			fmt.Fprintln(r.stdout, kiveileder.ErrorMessage(err))
			continue
		}
		turn.History = append(turn.History, turn.Question)
	}
	fmt.Fprintln(r.stdout)
	return in.Err()
}

func (c *askCmd) ask(r *run, a *app.App, t *kiveileder.Turn) error {
	ans, err := a.Turn(r.ctx, *t)
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(r.stdout)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(ans)
	}
	printAnswer(r.stdout, ans, c.Width)
	return nil
}

// printAnswer writes an answer for people, in lines of at most width.
func printAnswer(w io.Writer, a kiveileder.Answer, width int) {
	fmt.Fprintln(w)
	wrap(w, "", a.Lead, width)
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
		fmt.Fprintf(w, "\n%s\n", a.Ask.Question)
		for _, o := range a.Ask.Options {
			fmt.Fprintf(w, "    · %s\n", o.Label)
		}
	}
	if a.HandOver != nil {
		fmt.Fprintln(w)
		wrap(w, "", a.HandOver.Text+" <"+a.HandOver.Email+">", width)
	}
	fmt.Fprintln(w)
	wrap(w, "", a.Notice, width)
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
