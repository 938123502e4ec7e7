package queue

import (
	"context"
	"crypto/rand"
	"encoding/json"

	"kiveileder"
	"kiveileder/internal/rpc"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
)

// A call is what goes over: each has its own of the fields. Every call may be
// repeated: hand-overs and commands are known by their ids, the rest reads or
// puts one thing in the place of another.
type call struct {
	Key       string              `json:"key,omitempty"`
	Case      string              `json:"case,omitempty"`
	Who       guidance.Actor      `json:"who,omitzero"`
	Language  kiveileder.Language `json:"language,omitempty"`
	HandOver  *handOver           `json:"hand_over,omitempty"`
	Command   *command            `json:"command,omitempty"`
	Query     *DeskQuery          `json:"query,omitempty"`
	Answers   *AnswersQuery       `json:"answers,omitempty"`
	Text      string              `json:"text,omitempty"` // a format, a reason, a prefix, a name, words, an address
	Agencies  []string            `json:"agencies,omitempty"`
	Value     json.RawMessage     `json:"value,omitempty"`
	Seen      bool                `json:"seen,omitempty"`
	Before    int64               `json:"before,omitempty"`
	Raw       []byte              `json:"raw,omitempty"`
	Signature string              `json:"signature,omitempty"`
}

type handOver struct {
	HandOver
	Conversation string `json:"conversation,omitempty"`
}

type command struct {
	ID    string          `json:"id"`
	Actor guidance.Actor  `json:"actor"`
	Kind  guidance.Kind   `json:"kind"`
	Data  json.RawMessage `json:"data,omitempty"`
	Seen  int64           `json:"seen"`
}

func (c *command) near() guidance.Command {
	out := guidance.Command{ID: c.ID, Actor: c.Actor, Kind: c.Kind, Seen: c.Seen}
	if len(c.Data) > 0 {
		out.Data = c.Data
	}
	return out
}

func far(c guidance.Command) (*command, error) {
	out := &command{ID: c.ID, Actor: c.Actor, Kind: c.Kind, Seen: c.Seen}
	if out.ID == "" { // a call that is repeated must be the same command
		out.ID = rand.Text()
	}
	if c.Data == nil {
		return out, nil
	}
	var err error
	out.Data, err = json.Marshal(c.Data)
	return out, err
}

type nothing struct{}

// Names of the calls.
const (
	callForm      = "queue-form"
	callHandOver  = "queue-hand-over"
	callMine      = "queue-mine"
	callTell      = "queue-tell"
	callDesk      = "queue-desk"
	callList      = "queue-list"
	callFind      = "queue-find"
	callAbout     = "queue-about"
	callCase      = "queue-case"
	callEarlier   = "queue-earlier"
	callDo        = "queue-do"
	callBeat      = "queue-beat"
	callContact   = "queue-contact"
	callSimilar   = "queue-similar"
	callProposal  = "queue-proposal"
	callExport    = "queue-export"
	callReassign  = "queue-reassign"
	callAnonymise = "queue-anonymise"
	callKept      = "queue-kept"
	callKeep      = "queue-keep"
	callDead      = "queue-dead-mails"
	callAgain     = "queue-again"
	callInbound   = "queue-inbound"
	callAnswers   = "queue-answers-page"
	callAnswer    = "queue-answer"
)

