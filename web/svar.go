package web

import (
	"cmp"
	"io"
	"net/url"
	"slices"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
)

// AnswersData is the list of published answers.
type AnswersData struct {
	Lang    kiveileder.Language     // of the page; bokmål when empty
	Words   string                  // that were searched for
	Entries []register.Entry        // that they found, in that order
	Name    func(key string) string // of an agency; nil: the key
}

// Answers writes the register: published answers with a search.
func Answers(w io.Writer, d AnswersData) error {
	lang := cmp.Or(d.Lang, kiveileder.Bokmal)
	list := make([]answer, 0, len(d.Entries))
	for _, e := range d.Entries {
		list = append(list, newAnswer(e, d.Name, lang))
	}
	return render(w, "svar-liste.html", page{
		Lang: lang, Rendered: true, Title: textIn("svar_title", lang), TitleKey: "svar_title", Script: "page.js",
		Data: struct {
			Lang  kiveileder.Language
			Words string
			List  []answer
		}{lang, d.Words, list},
	})
}

// AnswerData is one published answer.
type AnswerData struct {
	Lang  kiveileder.Language // of the page; bokmål when empty
	Entry register.Entry
	Name  func(key string) string // of an agency; nil: the key
	Title func(id string) string  // of a source; nil or "": its id
}

// Answer writes the page of a published answer, also of one that is under
// review or withdrawn: that stands above it. Each part that is quoted elsewhere
// has an address.
func Answer(w io.Writer, d AnswerData) error {
	lang := cmp.Or(d.Lang, kiveileder.Bokmal)
	return render(w, "svar.html", page{
		Lang: lang, Rendered: true, Title: d.Entry.Title, Script: "page.js", Data: newAnswer(d.Entry, d.Name, lang).titled(d.Title),
	})
}

// An answer is an entry laid out for reading.
type answer struct {
	register.Entry
	Agencies []string // names
	Sections []answerSection
	First    string // ISO dates
	Last     string // "" when it is the first
	Checked  string
	Replaced []string
	Refs     []answerRef
	Review   bool
	Gone     bool
}

// An answerSection is what is said to one question. The short answer has none.
type answerSection struct {
	Short    bool
	ID       string // of its heading
	Question string
	Parts    []answerPart
}

type answerPart struct {
	Anchor string
	Blocks []block
}

// An answerRef is a paragraph of law, with the search for other answers on it.
type answerRef struct{ Text, URL string }

// titled names the sources of the quotes.
func (a answer) titled(title func(id string) string) answer {
	if title == nil {
		return a
	}
	a.Quotes = slices.Clone(a.Quotes)
	for i, q := range a.Quotes {
		if name := title(q.Source); name != "" {
			a.Quotes[i].Source = "«" + name + "»"
		}
	}
	return a
}

func newAnswer(e register.Entry, name func(string) string, lang kiveileder.Language) answer {
	a := answer{
		Entry: e, First: register.Day(e.Published), Last: register.Day(e.Current), Checked: register.Day(e.Confirmed),
		Review: e.Status == guidance.UnderReview, Gone: e.Status == guidance.Retracted,
	}
	if a.Last == a.First {
		a.Last = ""
	}
	for _, t := range e.Earlier {
		a.Replaced = append(a.Replaced, register.Day(t))
	}
	for _, key := range e.Agencies {
		if name != nil {
			key = name(key)
		}
		a.Agencies = append(a.Agencies, key)
	}
	last := -2
	for _, p := range e.Parts() {
		if p.Section != last {
			s := answerSection{Short: p.Section < 0, ID: "om-" + p.Anchor}
			if p.Section >= 0 {
				s.Question = e.Sections[p.Section].Question
			}
			a.Sections = append(a.Sections, s)
		}
		s := &a.Sections[len(a.Sections)-1]
		s.Parts = append(s.Parts, answerPart{p.Anchor, blocks(p.Text, p.Section == last)})
		last = p.Section
	}
	for _, r := range e.References {
		a.Refs = append(a.Refs, answerRef{r, "/svar?" + url.Values{"q": {r}, "lang": {string(lang)}}.Encode()})
	}
	return a
}
