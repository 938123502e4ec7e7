// Package services is the door of the role that answers: Server lets other
// processes call what it holds, and Client is the same from far. Both sides
// have the same methods, so that the gateway does not know which it speaks
// with.
package services

import (
	"context"
	"time"

	"kiveileder"
	"kiveileder/internal/rpc"
	"kiveileder/retriever"
	"kiveileder/services/dialogue"
)

// Conversations hold what is said. *conversation.Service does.
type Conversations interface {
	Accept(ctx context.Context, key string, p kiveileder.Post) (kiveileder.Entry, *kiveileder.Entry, error)
	Answer(ctx context.Context, key string, offset int64) (kiveileder.Entry, error)
	Read(ctx context.Context, key string, after int64, limit int) (kiveileder.Stream, error)
	Delete(ctx context.Context, key string) error
}

// Rules judge facts.
type Rules interface {
	Evaluate(ctx context.Context, facts map[string]any, asOf time.Time, l kiveileder.Language) (dialogue.Evaluation, error)
}

// A Role is all that the role answers.
type Role interface {
	Conversations
	Rules
	retriever.Searcher
}

// The calls, by name. Each may be repeated: a message is known by its ID, an
// answer is made once, the rest reads or deletes.
const (
	callAccept   = "accept"
	callAnswer   = "answer"
	callRead     = "read"
	callDelete   = "delete"
	callEvaluate = "evaluate"
)

// A place is where in a conversation a call is about.
type place struct {
	Key    string `json:"key"`
	Offset int64  `json:"offset,omitempty"`
	Limit  int    `json:"limit,omitempty"`
}

type post struct {
	Key  string          `json:"key"`
	Post kiveileder.Post `json:"post"`
}

type accepted struct {
	Message kiveileder.Record  `json:"message"`
	Answer  *kiveileder.Record `json:"answer,omitempty"`
}

type stream struct {
	Epoch   string              `json:"epoch"`
	Top     int64               `json:"top"`
	Entries []kiveileder.Record `json:"entries"`
	More    bool                `json:"more"`
}

type evaluation struct {
	Facts    map[string]any      `json:"facts"`
	AsOf     time.Time           `json:"as_of"`
	Language kiveileder.Language `json:"language"`
}

type nothing struct{}

// Handle lets a server answer for a role.
func Handle(s *rpc.Server, r Role) {
	rpc.Handle(s, callAccept, func(ctx context.Context, in post) (out accepted, err error) {
		m, a, err := r.Accept(ctx, in.Key, in.Post)
		return accepted{kiveileder.Record(m), (*kiveileder.Record)(a)}, err
	})
	rpc.Handle(s, callAnswer, func(ctx context.Context, in place) (kiveileder.Record, error) {
		// who asked may go away: an answer that was begun is finished
		e, err := r.Answer(context.WithoutCancel(ctx), in.Key, in.Offset)
		return kiveileder.Record(e), err
	})
	rpc.Handle(s, callRead, func(ctx context.Context, in place) (stream, error) {
		x, err := r.Read(ctx, in.Key, in.Offset, in.Limit)
		out := stream{Epoch: x.Epoch, Top: x.Top, More: x.More}
		for _, e := range x.Entries {
			out.Entries = append(out.Entries, kiveileder.Record(e))
		}
		return out, err
	})
	rpc.Handle(s, callDelete, func(ctx context.Context, in place) (nothing, error) {
		return nothing{}, r.Delete(ctx, in.Key)
	})
	rpc.Handle(s, callEvaluate, func(ctx context.Context, in evaluation) (dialogue.Evaluation, error) {
		return r.Evaluate(ctx, in.Facts, in.AsOf, in.Language)
	})
	retriever.Handle(s, r)
}

// A Client is the role from far.
type Client struct {
	rpc *rpc.Client
	retriever.Searcher
}

// NewClient gives the role that a client reaches.
func NewClient(c *rpc.Client) *Client { return &Client{c, retriever.NewClient(c)} }

var _ Role = (*Client)(nil)

// Accept implements Conversations.
func (c *Client) Accept(ctx context.Context, key string, p kiveileder.Post) (kiveileder.Entry, *kiveileder.Entry, error) {
	out, err := rpc.Call[post, accepted](ctx, c.rpc, callAccept, post{key, p})
	return kiveileder.Entry(out.Message), (*kiveileder.Entry)(out.Answer), err
}

// Answer implements Conversations.
func (c *Client) Answer(ctx context.Context, key string, offset int64) (kiveileder.Entry, error) {
	out, err := rpc.Call[place, kiveileder.Record](ctx, c.rpc, callAnswer, place{Key: key, Offset: offset})
	return kiveileder.Entry(out), err
}

// Read implements Conversations.
func (c *Client) Read(ctx context.Context, key string, after int64, limit int) (kiveileder.Stream, error) {
	x, err := rpc.Call[place, stream](ctx, c.rpc, callRead, place{key, after, limit})
	out := kiveileder.Stream{Epoch: x.Epoch, Top: x.Top, More: x.More}
	for _, e := range x.Entries {
		out.Entries = append(out.Entries, kiveileder.Entry(e))
	}
	return out, err
}

// Delete implements Conversations.
func (c *Client) Delete(ctx context.Context, key string) error {
	_, err := rpc.Call[place, nothing](ctx, c.rpc, callDelete, place{Key: key})
	return err
}

// Evaluate implements Rules.
func (c *Client) Evaluate(ctx context.Context, facts map[string]any, asOf time.Time, l kiveileder.Language) (dialogue.Evaluation, error) {
	return rpc.Call[evaluation, dialogue.Evaluation](ctx, c.rpc, callEvaluate, evaluation{facts, asOf, l})
}
