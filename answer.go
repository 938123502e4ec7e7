package kiveileder

// Status says what an answer is.
type Status string

const (
	Answered  Status = "answered"  // the sources or the rules settle it
	Clarify   Status = "clarify"   // it depends on a fact that is asked for
	Escalate  Status = "escalate"  // a person should look; what is nearest is quoted
	Declined  Status = "declined"  // not about artificial intelligence or health data regulation
	Smalltalk Status = "smalltalk" // a greeting, thanks, a question about the service
)

// An Answer is what a turn gives back. Everything that it says of the law is
// in Citations or Findings; Lead only says what follows.
type Answer struct {
	Conversation string         `json:"conversation"`
	Status       Status         `json:"status"`
	Language     Language       `json:"language"`
	Automated    bool           `json:"automated"` // always true here: no person wrote it
	Lead         string         `json:"lead"`
	Findings     []Finding      `json:"findings"`
	Citations    []Citation     `json:"citations"` // in order of relevance, at most MaxCitations
	Conflicts    []Conflict     `json:"conflicts"`
	Facts        map[string]any `json:"facts"`
	Read         []FactRead     `json:"facts_read,omitempty"`   // the same facts in words, for the person to correct
	Unknown      []string       `json:"unknown,omitempty"`      // facts that the person could not tell
	UnknownRead  []FactRead     `json:"unknown_read,omitempty"` // those in words
	Missing      []string       `json:"missing"`                // facts that would change the findings
	Ask          *Ask           `json:"ask,omitempty"`
	Asked        int            `json:"asked,omitempty"`     // questions back in a row, with this one
	Reply        bool           `json:"reply,omitempty"`     // the message was a reply, and Turn.Original is what is answered
	Ifs          *Ifs           `json:"ifs,omitempty"`       // what would follow, when a fact stays open
	HandOver     *HandOver      `json:"hand_over,omitempty"` // who a person's answer would come from
	Masked       []string       `json:"masked"`              // kinds of personal data that were taken out of the question
	Confidence   float64        `json:"confidence"`          // estimated probability that the first citations answer, 0 to 1; 0 without citations
	Versions     Versions       `json:"versions"`
	Notice       string         `json:"notice"` // that the answer is automatic and no decision
}

// Limits of an answer that other systems rely on.
const (
	MaxCitations  = 5
	MaxQuoteChars = 900
)

// A Finding is what a rule says of the project.
type Finding struct {
	Outcome    string     `json:"outcome"`
	Kind       string     `json:"kind"` // required, not_required, permitted, consider, unclear
	Text       string     `json:"text"`
	Prepare    string     `json:"prepare,omitempty"` // what to do next
	Authority  string     `json:"authority,omitempty"`
	LegalBasis []string   `json:"legal_basis,omitempty"`
	Rule       string     `json:"rule"`               // ids of the rules that say so, with commas
	Purposes   []string   `json:"purposes,omitempty"` // labels of the purposes that it holds for; none when it holds for all
	Inferred   bool       `json:"inferred,omitempty"` // the rule infers it from the sources; a lawyer should confirm it
	Citations  []int      `json:"citations"`          // indexes into Answer.Citations
	Quotes     []Citation `json:"quotes"`             // all that it rests on, word for word
}

// A FactRead is a fact in words.
type FactRead struct {
	Fact    string   `json:"fact"`
	Value   any      `json:"value"`
	Name    string   `json:"name"`            // of the fact
	Label   string   `json:"label"`           // of its value
	Words   string   `json:"words,omitempty"` // of the message that it was read from; none when it was told
	Options []Option `json:"options"`         // values to choose from
}

// Ifs tell what would follow from each value of a fact that is open.
type Ifs struct {
	Fact     string `json:"fact"`
	Question string `json:"question"`
	Cases    []If   `json:"cases"`
}

// An If is one value with the findings that it would add.
type If struct {
	Value    any       `json:"value"`
	Label    string    `json:"label"`
	Findings []Finding `json:"findings"`
}

// A Citation is a verbatim part of one source with where it stands.
type Citation struct {
	Source     string   `json:"source"`
	Passage    string   `json:"passage"`
	Title      string   `json:"title"`
	Publisher  string   `json:"publisher"` // as named at the time, several joined with commas; empty when unknown
	Date       string   `json:"date"`      // ISO date of the source's last change
	Section    []string `json:"section"`
	Restored   bool     `json:"section_restored,omitempty"` // the nearest heading is ours, the source lost it
	Lead       string   `json:"lead,omitempty"`             // lead-in of the list that the quote goes on with
	Quote      string   `json:"quote"`
	URL        string   `json:"url"`
	Superseded bool     `json:"superseded"`     // a newer source speaks of the same
	Note       string   `json:"note,omitempty"` // what to know when reading: age, renamed agencies
}

// A Conflict says that sources disagree.
type Conflict struct {
	Text      string `json:"text"`
	Citations []int  `json:"citations"`
}

// An Ask is the one question back, when a fact is missing.
type Ask struct {
	Fact     string   `json:"fact"`
	Question string   `json:"question"`
	Options  []Option `json:"options"`
	Why      string   `json:"why"`
}

// An Option is a quick reply: its value is sent as the fact's. UnknownValue
// says that the person does not know.
type Option struct {
	Value any    `json:"value"` // a string, a bool or a list of strings
	Label string `json:"label"`
}

// UnknownValue is the value of a fact that the person cannot tell.
const UnknownValue = "unknown"

// HandOver says how a person is reached and who is likely to know.
type HandOver struct {
	Topic    string   `json:"topic,omitempty"`    // what it seems to be about
	Agencies []string `json:"agencies,omitempty"` // who would know
	Text     string   `json:"text"`
	Email    string   `json:"email"`
}

// Versions say what the answer was made from, so that it can be made again.
type Versions struct {
	Corpus string `json:"corpus"`
	Rules  string `json:"rules"`
	Model  string `json:"model"`
	Build  string `json:"build,omitempty"`
}
