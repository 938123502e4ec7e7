// Package dialogue makes one turn: from what a person wrote to an answer that
// quotes the sources, asks back, declines, or hands over to a person.
package dialogue

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever"
	"kiveileder/services/dialogue/lang"
	"kiveileder/services/privacy"
)

// Limits of a message.
const (
	MaxQuestionChars = 4000
	MaxHistory       = 20
	maxFacts         = 8 << 10 // bytes of JSON
)

// Mailbox is where a question goes that a person should answer, until the
// queue of ki.veiledning takes it.
const Mailbox = "ki.veiledning@helsedir.no"

// A Searcher finds passages and judges whether they answer.
// *retriever.Retriever and *retriever.Client are Searchers.
type Searcher interface {
	Search(ctx context.Context, q retriever.Query) (retriever.Result, error)
}

// A Library tells of sources and of what is known about them.
type Library interface {
	Source(id string) (kiveileder.Source, bool)
	// ConflictsOf gives the known conflicts that a passage is a side of.
	ConflictsOf(passage string) []corpus.ConflictSides
	// NotesOn gives what a reader should know of a quote from a source: names
	// that have changed since.
	NotesOn(src kiveileder.Source, quote string, texts corpus.Texts, lang kiveileder.Language) []string
}

// A Dialogue makes turns. It keeps nothing between them and is safe for
// concurrent use.
type Dialogue struct {
	search   Searcher
	library  Library
	texts    corpus.Texts
	purposes []corpus.Purpose
	signals  corpus.Signals
	versions kiveileder.Versions
	today    func() string
}

// New gives a dialogue. today gives the ISO date that a source's age is
// counted from.
func New(s Searcher, l Library, texts corpus.Texts, purposes []corpus.Purpose, signals corpus.Signals, v kiveileder.Versions, today func() string) *Dialogue {
	return &Dialogue{search: s, library: l, texts: texts, purposes: purposes, signals: signals, versions: v, today: today}
}

// Turn answers one message. The error is a *kiveileder.Error with a message
// in the person's language when the message itself is at fault.
func (d *Dialogue) Turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	if err := d.check(&t); err != nil {
		return kiveileder.Answer{}, err
	}
	masked := privacy.Mask(t.Question)
	kinds := masked.Kinds
	var history []string
	for _, h := range t.History {
		m := privacy.Mask(h)
		history = append(history, m.Text)
		kinds = append(kinds, m.Kinds...)
	}
	language := t.Language
	if language == "" {
		// on the text as it came: the marks of masking are Norwegian words
		language = kiveileder.Language(lang.Frame(lang.Detect(t.Question)))
	}
	a := kiveileder.Answer{
		Conversation: t.Conversation,
		Language:     language,
		Automated:    true,
		Findings:     []kiveileder.Finding{},
		Citations:    []kiveileder.Citation{},
		Conflicts:    []kiveileder.Conflict{},
		Facts:        t.Facts,
		Missing:      []string{},
		Masked:       kindNames(kinds),
		Versions:     d.versions,
		Notice:       d.texts.Get("notice", language),
	}
	if a.Facts == nil {
		a.Facts = map[string]any{}
	}
	res, err := d.search.Search(ctx, retriever.Query{Text: d.forSearch(masked) + d.purposeWords(t.Facts), History: history, K: 3 * kiveileder.MaxCitations})
	if err != nil {
		return kiveileder.Answer{}, err
	}
	d.decide(&a, res, masked)
	if len(a.Citations) > 0 {
		a.Confidence = round(res.Verdict.Answers)
	}
	return a, nil
}

// check refuses what cannot be a message, and fills in defaults.
func (d *Dialogue) check(t *kiveileder.Turn) error {
	language := t.Language
	if language == "" {
		language = t.Prefers
	}
	switch t.Language {
	case "", kiveileder.Bokmal, kiveileder.Nynorsk, kiveileder.English:
	default:
		return kiveileder.Errorf(kiveileder.CodeInvalid, "%s", d.texts.Get("error_language", t.Prefers))
	}
	all := append([]string{t.Question}, t.History...)
	for _, s := range all {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			return kiveileder.Errorf(kiveileder.CodeInvalid, "%s", d.texts.Get("error_text", language))
		}
		if utf8.RuneCountInString(s) > MaxQuestionChars {
			return kiveileder.Errorf(kiveileder.CodeInvalid, "%s", d.texts.Get("error_long", language, MaxQuestionChars))
		}
	}
	if b, err := json.Marshal(t.Facts); err != nil || len(b) > maxFacts {
		return kiveileder.Errorf(kiveileder.CodeInvalid, "%s", d.texts.Get("error_json", language))
	}
	if strings.TrimSpace(t.Question) == "" {
		return kiveileder.Errorf(kiveileder.CodeInvalid, "%s", d.texts.Get("error_empty", language))
	}
	if len(t.History) > MaxHistory {
		t.History = t.History[len(t.History)-MaxHistory:]
	}
	return nil
}

