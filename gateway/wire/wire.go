// Package wire is what the gateway and its clients say to each other, as
// docs/protocol.md describes it: the frames, the limits that they keep, and
// the codes that a connection is closed with.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"kiveileder"
)

// Subprotocol is the name and version of what is spoken.
const Subprotocol = "kiveileder.v1"

// Types of frames from the client.
const (
	TypeOpen        = "open"
	TypeAsk         = "ask"
	TypeLeave       = "leave"
	TypePing        = "ping"
	TypeHandOver    = "hand_over"
	TypeCaseCommand = "case_command"
)

// Types of frames from the service.
const (
	TypeHello    = "hello"
	TypeOpened   = "opened"
	TypeMessage  = "message"
	TypeAnswer   = "answer"
	TypeProgress = "progress"
	TypeError    = "error"
	TypePong     = "pong"
	TypeGone     = "gone"
	TypeCase     = "case"
)

// A Position is how far a client has come in a conversation.
type Position struct {
	Epoch  string `json:"epoch"`
	Offset int64  `json:"offset"`
}

// A Request is a frame from the client; what its type does not have is zero.
type Request struct {
	Type         string
	ID           string
	Conversation string
	Position     *Position
	Question     string
	Facts        map[string]any
	Language     kiveileder.Language
	HandOver     *HandOver
	Command      *CaseCommand
}

// The client's frames as they stand on the wire.
type (
	// Open asks for a conversation, a new one when none is named.
	Open struct {
		Type         string    `json:"type"`
		ID           string    `json:"id"`
		Conversation string    `json:"conversation,omitempty"`
		Position     *Position `json:"position,omitempty"`
	}
	// Ask writes a message.
	Ask struct {
		Type         string              `json:"type"`
		ID           string              `json:"id"`
		Conversation string              `json:"conversation,omitempty"`
		Question     string              `json:"question"`
		Facts        map[string]any      `json:"facts,omitempty"`
		Language     kiveileder.Language `json:"language,omitempty"`
	}
	// Leave ends what Open began.
	Leave struct {
		Type         string `json:"type"`
		ID           string `json:"id"`
		Conversation string `json:"conversation"`
	}
	// Ping asks for a pong.
	Ping struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	}
	// HandOver gives what a conversation did not answer to the lawyers.
	HandOver struct {
		Type         string              `json:"type"`
		ID           string              `json:"id"`
		Conversation string              `json:"conversation"`
		Question     string              `json:"question"`
		Project      string              `json:"project,omitempty"`
		Agency       string              `json:"agency,omitempty"`
		Contact      *Contact            `json:"contact,omitempty"`
		Publish      bool                `json:"publish,omitempty"`
		Language     kiveileder.Language `json:"language,omitempty"`
	}
	// CaseCommand is what an asker does with a case of a conversation.
	CaseCommand struct {
		Type         string          `json:"type"`
		ID           string          `json:"id"`
		Conversation string          `json:"conversation"`
		Case         string          `json:"case"`
		Kind         string          `json:"kind"`
		Data         json.RawMessage `json:"data,omitempty"`
		Seen         int64           `json:"seen,omitempty"`
	}
)

// A Contact is how somebody who hands over can be reached. All of it may be
// left out.
type Contact struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
}

// GoodID reports whether an id may name a frame.
func GoodID(id string) bool { return goodID.MatchString(id) }

var goodID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// A Broken error says what is wrong with a frame, in words for a programmer.
// ID is the frame's, when it could be read.
type Broken struct {
	ID  string
	Err error
}

func (b *Broken) Error() string { return b.Err.Error() }
func (b *Broken) Unwrap() error { return b.Err }

// Decode reads a client's frame. The error is a *Broken: not JSON, an unknown
// type, a field that the type does not have, no id.
func Decode(b []byte) (Request, error) {
	var head struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return Request{}, &Broken{Err: fmt.Errorf("no JSON object: %w", err)}
	}
	if !goodID.MatchString(head.ID) {
		return Request{}, &Broken{Err: errors.New("id: 1 to 64 of letters, digits and . _ - expected")}
	}
	r, err := decode(head.Type, b)
	if err != nil {
		return Request{}, &Broken{ID: head.ID, Err: err}
	}
	return r, nil
}

func decode(kind string, b []byte) (Request, error) {
	switch kind {
	case TypeOpen:
		var f Open
		err := strict(b, &f)
		if err == nil && f.Position != nil && (f.Position.Offset < 0 || f.Conversation == "") {
			err = errors.New("position: an offset of 0 or more, of a conversation, expected")
		}
		return Request{Type: kind, ID: f.ID, Conversation: f.Conversation, Position: f.Position}, err
	case TypeAsk:
		var f Ask
		err := strict(b, &f)
		return Request{Type: kind, ID: f.ID, Conversation: f.Conversation, Question: f.Question, Facts: f.Facts, Language: f.Language}, err
	case TypeLeave:
		var f Leave
		err := strict(b, &f)
		return Request{Type: kind, ID: f.ID, Conversation: f.Conversation}, err
	case TypePing:
		var f Ping
		err := strict(b, &f)
		return Request{Type: kind, ID: f.ID}, err
	case TypeHandOver:
		var f HandOver
		err := strict(b, &f)
		if err == nil && f.Conversation == "" {
			err = errNoConversation
		}
		return Request{Type: kind, ID: f.ID, Conversation: f.Conversation, HandOver: &f}, err
	case TypeCaseCommand:
		var f CaseCommand
		err := strict(b, &f)
		switch {
		case err != nil:
		case f.Conversation == "":
			err = errNoConversation
		case f.Case == "" || f.Seen < 0:
			err = errors.New("case: the id of a case, and seen: 0 or more, expected")
		case f.Data != nil:
			var b bytes.Buffer
			err = json.Compact(&b, f.Data)
			f.Data = b.Bytes()
		}
		return Request{Type: kind, ID: f.ID, Conversation: f.Conversation, Command: &f}, err
	}
	return Request{}, fmt.Errorf("unknown type %.20q", kind)
}