// Handle lets a server answer for a queue.
func Handle(s *rpc.Server, q Calls) {
	rpc.Handle(s, callForm, func(ctx context.Context, in call) (Form, error) { return q.Form(ctx, in.Key, in.Language) })
	rpc.Handle(s, callHandOver, func(ctx context.Context, in call) (AskerCase, error) {
		if in.HandOver == nil {
			return AskerCase{}, errHandOverID
		}
		h := in.HandOver.HandOver
		h.Conversation = in.HandOver.Conversation
		return q.HandOver(ctx, in.Key, h)
	})
	rpc.Handle(s, callMine, func(ctx context.Context, in call) ([]AskerCase, error) { return q.Mine(ctx, in.Key) })
	rpc.Handle(s, callTell, func(ctx context.Context, in call) (AskerResult, error) {
		if in.Command == nil {
			return AskerResult{}, errHandOverID
		}
		return q.Tell(ctx, in.Key, in.Case, in.Command.near())
	})
	rpc.Handle(s, callDesk, func(ctx context.Context, _ call) (Desk, error) { return q.Desk(ctx) })
	rpc.Handle(s, callList, func(ctx context.Context, in call) (DeskPage, error) {
		var w DeskQuery
		if in.Query != nil {
			w = *in.Query
		}
		return q.List(ctx, in.Who, w)
	})
	rpc.Handle(s, callFind, func(ctx context.Context, in call) (Found, error) { return q.Find(ctx, in.Who, in.Text) })
	rpc.Handle(s, callAbout, func(ctx context.Context, in call) (About, error) { return q.About(ctx, in.Case) })
	rpc.Handle(s, callCase, func(ctx context.Context, in call) (DeskCase, error) { return q.Case(ctx, in.Who, in.Case, in.Seen) })
	rpc.Handle(s, callEarlier, func(ctx context.Context, in call) (DeskPast, error) {
		return q.Earlier(ctx, in.Who, in.Case, in.Before)
	})
	rpc.Handle(s, callDo, func(ctx context.Context, in call) (DeskResult, error) {
		if in.Command == nil {
			return DeskResult{}, errHandOverID
		}
		// who asked may go away: what was begun is told to all others
		return q.Do(context.WithoutCancel(ctx), in.Case, in.Command.near())
	})
	rpc.Handle(s, callBeat, func(ctx context.Context, in call) (BeatResult, error) { return q.Beat(ctx, in.Who, in.Case) })
	rpc.Handle(s, callContact, func(ctx context.Context, in call) (guidance.Contact, error) { return q.Contact(ctx, in.Who, in.Case) })
	rpc.Handle(s, callSimilar, func(ctx context.Context, in call) (Similar, error) { return q.Similar(ctx, in.Who, in.Case) })
	rpc.Handle(s, callProposal, func(ctx context.Context, in call) (Proposal, error) { return q.Proposal(ctx, in.Who, in.Case) })
	rpc.Handle(s, callExport, func(ctx context.Context, in call) (File, error) {
		return q.Export(ctx, in.Who, in.Case, in.Text, in.Language)
	})
	rpc.Handle(s, callReassign, func(ctx context.Context, in call) (DeskResult, error) {
		return q.Reassign(context.WithoutCancel(ctx), in.Who, in.Case, in.Agencies, in.Text)
	})
	rpc.Handle(s, callAnonymise, func(ctx context.Context, in call) (nothing, error) {
		return nothing{}, q.Anonymise(ctx, in.Who, in.Case, in.Text)
	})
	rpc.Handle(s, callKept, func(ctx context.Context, in call) (map[string]json.RawMessage, error) {
		return q.Kept(ctx, in.Who.ID, in.Text)
	})
	rpc.Handle(s, callKeep, func(ctx context.Context, in call) (nothing, error) {
		return nothing{}, q.Keep(ctx, in.Who.ID, in.Text, in.Value)
	})
	rpc.Handle(s, callDead, func(ctx context.Context, _ call) ([]guidance.Mail, error) { return q.DeadMails(ctx) })
	rpc.Handle(s, callAgain, func(ctx context.Context, in call) (nothing, error) { return nothing{}, q.Again(ctx, in.Text) })
	rpc.Handle(s, callInbound, func(ctx context.Context, in call) (nothing, error) {
		return nothing{}, q.Inbound(ctx, in.Signature, in.Raw)
	})
	rpc.Handle(s, callAnswers, func(ctx context.Context, in call) (AnswersPage, error) {
		var w AnswersQuery
		if in.Answers != nil {
			w = *in.Answers
		}
		return q.Answers(ctx, w)
	})
	rpc.Handle(s, callAnswer, func(ctx context.Context, in call) (register.Entry, error) { return q.Answer(ctx, in.Text) })
}

// A Client is the queue from far.
type Client struct{ rpc *rpc.Client }

var _ Calls = (*Client)(nil)

// NewClient gives the queue that a client reaches.
func NewClient(c *rpc.Client) *Client { return &Client{c} }

func send[T any](ctx context.Context, c *Client, name string, in call) (T, error) {
	return rpc.Call[call, T](ctx, c.rpc, name, in)
}

// Form implements Calls.
func (c *Client) Form(ctx context.Context, key string, l kiveileder.Language) (Form, error) {
	return send[Form](ctx, c, callForm, call{Key: key, Language: l})
}

// HandOver implements Calls.
func (c *Client) HandOver(ctx context.Context, key string, h HandOver) (AskerCase, error) {
	return send[AskerCase](ctx, c, callHandOver, call{Key: key, HandOver: &handOver{h, h.Conversation}})
}

// Mine implements Calls.
func (c *Client) Mine(ctx context.Context, key string) ([]AskerCase, error) {
	return send[[]AskerCase](ctx, c, callMine, call{Key: key})
}

// Tell implements Calls.
func (c *Client) Tell(ctx context.Context, key, id string, cmd guidance.Command) (AskerResult, error) {
	over, err := far(cmd)
	if err != nil {
		return AskerResult{}, err
	}
	return send[AskerResult](ctx, c, callTell, call{Key: key, Case: id, Command: over})
}

