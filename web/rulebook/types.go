package rulebook

import "kiveileder"

// A Library names the sources that rules quote.
type Library interface {
	Source(id string) (kiveileder.Source, bool)
}

// A Book is a rule set in one language.
type Book struct {
	Lang           kiveileder.Language
	Hash           string // of the rule set
	Oldest, Newest string // ISO dates of the sources that are quoted
	Count          int    // of rules
	Confirmed      int    // by a lawyer
	Inferred       int    // from the sources
	Cases          int
	Topics         []Topic
	Named          []Named
}

// Reviewed reports whether a lawyer has confirmed every rule.
func (b Book) Reviewed() bool { return b.Confirmed == b.Count }

// A Topic is a module of rules.
type Topic struct {
	Name     string
	Title    string
	Purposes []string // that it is judged for, one at a time; none when it is judged once
	When     *Clause  // holds for all its rules; nil for always
	Deciding []string // the facts that its rules rest on
	Leads    []Lead   // what may follow, in the order of the path
	Rules    []Rule
	Cases    []Case
}

// A Lead is an outcome with the rules that lead to it.
type Lead struct {
	Kind  string
	Text  string
	Rules []string
}

// A Rule is one row of a topic's table.
type Rule struct {
	ID, Title  string
	When       Clause
	Outcomes   []Outcome
	Asks       []string // questions
	Inferred   bool
	Confirmed  bool
	From, To   string // ISO dates; empty without an end
	Note       string // in Norwegian
	Quotes     []Quote
	Cases      []CaseRef // of its topic first
	CasesCount int
}

// An Outcome is what a rule gives.
type Outcome struct {
	Kind, Text, Prepare string
	Authority           []string
	LegalBasis          []string
}

// A Quote is verbatim, with where it stands.
type Quote struct {
	Text, Title, Date, URL string
	Language               string
}

// A Case is an example that the rules hold. Its name is Norwegian.
type Case struct {
	ID       string // the place on the page
	Name     string
	Facts    []string
	Outcomes []Lead
	Asks     []string // names of facts
}

// A CaseRef leads to a case.
type CaseRef struct{ ID, Name string }

// A Named is a condition with a name.
type Named struct {
	Name, Title string
	When        Clause
}
