package queue

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/privacy"
)

// maxTranscript is how much of a conversation goes along with a case, in
// bytes: the end of it. maxLine is the most of one message.
const maxTranscript, maxLine = 200_000, 20_000

// A talk is a conversation as a hand-over uses it.
type talk struct {
	entries []kiveileder.Entry
	last    *kiveileder.Answer // the newest that is more than small talk
}

// read reads a conversation; one without entries is no error.
func (q *Queue) read(ctx context.Context, key string) (talk, error) {
	var t talk
	s, err := q.Talks.Read(ctx, key, 0, 2*kiveileder.MaxEntries)
	if kiveileder.ErrorCode(err) == kiveileder.CodeNotFound {
		return t, nil
	}
	if err != nil {
		return t, err
	}
	t.entries = s.Entries
	for _, e := range s.Entries {
		if e.Answer != nil && e.Answer.Status != kiveileder.Smalltalk {
			t.last = e.Answer
		}
	}
	return t, nil
}

// question gives what was asked last: the question that the newest answer is
// about, or what was written since. A word or two told besides ("vet ikke",
// "pasientjournal") is no question while there is one before.
func (t talk) question() string {
	brief := ""
	for _, e := range slices.Backward(t.entries) {
		text := ""
		switch {
		case e.Answer == nil && t.last == nil:
			text = strings.TrimSpace(e.Text)
		case e.Answer != nil && e.Answer.Status != kiveileder.Smalltalk:
			text = strings.TrimSpace(t.at(e.Thread))
		}
		switch {
		case text == "":
		case asks(text):
			return text
		case brief == "":
			brief = text
		}
	}
	return brief
}

// at gives the message at an offset.
func (t talk) at(offset int64) string {
	for _, m := range t.entries {
		if m.Answer == nil && m.Offset == offset {
			return m.Text
		}
	}
	return ""
}

// asks reports whether a message is long enough to ask something.
func asks(text string) bool {
	return strings.Contains(text, "?") || len(strings.Fields(text)) > maxAsides
}

// maxAsides is the most words of a message that may be told besides.
const maxAsides = 3

// project says in words what is known of the project.
func (t talk) project(kiveileder.Language) string {
	if t.last == nil {
		return ""
	}
	var lines []string
	for _, f := range t.last.Read {
		lines = append(lines, f.Name+": "+f.Label)
	}
	return strings.Join(lines, "\n")
}

func (t talk) findings() []kiveileder.Finding {
	if t.last == nil {
		return nil
	}
	return t.last.Findings
}

// would gives the agencies that would know, by any of their names.
func (t talk) would() []string {
	if t.last == nil || t.last.HandOver == nil {
		return nil
	}
	return t.last.HandOver.Agencies
}

// asked reports whether somebody wrote just this in the conversation.
func (t talk) asked(question string) bool {
	return slices.ContainsFunc(t.entries, func(e kiveileder.Entry) bool { return e.Answer == nil && strings.TrimSpace(e.Text) == question })
}

// transcript gives the end of the conversation as far as it is to go along.
func (t talk) transcript() []guidance.Line {
	var out []guidance.Line
	room := maxTranscript
	for _, e := range slices.Backward(t.entries) {
		l := guidance.Line{At: e.At, Text: shorten(e.Text, maxLine)}
		if e.Answer != nil {
			l.Automated, l.Text = true, shorten(said(*e.Answer), maxLine)
		}
		if l.Text == "" {
			continue
		}
		if room -= len(l.Text); room < 0 {
			break
		}
		out = append(out, l)
	}
	slices.Reverse(out)
	return out
}

// said gives what an answer said, without its quotes: those that matter stand
// in the case.
func said(a kiveileder.Answer) string {
	parts := []string{a.Lead}
	for _, f := range a.Findings {
		parts = append(parts, "– "+f.Text)
	}
	if a.Ask != nil {
		parts = append(parts, a.Ask.Question)
	}
	return strings.TrimSpace(strings.Join(parts, "\n"))
}

// received gives what a case begins with: what the asker wrote, and what the
// machine knows of it.
func (q *Queue) received(ctx context.Context, key string, h HandOver) (guidance.ReceivedData, error) {
	d := guidance.ReceivedData{
		Asker: key, Language: h.Language, Title: title(h.Question), Question: h.Question, Project: h.Project, Agency: h.Agency, Publish: h.Publish,
	}
	t, err := q.read(ctx, key)
	if err != nil {
		return d, err
	}
	d.Transcript = t.transcript()
	about := t.last
	if about == nil || !t.asked(h.Question) {
		turn := kiveileder.Turn{Question: privacy.Mask(h.Question).Text, Language: h.Language}
		if t.last != nil {
			turn.Facts = t.last.Facts
		}
		if a, err := q.Dialogue.Turn(ctx, turn); err == nil {
			about = &a // else the lawyers have less to go by: no reason to refuse the asker
		}
	}
	if about == nil {
		about = &kiveileder.Answer{}
	}
	known := about
	if t.last != nil && len(about.Findings) == 0 {
		known = t.last
	}
	d.Facts, d.Findings, d.Passages, d.Versions = known.Facts, known.Findings, about.Citations, about.Versions
	if d.Language == "" {
		d.Language = about.Language
	}
	var would []string
	if about.HandOver != nil {
		would = about.HandOver.Agencies
	}
	if set := q.Rules(); set != nil {
		p := guidance.Propose(set, d.Findings, would)
		d.Unclear, d.Topics, d.Agencies = p.Unclear, p.Topics, p.Agencies
	}
	if h.Agency != "" { // the asker's word goes first
		d.Agencies = append([]string{h.Agency}, slices.DeleteFunc(d.Agencies, func(a string) bool { return a == h.Agency })...)
	}
	return d, nil
}

// title gives the first words of a question.
func title(question string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(question), "\n")
	if i := strings.IndexByte(line, '?'); i > 20 {
		line = line[:i+1]
	}
	return shorten(strings.TrimSpace(line), 110)
}

// shorten cuts a text at a word to at most n characters.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	cut := string([]rune(s)[:n-1])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)*2/3 {
		cut = cut[:i]
	}
	return cut + "…"
}
