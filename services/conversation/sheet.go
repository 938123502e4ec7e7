package conversation

import (
	"reflect"
	"slices"
	"time"

	"kiveileder"
)

// A Sheet is what a conversation came to, made to be given to a data
// protection officer or a lawyer: what was asked, how the project was
// understood, what follows, and what is open. All of it is as the answer gave
// it; nothing is judged anew.
type Sheet struct {
	Language  kiveileder.Language   `json:"language"` // of the answer
	At        time.Time             `json:"at"`       // of the answer
	Questions []Asked               `json:"questions"`
	Status    kiveileder.Status     `json:"status"`
	Lead      string                `json:"lead"`
	Facts     []KnownFact           `json:"facts"`
	Path      []Step                `json:"path"`
	Open      Open                  `json:"open"`
	Conflicts []Disagreement        `json:"conflicts"`
	Quotes    []kiveileder.Citation `json:"quotes"` // of the answer, that stand nowhere else here
	HandOver  *kiveileder.HandOver  `json:"hand_over,omitempty"`
	Versions  kiveileder.Versions   `json:"versions"`
	Notice    string                `json:"notice"`
}

// Asked is a message that the answer is about, masked.
type Asked struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// A KnownFact is a fact in words.
type KnownFact struct {
	Fact  string `json:"fact"`
	Name  string `json:"name"`
	Label string `json:"label"`           // of its value, or that the person could not tell
	Told  bool   `json:"told"`            // by the person as such; else it was read from Words, or they could not tell
	Words string `json:"words,omitempty"` // masked
}

// A Step is a finding in its place.
type Step struct {
	Number     int                   `json:"number"`
	Outcome    string                `json:"outcome"`
	Kind       string                `json:"kind"`
	Text       string                `json:"text"`
	Prepare    string                `json:"prepare,omitempty"`
	Authority  string                `json:"authority,omitempty"`
	LegalBasis []string              `json:"legal_basis,omitempty"`
	Rule       string                `json:"rule"`
	Purposes   []string              `json:"purposes,omitempty"`
	Inferred   bool                  `json:"inferred,omitempty"`
	Quotes     []kiveileder.Citation `json:"quotes"`
}

// Open is what could still change the result.
type Open struct {
	Question string          `json:"question,omitempty"` // that the answer asked back
	Missing  []Missing       `json:"missing"`
	Ifs      *kiveileder.Ifs `json:"ifs,omitempty"`
}

// Missing is a fact that is not known.
type Missing struct {
	Fact string `json:"fact"`
	Name string `json:"name"`
}

// A Disagreement is a conflict between sources with what they say.
type Disagreement struct {
	Text   string                `json:"text"`
	Quotes []kiveileder.Citation `json:"quotes"`
}

// kinds are the parts of the path, in their order.
var kinds = []string{"required", "consider", "permitted", "not_required", "unclear"}

// NewSheet makes the sheet of a conversation's newest findings; ok is false
// when it has none. base is put before the addresses of quotes. name gives a
// fact's name in a language, and the empty string for one that it does not
// know; name may be nil.
func NewSheet(s kiveileder.Stream, base string, name func(fact string, l kiveileder.Language) string) (sheet Sheet, ok bool) {
	last := -1
	for i, e := range s.Entries {
		if e.Answer != nil && len(e.Answer.Findings) > 0 {
			last = i
		}
	}
	if last < 0 {
		return Sheet{}, false
	}
	e, a := s.Entries[last], s.Entries[last].Answer
	sheet = Sheet{
		Language: a.Language, At: e.At, Status: a.Status, Lead: a.Lead, HandOver: a.HandOver, Versions: a.Versions, Notice: a.Notice,
		Questions: asked(s.Entries, e), Facts: known(s.Entries[:last+1], a), Path: path(a.Findings, base),
		Open:      Open{Missing: []Missing{}, Ifs: linked(a.Ifs, base)},
		Conflicts: []Disagreement{}, Quotes: []kiveileder.Citation{},
	}
	if a.Ask != nil {
		sheet.Open.Question = a.Ask.Question
	}
	for _, f := range a.Missing {
		if name == nil {
			break
		}
		if n := name(f, a.Language); n != "" {
			sheet.Open.Missing = append(sheet.Open.Missing, Missing{f, n})
		}
	}
	shown := map[int]bool{}
	for _, c := range a.Conflicts {
		d := Disagreement{Text: c.Text, Quotes: []kiveileder.Citation{}}
		for _, i := range c.Citations {
			if i >= 0 && i < len(a.Citations) {
				d.Quotes = append(d.Quotes, at(a.Citations[i], base))
				shown[i] = true
			}
		}
		sheet.Conflicts = append(sheet.Conflicts, d)
	}
	for i, c := range a.Citations {
		if !shown[i] && !slices.ContainsFunc(a.Findings, func(f kiveileder.Finding) bool { return carries(f, i, c) }) {
			sheet.Quotes = append(sheet.Quotes, at(c, base))
		}
	}
	return sheet, true
}

