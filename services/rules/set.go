package rules

import (
	"slices"

	"cel.dev/cel-go/common/types/ref"

	"kiveileder"
)

// A Text is the same words in every language of the service.
type Text map[kiveileder.Language]string

// Get gives the text in a language, in bokmål when the language lacks it.
func (t Text) Get(lang kiveileder.Language) string {
	if s := t[lang]; s != "" {
		return s
	}
	return t[kiveileder.Bokmal]
}

// A Set is everything that corpus/rules holds, compiled.
type Set struct {
	Facts    []Fact    // in the order of facts.yaml
	Outcomes []Outcome // in the order of outcomes.yaml
	Agencies []Agency
	Modules  []Module // by folder
	Shared   Shared   // derived.yaml

	hash      string
	factIndex map[string]int
	outIndex  map[string]int
	condIndex map[string]int
	askRank   []int         // by fact: which is asked first
	pathRank  []int         // by outcome: which comes first on the path
	beatenBy  map[int][]int // by outcome
	marker    int           // the outcome that comes with every unclear one; -1 for none
	markCites []quoteRef    // its quotes
	open      []ref.Val     // by fact: its value while it is not given
	purpose   int           // index of the fact purpose; -1 when there is none
}

// A FactType says how many values a fact may have at a time.
type FactType string

const (
	Several FactType = "set"
	One     FactType = "one"
	YesNo   FactType = "bool"
)

// A Fact is one thing to know of a project.
type Fact struct {
	Key        string   `yaml:"fact"`
	Type       FactType `yaml:"type"`
	Label      Text     `yaml:"label"`
	Ask        Text     `yaml:"ask"`
	Why        Text     `yaml:"why"`
	NeverAsked bool     `yaml:"never_asked,omitempty"`
	Values     []Value  `yaml:"values,omitempty"`
	Replies    []Reply  `yaml:"replies,omitempty"`

	pos   at
	index map[string]int // of Values
}

// A Value is one that a fact may have.
type Value struct {
	Key   string `yaml:"value"`
	Label Text   `yaml:"label"`
	Note  Text   `yaml:"note,omitempty"`
}

// A Reply is a button under the question for a fact.
type Reply struct {
	Value any  `yaml:"value"` // as it comes in JSON: a string, a bool, a list
	Label Text `yaml:"label"`
}

// Kinds of outcomes.
const (
	Required    = "required"
	NotRequired = "not_required"
	Permitted   = "permitted"
	Consider    = "consider"
	Unclear     = "unclear"
)

// An Outcome is one thing that rules may say of a project.
type Outcome struct {
	Key        string   `yaml:"outcome"`
	Kind       string   `yaml:"kind"`
	Authority  []string `yaml:"authority,omitempty"` // keys of agencies
	Text       Text     `yaml:"text"`
	Prepare    Text     `yaml:"prepare,omitempty"`
	LegalBasis []string `yaml:"legal_basis,omitempty"`
	Step       int      `yaml:"step"`              // place on the path from doubts to use
	Decided    string   `yaml:"decided,omitempty"` // it stands while it is open who decides on this: Power.On
	Refers     bool     `yaml:"refers,omitempty"`  // it says no more than who knows, or that a matter lies outside
	Quotes     []Quote  `yaml:"quotes"`
	Inferred   bool     `yaml:"inferred,omitempty"`

	pos at
}

// quoteRef is a quote by its outcome's index and its own.
type quoteRef struct{ outcome, quote int }

// A Quote is what an outcome rests on, word for word in one passage.
type Quote struct {
	Source  string `yaml:"source" json:"source"`
	Passage string `yaml:"passage" json:"passage"`
	Text    string `yaml:"text" json:"text"`
}

// An Agency is who decides, supervises or advises.
type Agency struct {
	Key       string   `yaml:"agency"`
	Name      Text     `yaml:"name"`
	Short     string   `yaml:"short,omitempty"`
	Mention   Text     `yaml:"mention"` // its name inside a sentence
	Former    []Former `yaml:"former,omitempty"`
	Remit     Text     `yaml:"remit,omitempty"`
	Contact   Contact  `yaml:"contact,omitempty"`
	InService bool     `yaml:"in_service,omitempty"` // one of those behind ki.veiledning
	Decides   []Power  `yaml:"decides,omitempty"`

	pos at
}

// A Power is something that an agency decides on, and which outcome says that
// it does.
type Power struct {
	On      string `yaml:"on"`      // what is decided: dispensation, approval, trial
	Outcome string `yaml:"outcome"` // the Power is in question where this may follow
	Text    Text   `yaml:"text"`    // one sentence: who decides on what
}

