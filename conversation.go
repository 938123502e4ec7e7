package kiveileder

import "time"

// A Post is what somebody writes in a conversation.
type Post struct {
	ID       string         // given by the client; the same ID is the same message, however often it comes
	Question string         // as it was written; it is masked before it is stored
	History  []string       // earlier messages that the conversation does not know, oldest first
	Facts    map[string]any // what is known of the project besides; nil as a value forgets a fact
	Language Language       // that the answer shall have; found from the question when empty
	Prefers  Language       // of words about a message that can't be read, when Language says nothing
}

// An Entry is one thing in a conversation: a message when Answer is nil, else
// the answer to the message at ReplyTo.
type Entry struct {
	Offset int64     `json:"-"` // 1, 2, 3 … without gaps
	ID     string    `json:"-"` // of the message, also in its answer
	At     time.Time `json:"-"`

	Text     string         `json:"text,omitempty"`   // masked
	Masked   []string       `json:"masked,omitempty"` // kinds of personal data that were taken out
	History  []string       `json:"history,omitempty"`
	Facts    map[string]any `json:"facts,omitempty"`
	Language Language       `json:"language,omitempty"`

	ReplyTo int64   `json:"-"` // offset of the message that is answered; 0 for a message
	Thread  int64   `json:"-"` // offset of the message whose question is answered: ReplyTo, or an earlier one that was asked back about
	Answer  *Answer `json:"answer,omitempty"`
}

// A Stream is a conversation from some offset on.
type Stream struct {
	Epoch   string  // names the store: offsets of another epoch mean nothing
	Top     int64   // the newest offset there is; 0 for a conversation without entries
	Entries []Entry // in order, without gaps
	More    bool    // there are entries after these
}

// A Stage is what is being done for an answer.
type Stage string

// The stages of a turn, in their order.
const (
	Masking   Stage = "masking"
	Searching Stage = "searching"
	Rules     Stage = "rules"
)

// Limits of conversations.
const (
	MaxEntries = 1000                // of one conversation
	Retention  = 30 * 24 * time.Hour // after its last message a conversation is deleted
)