// carries reports whether a finding shows a citation of its answer.
func carries(f kiveileder.Finding, i int, c kiveileder.Citation) bool {
	return slices.ContainsFunc(f.Quotes, func(q kiveileder.Citation) bool {
		return q.Passage == c.Passage && (q.Quote == c.Quote || slices.Contains(f.Citations, i))
	})
}

// asked gives the question that an answer is about and the replies to what was
// asked back meanwhile.
func asked(entries []kiveileder.Entry, answer kiveileder.Entry) []Asked {
	part := map[int64]bool{answer.Thread: true, answer.ReplyTo: true}
	for _, e := range entries {
		if e.Answer != nil && e.Thread == answer.Thread && e.Offset <= answer.Offset {
			part[e.ReplyTo] = true
		}
	}
	out := []Asked{}
	for _, e := range entries {
		if e.Answer == nil && part[e.Offset] && e.Text != "" {
			out = append(out, Asked{e.At, e.Text})
		}
	}
	return out
}

// known gives the facts of an answer. The words that a fact was read from are
// those of the message that brought it.
func known(entries []kiveileder.Entry, a *kiveileder.Answer) []KnownFact {
	out := []KnownFact{}
	for _, f := range a.Read {
		k := KnownFact{Fact: f.Fact, Name: f.Name, Label: f.Label, Words: f.Words}
		for _, e := range slices.Backward(entries) {
			if k.Words != "" || e.Answer == nil {
				continue
			}
			i := slices.IndexFunc(e.Answer.Read, func(x kiveileder.FactRead) bool { return x.Fact == f.Fact })
			if i < 0 || !reflect.DeepEqual(plain(e.Answer.Read[i].Value), plain(f.Value)) {
				break // before this it was another
			}
			k.Words = e.Answer.Read[i].Words
		}
		k.Told = k.Words == ""
		out = append(out, k)
	}
	for _, f := range a.UnknownRead {
		out = append(out, KnownFact{Fact: f.Fact, Name: f.Name, Label: f.Label})
	}
	return out
}

// plain gives a value in the form that it has after a store has read it back.
func plain(v any) any {
	list, ok := v.([]string)
	if !ok {
		return v
	}
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func path(findings []kiveileder.Finding, base string) []Step {
	list := slices.Clone(findings)
	place := func(f kiveileder.Finding) int { // a kind that is newer than this comes last
		if i := slices.Index(kinds, f.Kind); i >= 0 {
			return i
		}
		return len(kinds)
	}
	slices.SortStableFunc(list, func(a, b kiveileder.Finding) int { return place(a) - place(b) })
	out := make([]Step, len(list))
	for i, f := range list {
		out[i] = Step{
			Number: i + 1, Outcome: f.Outcome, Kind: f.Kind, Text: f.Text, Prepare: f.Prepare, Authority: f.Authority,
			LegalBasis: f.LegalBasis, Rule: f.Rule, Purposes: f.Purposes, Inferred: f.Inferred, Quotes: allAt(f.Quotes, base),
		}
	}
	return out
}

func allAt(list []kiveileder.Citation, base string) []kiveileder.Citation {
	out := make([]kiveileder.Citation, len(list))
	for i, c := range list {
		out[i] = at(c, base)
	}
	return out
}

func at(c kiveileder.Citation, base string) kiveileder.Citation {
	c.URL = base + c.URL
	return c
}

// linked gives ifs whose quotes lead back from anywhere.
func linked(x *kiveileder.Ifs, base string) *kiveileder.Ifs {
	if x == nil {
		return nil
	}
	out := &kiveileder.Ifs{Fact: x.Fact, Question: x.Question}
	for _, c := range x.Cases {
		c.Findings = slices.Clone(c.Findings)
		for i := range c.Findings {
			c.Findings[i].Quotes = allAt(c.Findings[i].Quotes, base)
		}
		out.Cases = append(out.Cases, c)
	}
	return out
}
