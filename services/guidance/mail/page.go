package mail

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"kiveileder"
)

//go:embed letter.html
var letterFile string

var letterHTML = template.Must(template.New("letter").Parse(letterFile))

// A page is a letter in words, before it is text or HTML: both say the same.
type page struct {
	Lang    kiveileder.Language
	Subject string
	Marker  string // "" where replies are not taken
	Title   string
	Blocks  []block
	Footer  string
}

// A block is a heading, a numbered list, a link with its text, or a paragraph.
type block struct {
	Heading string
	Items   []string
	Link    string
	Text    string
}

var caseNumber = regexp.MustCompile(`^[A-Z0-9-]{1,32}$`)

// page puts a letter in words. What people wrote is kept as text, without
// characters that steer a terminal or turn the direction of writing.
func (t *texts) page(kind Kind, l Letter, replies bool) (page, error) {
	lt, ok := t.Letters[kind]
	lang := l.Language
	switch {
	case !ok:
		return page{}, fmt.Errorf("no kind of letter %q", kind)
	case t.Subject[lang] == "":
		return page{}, fmt.Errorf("no language %q", lang)
	case !caseNumber.MatchString(l.Number): // it stands in the subject
		return page{}, errors.New("a case number is made of capitals, digits and hyphens")
	case kind == Receipt && l.Expected.IsZero():
		return page{}, errors.New("a receipt needs a date to expect an answer by")
	case (kind == Question || kind == Reminder || kind == Closing) && len(l.Questions) == 0:
		return page{}, errors.New("nothing is asked")
	case kind == Notice && len(l.Sections) == 0:
		return page{}, errors.New("a preliminary reply needs its text")
	case kind == Referral && strings.TrimSpace(l.Referred) == "":
		return page{}, errors.New("a referral needs to say to whom")
	case kind == Answer && l.Link == "" && len(l.Sections) == 0:
		return page{}, errors.New("an answer needs its text or a link to it")
	}
	if l.Link != "" {
		if u, err := url.Parse(l.Link); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return page{}, errors.New("the link to the case is no web address")
		}
	}
	v := map[string]string{
		"number": l.Number, "expected": t.day(l.Expected, lang), "until": t.day(l.Expected, lang), "due": t.day(l.Due, lang), "agencies": clean(t.list(l.Agencies, lang)),
		"referred": strings.Join(strings.Fields(clean(l.Referred)), " "),
	}
	if replies {
		v["replies"] = "yes"
	}
	p := page{Lang: lang, Subject: fill(t.Subject[lang], v), Title: lt.Title[lang], Footer: t.Footer[lang]}
	if replies {
		p.Marker = "–– " + t.Marker[lang] + " ––"
	}
	p.say(t.Greeting[lang])
	p.lines(lt.Before, v)
	p.asks(l.Questions)
	for _, s := range l.Sections {
		if h := strings.Join(strings.Fields(clean(s.Heading)), " "); h != "" {
			p.Blocks = append(p.Blocks, block{Heading: h})
		}
		for _, para := range paragraphs(s.Text) {
			p.say(para)
		}
	}
	if l.Link != "" {
		p.Blocks = append(p.Blocks, block{Link: l.Link, Text: lt.Link[lang]})
	}
	p.lines(lt.After, v)
	return p, nil
}

func (p *page) say(text string) { p.Blocks = append(p.Blocks, block{Text: text}) }

func (p *page) lines(ls []line, v map[string]string) {
	for _, l := range ls {
		if l.When == "" || v[l.When] != "" {
			p.say(fill(l.words()[p.Lang], v))
		}
	}
}

func (p *page) asks(questions []string) {
	var items []string
	for _, q := range questions {
		if q = strings.TrimSpace(clean(q)); q != "" {
			items = append(items, q)
		}
	}
	if len(items) > 0 {
		p.Blocks = append(p.Blocks, block{Items: items})
	}
}

// text writes a page as plain text.
func (p page) text() string {
	var b strings.Builder
	if p.Marker != "" {
		b.WriteString(p.Marker + "\n\n")
	}
	b.WriteString(p.Title + "\n")
	for _, bl := range p.Blocks {
		b.WriteString("\n")
		switch {
		case bl.Heading != "":
			b.WriteString(bl.Heading + "\n" + strings.Repeat("-", min(len([]rune(bl.Heading)), 60)) + "\n")
		case bl.Link != "":
			b.WriteString(bl.Text + ":\n" + bl.Link + "\n")
		case len(bl.Items) > 0:
			for i, it := range bl.Items {
				fmt.Fprintf(&b, "%d. %s\n", i+1, strings.ReplaceAll(it, "\n", "\n   "))
			}
		default:
			b.WriteString(bl.Text + "\n")
		}
	}
	return b.String() + "\n-- \n" + p.Footer + "\n"
}

func (p page) html() (string, error) {
	var b bytes.Buffer
	if err := letterHTML.Execute(&b, p); err != nil {
		return "", fmt.Errorf("write as HTML: %w", err)
	}
	return b.String(), nil
}

// clean drops control characters, those that turn the direction of writing,
// and bytes that are no text.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

var blankLines = regexp.MustCompile(`\n[ \t]*\n+`)

func paragraphs(s string) []string {
	var out []string
	for _, p := range blankLines.Split(clean(s), -1) {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}