// Desk implements Calls.
func (c *Client) Desk(ctx context.Context) (Desk, error) { return send[Desk](ctx, c, callDesk, call{}) }

// List implements Calls.
func (c *Client) List(ctx context.Context, who guidance.Actor, w DeskQuery) (DeskPage, error) {
	return send[DeskPage](ctx, c, callList, call{Who: who, Query: &w})
}

// Find implements Calls.
func (c *Client) Find(ctx context.Context, who guidance.Actor, email string) (Found, error) {
	return send[Found](ctx, c, callFind, call{Who: who, Text: email})
}

// About implements Calls.
func (c *Client) About(ctx context.Context, id string) (About, error) {
	return send[About](ctx, c, callAbout, call{Case: id})
}

// Case implements Calls.
func (c *Client) Case(ctx context.Context, who guidance.Actor, id string, seen bool) (DeskCase, error) {
	return send[DeskCase](ctx, c, callCase, call{Who: who, Case: id, Seen: seen})
}

// Earlier implements Calls.
func (c *Client) Earlier(ctx context.Context, who guidance.Actor, id string, before int64) (DeskPast, error) {
	return send[DeskPast](ctx, c, callEarlier, call{Who: who, Case: id, Before: before})
}

// Do implements Calls.
func (c *Client) Do(ctx context.Context, id string, cmd guidance.Command) (DeskResult, error) {
	over, err := far(cmd)
	if err != nil {
		return DeskResult{}, err
	}
	return send[DeskResult](ctx, c, callDo, call{Case: id, Command: over})
}

// Beat implements Calls.
func (c *Client) Beat(ctx context.Context, who guidance.Actor, id string) (BeatResult, error) {
	return send[BeatResult](ctx, c, callBeat, call{Who: who, Case: id})
}

// Contact implements Calls.
func (c *Client) Contact(ctx context.Context, who guidance.Actor, id string) (guidance.Contact, error) {
	return send[guidance.Contact](ctx, c, callContact, call{Who: who, Case: id})
}

// Similar implements Calls.
func (c *Client) Similar(ctx context.Context, who guidance.Actor, id string) (Similar, error) {
	return send[Similar](ctx, c, callSimilar, call{Who: who, Case: id})
}

// Proposal implements Calls.
func (c *Client) Proposal(ctx context.Context, who guidance.Actor, id string) (Proposal, error) {
	return send[Proposal](ctx, c, callProposal, call{Who: who, Case: id})
}

// Export implements Calls.
func (c *Client) Export(ctx context.Context, who guidance.Actor, id, format string, l kiveileder.Language) (File, error) {
	return send[File](ctx, c, callExport, call{Who: who, Case: id, Text: format, Language: l})
}

// Reassign implements Calls.
func (c *Client) Reassign(ctx context.Context, who guidance.Actor, id string, agencies []string, reason string) (DeskResult, error) {
	return send[DeskResult](ctx, c, callReassign, call{Who: who, Case: id, Agencies: agencies, Text: reason})
}

// Anonymise implements Calls.
func (c *Client) Anonymise(ctx context.Context, who guidance.Actor, id, reason string) error {
	_, err := send[nothing](ctx, c, callAnonymise, call{Who: who, Case: id, Text: reason})
	return err
}

// Kept implements Calls.
func (c *Client) Kept(ctx context.Context, person, prefix string) (map[string]json.RawMessage, error) {
	return send[map[string]json.RawMessage](ctx, c, callKept, call{Who: guidance.Actor{ID: person}, Text: prefix})
}

// Keep implements Calls.
func (c *Client) Keep(ctx context.Context, person, key string, value json.RawMessage) error {
	_, err := send[nothing](ctx, c, callKeep, call{Who: guidance.Actor{ID: person}, Text: key, Value: value})
	return err
}

// DeadMails implements Calls.
func (c *Client) DeadMails(ctx context.Context) ([]guidance.Mail, error) {
	return send[[]guidance.Mail](ctx, c, callDead, call{})
}

// Again implements Calls.
func (c *Client) Again(ctx context.Context, mail string) error {
	_, err := send[nothing](ctx, c, callAgain, call{Text: mail})
	return err
}

// Inbound implements Calls.
func (c *Client) Inbound(ctx context.Context, signature string, raw []byte) error {
	_, err := send[nothing](ctx, c, callInbound, call{Signature: signature, Raw: raw})
	return err
}

// Answers implements Calls.
func (c *Client) Answers(ctx context.Context, w AnswersQuery) (AnswersPage, error) {
	return send[AnswersPage](ctx, c, callAnswers, call{Answers: &w})
}

// Answer implements Calls.
func (c *Client) Answer(ctx context.Context, number string) (register.Entry, error) {
	return send[register.Entry](ctx, c, callAnswer, call{Text: number})
}
