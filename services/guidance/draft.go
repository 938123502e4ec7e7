package guidance

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"kiveileder/services/rules"
)

// A Draft is the text of an answer, by question.
type Draft struct {
	Sections   []Section     `json:"sections,omitempty"`
	Quotes     []rules.Quote `json:"quotes,omitempty"` // word for word; checked before sign-off
	References []string      `json:"references,omitempty"`
}

// A Section answers one question.
type Section struct {
	Question string `json:"question,omitempty"`
	Text     string `json:"text"`
}

// Hash names the exact text: any change of it, however small, gives another.
func (d Draft) Hash() string {
	b, err := json.Marshal(d)
	if err != nil {
		panic(err) // it holds texts alone
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Empty reports whether it says nothing.
func (d Draft) Empty() bool {
	for _, s := range d.Sections {
		if strings.TrimSpace(s.Text) != "" {
			return false
		}
	}
	return true
}

// A Version is a draft as it was saved.
type Version struct {
	Number int       `json:"number"` // from 1
	Seq    int64     `json:"seq"`
	At     time.Time `json:"at"`
	By     Actor     `json:"by"`
	Hash   string    `json:"hash"`
	Draft  Draft     `json:"draft"`
}

// A SignOff is what one agency said of one text.
type SignOff struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	By      Actor     `json:"by"`
	Agency  string    `json:"agency"`
	Hash    string    `json:"hash"`
	Verdict Verdict   `json:"verdict"`
	Reason  string    `json:"reason,omitempty"`
}

// A Bypass lets a text out that not everybody signed.
type Bypass struct {
	Seq      int64     `json:"seq"`
	At       time.Time `json:"at"`
	By       Actor     `json:"by"`
	Hash     string    `json:"hash"`
	Agencies []string  `json:"agencies"` // whose sign-off is done without
	Reason   string    `json:"reason"`
}