// Powered is an agency with one of its powers.
type Powered struct {
	Agency Agency
	Power  Power
}

// A Former is a name that sources still use.
type Former struct {
	Name  string `yaml:"name"`
	Until string `yaml:"until,omitempty"`
}

// A Contact is how an agency is reached, as the sources give it.
type Contact struct {
	Email string `yaml:"email,omitempty"`
	URL   string `yaml:"url,omitempty"`
}

// Shared is what the modules have in common.
type Shared struct {
	Conditions []Condition `yaml:"conditions"`
	Beats      []Beat      `yaml:"beats"`
	Marker     Marker      `yaml:"marker"`
	AskOrder   []string    `yaml:"ask_order"` // which missing fact is asked first; others follow in the order of facts
}

// A Condition is an expression with a name; later ones and rules may use it.
type Condition struct {
	Name  string `yaml:"name"`
	Title Text   `yaml:"title"`
	When  Expr   `yaml:"when"`

	pos  at
	prog *program
}

// A Beat says that an outcome gives way when one of others is there.
type Beat struct {
	Outcome string   `yaml:"outcome"`
	By      []string `yaml:"by"`
}

// A Marker is the outcome that comes with every one of kind unclear.
type Marker struct {
	Outcome string   `yaml:"outcome"`
	Cites   []string `yaml:"cites,omitempty"`
}

// A Module is one folder of rules.
type Module struct {
	Name  string   `yaml:"module"`
	Title Text     `yaml:"title"`
	Each  string   `yaml:"each,omitempty"` // "purpose": judged once for every purpose of For that is given
	For   []string `yaml:"for,omitempty"`
	When  Expr     `yaml:"when,omitempty"` // holds for all its rules
	Rules []Rule   `yaml:"rules"`
	Cases []Case   `yaml:"-"`

	file string
	when *program // nil when there is no condition
}

// A Rule gives outcomes and questions when its condition is known to hold.
type Rule struct {
	ID       string   `yaml:"id"`
	Title    Text     `yaml:"title"`
	When     Expr     `yaml:"when"`
	Group    string   `yaml:"group,omitempty"` // at most one rule of a group holds at a time
	Outcomes []string `yaml:"outcomes,omitempty"`
	Ask      []string `yaml:"ask,omitempty"`
	Cites    []string `yaml:"cites,omitempty"` // quotes, "outcome.number" from 1; those of other outcomes come after the outcome's own
	Inferred bool     `yaml:"inferred,omitempty"`
	From     string   `yaml:"from,omitempty"` // ISO dates, both included
	To       string   `yaml:"to,omitempty"`
	Review   string   `yaml:"review"` // drafted, or confirmed by a lawyer
	Note     string   `yaml:"note,omitempty"`

	pos      at
	prog     *program
	outcomes []int              // indexes of Outcomes
	ask      []int              // indexes of Facts
	quotes   map[int][]quoteRef // by outcome, what it rests on
}

// in reports whether the rule is in force on an ISO date. Without a date the
// rules that have no end are.
func (r *Rule) in(date string) bool {
	if date == "" {
		return r.To == ""
	}
	return r.From <= date && (r.To == "" || date <= r.To)
}

// Hash identifies the rule set: the same files, the same hash.
func (s *Set) Hash() string { return s.hash }

// Fact gives the fact with the key.
func (s *Set) Fact(key string) (Fact, bool) {
	i, ok := s.factIndex[key]
	if !ok {
		return Fact{}, false
	}
	return s.Facts[i], true
}

// Outcome gives the outcome with the key.
func (s *Set) Outcome(key string) (Outcome, bool) {
	i, ok := s.outIndex[key]
	if !ok {
		return Outcome{}, false
	}
	return s.Outcomes[i], true
}

// Agency gives the agency with the key.
func (s *Set) Agency(key string) (Agency, bool) {
	i := slices.IndexFunc(s.Agencies, func(a Agency) bool { return a.Key == key })
	if i < 0 {
		return Agency{}, false
	}
	return s.Agencies[i], true
}

// Powers gives who decides on a matter.
func (s *Set) Powers(on string) (out []Powered) {
	for _, a := range s.Agencies {
		for _, p := range a.Decides {
			if p.On == on {
				out = append(out, Powered{a, p})
			}
		}
	}
	return out
}

// Rule gives the rule with the id and the name of its module.
func (s *Set) Rule(id string) (Rule, string, bool) {
	for _, m := range s.Modules {
		for _, r := range m.Rules {
			if r.ID == id {
				return r, m.Name, true
			}
		}
	}
	return Rule{}, "", false
}
