package web

import (
	"cmp"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
)

// AnswersData is the list of published answers.
type AnswersData struct {
	Lang    kiveileder.Language     // of the page; bokmål when empty
	Words   string                  // that were searched for
	Entries []register.Entry        // that they found, in that order, of this page
	Pages   Pages                   // the zero value: all are on this one
	Name    func(key string) string // of an agency; nil: the key
}

// Pages say which page of a list it is.
type Pages struct {
	Page, Of int // from 1
	Total    int // on all pages
}

// address gives where a page of the register stands: it keeps the words that
// were searched for, and the first one needs no number.
func (d AnswersData) address(lang kiveileder.Language, page int) string {
	v := url.Values{"lang": {string(lang)}}
	if d.Words != "" {
		v.Set("q", d.Words)
	}
	if page > 1 {
		v.Set("side", strconv.Itoa(page))
	}
	return "/svar?" + v.Encode()
}

// Answers writes the register: published answers with a search.
func Answers(w io.Writer, d AnswersData) error {
	lang := cmp.Or(d.Lang, kiveileder.Bokmal)
	list := make([]answer, 0, len(d.Entries))
	for _, e := range d.Entries {
		list = append(list, newAnswer(e, d.Name, lang))
	}
	at := d.Pages
	if at.Page < 1 {
		at = Pages{1, 1, len(list)}
	}
	p := page{Lang: lang, Rendered: true, Title: textIn("svar_title", lang), TitleKey: "svar_title", Script: "page.js"}
	if at.Of > 1 {
		p.Title += " – " + strings.NewReplacer("{n}", strconv.Itoa(at.Page), "{of}", strconv.Itoa(at.Of)).Replace(textIn("svar_page", lang))
	}
	if at.Page > 1 {
		p.Prev = d.address(lang, at.Page-1)
	}
	if at.Page < at.Of {
		p.Next = d.address(lang, at.Page+1)
	}
	p.Data = struct {
		Lang       kiveileder.Language
		Words      string
		List       []answer
		Prev, Next string
		Pages
	}{lang, d.Words, list, p.Prev, p.Next, at}
	return render(w, "svar-liste.html", p)
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
	Why      string // of a review or a withdrawal
	WhyLang  kiveileder.Language
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
	a.Why, a.WhyLang = e.Why(cmp.Or(lang, kiveileder.Bokmal))
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