// decide sets the answer's status and words from what was found.
func (d *Dialogue) decide(a *kiveileder.Answer, res retriever.Result, masked privacy.Result) {
	v := res.Verdict
	if d.signals.Crisis.MatchString(masked.Text) {
		a.Status, a.Lead = kiveileder.Declined, d.texts.Get("declined_self-harm-and-crisis", a.Language)
		return
	}
	switch v.Class {
	case retriever.Smalltalk:
		a.Status, a.Lead = kiveileder.Smalltalk, d.texts.Get(v.Intent, a.Language)
		return
	case retriever.Declined:
		a.Status, a.Lead = kiveileder.Declined, d.declined(v, a.Language)
		return
	case retriever.WantsPerson:
		a.Status, a.Lead = kiveileder.Escalate, d.texts.Get(v.Intent, a.Language)
		d.handOver(a, v)
		return
	case retriever.Underspecified:
		if len(d.purposesOf(a.Facts)) > 0 || d.aboutPerson(masked) {
			break // asked and answered, or a case: nothing to ask back
		}
		a.Status, a.Lead = kiveileder.Clarify, d.texts.Get("clarify", a.Language)
		a.Missing = []string{"purpose"}
		a.Ask = d.askPurpose(a.Language)
		d.cite(a, res.Hits, 2)
		d.handOver(a, v)
		return
	}
	if d.aboutPerson(masked) { // a case is not answered by a quote
		a.Status, a.Lead = kiveileder.Escalate, d.texts.Get("personal_case", a.Language)
		d.handOver(a, v)
		return
	}
	d.cite(a, res.Hits, kiveileder.MaxCitations)
	switch {
	case len(a.Citations) == 0:
		a.Status, a.Lead = kiveileder.Escalate, d.texts.Get("no_source", a.Language)
	case v.Class != retriever.Covered:
		a.Status, a.Lead = kiveileder.Escalate, d.texts.Get("uncertain", a.Language)
	case res.Hits[0].Passage.Open && !asksForQuestions.MatchString(masked.Text):
		a.Status, a.Lead = kiveileder.Escalate, d.texts.Get("open_question", a.Language)
	case saysUnclear(a.Citations[0].Quote):
		a.Status, a.Lead = kiveileder.Escalate, d.texts.Get("unclear_rules", a.Language)
	default:
		a.Status, a.Lead = kiveileder.Answered, d.texts.Get("answered", a.Language)
		if date := a.Citations[0].Date; len(date) >= 4 && yearsBetween(date, d.today()) >= 3 {
			a.Lead = d.texts.Get("answered_old", a.Language, date[:4])
		}
	}
	d.handOver(a, v)
}

func (d *Dialogue) declined(v retriever.Verdict, l kiveileder.Language) string {
	for _, key := range []string{"declined_" + v.Intent, "declined_" + v.Topic} {
		if d.texts.Has(key) {
			return d.texts.Get(key, l)
		}
	}
	return d.texts.Get("declined", l)
}

// handOver offers a person: always within reach, also under a sure answer.
func (d *Dialogue) handOver(a *kiveileder.Answer, v retriever.Verdict) {
	who := ""
	if a.Status == kiveileder.Escalate && len(v.Agencies) > 0 {
		who = d.texts.Get("hand_over_agencies", a.Language, strings.Join(v.Agencies, ", "))
	}
	a.HandOver = &kiveileder.HandOver{
		Text:  d.texts.Get("hand_over", a.Language, who),
		Email: Mailbox,
	}
	if a.Status == kiveileder.Escalate {
		a.HandOver.Topic, a.HandOver.Agencies = v.TopicTitle, v.Agencies
	}
}

func (d *Dialogue) askPurpose(l kiveileder.Language) *kiveileder.Ask {
	ask := &kiveileder.Ask{
		Fact:     "purpose",
		Question: d.texts.Get("ask_purpose", l),
		Why:      d.texts.Get("ask_purpose_why", l),
	}
	for _, p := range d.purposes {
		ask.Options = append(ask.Options, kiveileder.Option{Value: p.Value, Label: p.Label[l]})
	}
	return ask
}

// purposesOf gives the known purposes among the facts.
func (d *Dialogue) purposesOf(facts map[string]any) []corpus.Purpose {
	var values []string
	switch v := facts["purpose"].(type) {
	case string:
		values = []string{v}
	case []string:
		values = v
	case []any:
		for _, x := range v {
			if s, ok := x.(string); ok {
				values = append(values, s)
			}
		}
	}
	var out []corpus.Purpose
	for _, p := range d.purposes {
		if slices.Contains(values, p.Value) {
			out = append(out, p)
		}
	}
	return out
}

// purposeWords gives the words that the known purposes add to the search.
func (d *Dialogue) purposeWords(facts map[string]any) string {
	words := ""
	for _, p := range d.purposesOf(facts) {
		words += " " + p.Search
	}
	return words
}

// asksForQuestions tells that a message wants to know what is asked, and not
// the answer to it.
var asksForQuestions = regexp.MustCompile(`(?i)(spørsmål|spør|problemstilling|lurer|question|issue|asked)`)

// saysUnclear reports whether a quote itself says that the rules are unclear.
func saysUnclear(quote string) bool {
	q := strings.ToLower(quote)
	for _, s := range []string{"er uklart", "er uklare"} {
		if strings.Contains(q, s) {
			return true
		}
	}
	return false
}

// aboutPerson reports whether a message names a person as a case does: a birth
// number, a record's number, or a name beside a word that tells of a case. An
// address to reply to, or a name under a question, is none.
func (d *Dialogue) aboutPerson(m privacy.Result) bool {
	for _, k := range m.Kinds {
		switch k {
		case privacy.Email, privacy.Phone, privacy.Account, privacy.Address:
		case privacy.Name:
			if d.signals.Case.MatchString(m.Text) {
				return true
			}
		default:
			return true
		}
	}
	return false
}
