package kiveileder

// Language is the language of a question and of the words around an answer.
// Quotes stay in the language of their source.
type Language string

const (
	Bokmal  Language = "nb"
	Nynorsk Language = "nn"
	English Language = "en"
)

// Languages are those that the service speaks.
var Languages = []Language{Bokmal, Nynorsk, English}

// A Turn is one message of a person to the service, with what came before it.
type Turn struct {
	Question     string         `json:"question"`
	History      []string       `json:"history,omitempty"`      // earlier messages of the same person, oldest first
	Facts        map[string]any `json:"facts,omitempty"`        // what is told of the project with this message, by fact name; it wins over what is read, and nil forgets
	Known        map[string]any `json:"known,omitempty"`        // facts from before; what Question says takes their place. Nil: they are read from History
	Unknown      []string       `json:"unknown,omitempty"`      // facts that the person could not tell: they are not asked for again
	Original     string         `json:"original,omitempty"`     // the question that the last answer was about
	Awaited      string         `json:"awaited,omitempty"`      // the fact that it asked for; a message that gives it is taken as the reply
	Asked        int            `json:"asked,omitempty"`        // questions back in a row before this message
	Conversation string         `json:"conversation,omitempty"` // id; a new one is given when it is empty
	Language     Language       `json:"language,omitempty"`     // of the answer; found from the question when empty
	Masked       []string       `json:"masked,omitempty"`       // kinds of personal data that were taken out of Question before it came here
	Prefers      Language       `json:"-"`                      // of words about a message that can't be read, when Language says nothing
}

// A BankQuestion is a question that a passage answers, as people ask it. The
// bank of them is what the search learns from.
type BankQuestion struct {
	Passage string   `json:"passage"` // Passage.ID
	Text    string   `json:"text"`
	Lang    Language `json:"lang"`
	Style   string   `json:"style"` // formal, everyday, keywords, situation, nynorsk, english
}

// Negative is a message that the sources do not answer: in the field
// (Unanswered) or outside it.
type Negative struct {
	Topic string   `json:"topic"`
	Text  string   `json:"text"`
	Lang  Language `json:"lang"`
}

// A Topic names a group of negatives and, in the field, who would know.
type Topic struct {
	Key    string   `json:"key"`
	Title  string   `json:"title"`
	Agency []string `json:"agency,omitempty"`
	Near   bool     `json:"near,omitempty"` // outside the field, but with words of the field
}