var errNoConversation = errors.New("conversation: the id of a conversation expected")

// strict reads one JSON object that has no fields but v's.
func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}

// The service's frames.
type (
	// Hello comes first on every connection.
	Hello struct {
		Type     string              `json:"type"`
		Protocol string              `json:"protocol"`
		Session  string              `json:"session"` // names the connection in the service's log
		Time     time.Time           `json:"time"`
		Limits   Limits              `json:"limits"`
		Versions kiveileder.Versions `json:"versions"`
	}
	// Opened answers Open.
	Opened struct {
		Type         string `json:"type"`
		ID           string `json:"id,omitempty"`
		Conversation string `json:"conversation"`
		Epoch        string `json:"epoch"`
		Offset       int64  `json:"offset"` // the newest there is
		Recovered    bool   `json:"recovered"`
		Missed       int    `json:"missed"` // entries that follow
	}
	// Message is an entry: what somebody wrote, as it is stored.
	Message struct {
		Type         string         `json:"type"`
		Conversation string         `json:"conversation"`
		Offset       int64          `json:"offset"`
		ID           string         `json:"id"`
		At           time.Time      `json:"at"`
		Text         string         `json:"text"`
		Masked       []string       `json:"masked"`
		Facts        map[string]any `json:"facts,omitempty"`
	}
	// Answer is an entry: the answer to a message.
	Answer struct {
		Type         string             `json:"type"`
		Conversation string             `json:"conversation"`
		Offset       int64              `json:"offset"`
		ID           string             `json:"id"`
		ReplyTo      int64              `json:"reply_to"`
		At           time.Time          `json:"at"`
		Answer       *kiveileder.Answer `json:"answer"`
	}
	// Progress tells what is being done for a message.
	Progress struct {
		Type         string           `json:"type"`
		Conversation string           `json:"conversation"`
		ID           string           `json:"id"`
		Stage        kiveileder.Stage `json:"stage"`
	}
	// Error says that a frame was refused or failed.
	Error struct {
		Type         string          `json:"type"`
		ID           string          `json:"id,omitempty"`
		Conversation string          `json:"conversation,omitempty"`
		Code         kiveileder.Code `json:"code"`
		Message      string          `json:"message"`
		RetryAfter   int             `json:"retry_after,omitempty"` // seconds
	}
	// Pong answers Ping.
	Pong struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	}
	// Gone says that a conversation was deleted.
	Gone struct {
		Type         string `json:"type"`
		Conversation string `json:"conversation"`
	}
	// Case is how a case stands, as its asker sees it. It is no entry: of
	// several the one with the highest seq counts.
	Case struct {
		Type         string `json:"type"`
		Conversation string `json:"conversation"`
		ID           string `json:"id,omitempty"` // of the frame that it answers
		Case         any    `json:"case"`         // a queue.AskerCase
	}
)

// Limits are what a client may do; they hold for one connection when they do
// not say otherwise.
type Limits struct {
	FrameBytes    int `json:"frame_bytes"`
	QuestionChars int `json:"question_chars"`
	PerMinute     int `json:"questions_per_minute"` // of one client; 0 is no limit
	Conversations int `json:"conversations"`        // open at once
	Messages      int `json:"messages"`             // messages and answers of one conversation
	InFlight      int `json:"in_flight"`            // messages that wait for an answer
	Recovery      int `json:"recovery"`             // entries sent to a client that comes back
	IdleSeconds   int `json:"idle_seconds"`         // without a frame
	TotalSeconds  int `json:"total_seconds"`
	PingSeconds   int `json:"ping_seconds"`
	RetentionDays int `json:"retention_days"`
	CaseChars     int `json:"case_chars,omitempty"` // of one text to the lawyers; none when nobody takes cases here
}

// EntryFrame gives the frame of an entry of a conversation.
func EntryFrame(conversation string, e kiveileder.Entry) any {
	if e.Answer == nil {
		masked := e.Masked
		if masked == nil {
			masked = []string{}
		}
		return Message{TypeMessage, conversation, e.Offset, e.ID, e.At, e.Text, masked, e.Facts}
	}
	a := *e.Answer
	a.Conversation = conversation
	return Answer{TypeAnswer, conversation, e.Offset, e.ID, e.ReplyTo, e.At, &a}
}

// Encode writes a frame.
func Encode(frame any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(frame); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
