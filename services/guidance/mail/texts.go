package mail

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"

	"kiveileder"
	"kiveileder/internal/oslo"
)

//go:embed texts.yaml
var textsFile []byte

// words are a text in every language.
type words map[kiveileder.Language]string

// A line is a paragraph; When names what must be so for it to stand.
type line struct {
	When string `yaml:"when"`
	NB   string `yaml:"nb"`
	NN   string `yaml:"nn"`
	EN   string `yaml:"en"`
}

func (l line) words() words {
	return words{kiveileder.Bokmal: l.NB, kiveileder.Nynorsk: l.NN, kiveileder.English: l.EN}
}

type letterTexts struct {
	Title  words  `yaml:"title"`
	Link   words  `yaml:"link"`
	Before []line `yaml:"before"`
	After  []line `yaml:"after"`
}

type texts struct {
	Subject  words                            `yaml:"subject"`
	Marker   words                            `yaml:"marker"`
	Greeting words                            `yaml:"greeting"`
	Footer   words                            `yaml:"footer"`
	And      words                            `yaml:"and"`
	Date     words                            `yaml:"date"`
	Months   map[kiveileder.Language][]string `yaml:"months"`
	Letters  map[Kind]letterTexts             `yaml:"letters"`
}

// places are the names that a kind's lines may use. A name in whens may be
// empty; its lines must then stand under a when of that name.
var places = map[Kind][]string{
	Receipt:  {"number", "expected"},
	Question: {"number", "due"},
	Notice:   {"number", "until"},
	Answer:   {"number", "agencies"},
	Referral: {"number", "referred"},
	Reminder: {"number", "due"},
	Closing:  {"number", "due"},
}

var whens = []string{"due", "replies", "agencies", "until"}

// loadTexts reads the texts in the binary; a test holds that they are right.
var loadTexts = sync.OnceValues(func() (*texts, error) { return readTexts(textsFile) })

// readTexts reads and lints texts; all that is wrong is told at once.
func readTexts(b []byte) (*texts, error) {
	t := &texts{}
	if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(t); err != nil {
		return nil, fmt.Errorf("mail texts: %w", err)
	}
	var l textLint
	l.check("subject", t.Subject, "number")
	l.check("marker", t.Marker)
	l.check("greeting", t.Greeting)
	l.check("footer", t.Footer)
	l.check("and", t.And)
	l.check("date", t.Date, "day", "month", "year")
	for _, lang := range kiveileder.Languages {
		if len(t.Months[lang]) != 12 {
			l.bad("months: %s has %d", lang, len(t.Months[lang]))
		}
	}
	for k := range t.Letters {
		if !slices.Contains(Kinds, k) {
			l.bad("letters: no kind %q", k)
		}
	}
	for _, k := range Kinds {
		l.letter(k, t.Letters[k])
	}
	return t, errors.Join(l.problems...)
}

type textLint struct{ problems []error }

func (l *textLint) bad(format string, args ...any) {
	l.problems = append(l.problems, fmt.Errorf("mail texts: "+format, args...))
}

func (l *textLint) letter(k Kind, t letterTexts) {
	l.check(string(k)+".title", t.Title)
	l.check(string(k)+".link", t.Link)
	if len(t.Before) == 0 {
		l.bad("%s: nothing to say before", k)
	}
	for i, line := range append(slices.Clone(t.Before), t.After...) {
		where := fmt.Sprintf("%s, line %d", k, i+1)
		l.check(where, line.words(), places[k]...)
		if line.When != "" && !slices.Contains(whens, line.When) {
			l.bad("%s: no when %q", where, line.When)
		}
		for _, p := range placed(line.NB) {
			if slices.Contains(whens, p) && p != line.When {
				l.bad("%s: {%s} may be empty; write when: %s", where, p, p)
			}
		}
	}
}

var placePattern = regexp.MustCompile(`\{([a-z]*)\}`)

func placed(s string) []string {
	var out []string
	for _, m := range placePattern.FindAllStringSubmatch(s, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return out
}

// check holds that words stand in every language, use the same places in all,
// and only those allowed.
func (l *textLint) check(where string, w words, allowed ...string) {
	for lang := range w {
		if !slices.Contains(kiveileder.Languages, lang) {
			l.bad("%s: no language %q", where, lang)
		}
	}
	first := placed(w[kiveileder.Bokmal])
	for _, lang := range kiveileder.Languages {
		s := w[lang]
		got := placed(s)
		switch {
		case strings.TrimSpace(s) == "" || strings.ContainsAny(s, "\r\n"):
			l.bad("%s: no words in %s, or more than a line", where, lang)
		case strings.ContainsAny(placePattern.ReplaceAllString(s, ""), "{}"):
			l.bad("%s: a stray brace in %s", where, lang)
		case !slices.Equal(got, first):
			l.bad("%s: %s uses other places than bokmål", where, lang)
		}
		for _, p := range got {
			if !slices.Contains(allowed, p) {
				l.bad("%s: {%s} is not allowed", where, p)
			}
		}
	}
}

// fill puts values in their places.
func fill(s string, values map[string]string) string {
	return placePattern.ReplaceAllStringFunc(s, func(p string) string { return values[strings.Trim(p, "{}")] })
}

// day writes a date in words, as it is in Oslo; "" for none.
func (t *texts) day(at time.Time, l kiveileder.Language) string {
	if at.IsZero() {
		return ""
	}
	at = at.In(oslo.Zone)
	return fill(t.Date[l], map[string]string{
		"day": strconv.Itoa(at.Day()), "month": t.Months[l][at.Month()-1], "year": strconv.Itoa(at.Year()),
	})
}

// list writes names as a sentence does.
func (t *texts) list(names []string, l kiveileder.Language) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " " + t.And[l] + " " + names[n-1]
	}
	return strings.Join(names, "")
}
