// Package queue is the ki.veiledning queue as others speak with it: askers hand
// over what was not settled and follow it, people at the agencies answer, and
// everybody reads what is published. It joins the cases (services/guidance)
// with conversations, rules, sources, deadlines, letters and the archive, and
// holds no state of its own.
//
// Queue is near; Handle and Client are the same from far.
package queue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/retriever"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
	"kiveileder/services/rules"
)

// Talks read conversations. *conversation.Service does.
type Talks interface {
	Read(ctx context.Context, key string, after int64, limit int) (kiveileder.Stream, error)
}

// A Dialogue makes turns, as in a conversation.
type Dialogue interface {
	Turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error)
}

// A Searcher finds passages.
type Searcher interface {
	Search(ctx context.Context, q retriever.Query) (retriever.Result, error)
}

// An Inbound takes in what comes by mail. A courier's does, with the secrets
// that mails are signed with.
type Inbound interface {
	Receive(ctx context.Context, signature string, raw []byte) error
}

// Documents change the corpus that is searched beside the built-in one.
type Documents interface {
	// Files gives all files as they stand now.
	Files(ctx context.Context) (fs.FS, error)
	// Change lets edit change the files in a folder, all or nothing.
	Change(ctx context.Context, edit func(dir string) error) error
}

// Letters are mails that are kept as files, with the asker's address in them.
type Letters interface {
	// Forget deletes those of a case.
	Forget(caseID string) error
	// Expire deletes those from before a time, and gives their number.
	Expire(before time.Time) (int, error)
}

// Config is what a queue works with.
type Config struct {
	Cases    *guidance.Service
	Talks    Talks
	Dialogue Dialogue
	Search   Searcher
	Source   func(id string) (kiveileder.Source, bool)
	Rules    func() *rules.Set       // the newest; nil while there are none
	Ground   func() *register.Ground // the newest
	Docs     Documents
	Pack     register.Packer       // embeds what is put among the documents; nil: whoever searches does
	Meaning  Meaning               // compares the questions of cases; nil: they are compared by words alone
	Public   func(url string) bool // an address that a source names, or this service's own; nil: none
	Changed  func()                // called when published answers were put among the documents; nil for nothing
	Inbound  Inbound               // nil: no mail comes in this way
	Letters  Letters               // nil: none are kept
	Contacts bool                  // addresses can be left; else a hand-over with one is refused
	Mails    bool                  // a mail server takes mails; else they are kept
	Metrics  *prometheus.Registry  // nil: nothing is counted
	Log      *zap.Logger
}

// A Queue answers Calls. It is safe for concurrent use, and several may run
// over one store.
type Queue struct {
	Config
	register answers
	traces   traces
	figures  *figures
	settle   sync.Mutex // one at a time puts answers among the documents; guards packed
	packed   map[string][32]byte
	cleared  sync.Map // of Expire: cleared by case
	waits    waits
	wake     chan struct{}
}

var _ Calls = (*Queue)(nil)

// New gives a queue.
func New(c Config) *Queue {
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	if c.Source == nil {
		c.Source = func(string) (kiveileder.Source, bool) { return kiveileder.Source{}, false }
	}
	if c.Public == nil {
		c.Public = func(string) bool { return false }
	}
	if c.Changed == nil {
		c.Changed = func() {}
	}
	return &Queue{Config: c, figures: newFigures(c.Metrics), wake: make(chan struct{}, 1)}
}

// caseID is the id of the case that a hand-over makes: the same hand-over of
// the same conversation makes the same.
func caseID(key, handOver string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "case\n%s\n%s", key, handOver))
	return hex.EncodeToString(sum[:12])
}

// agencies gives those that answer in ki.veiledning.
func (q *Queue) agencies() (out []Agency) {
	set := q.Rules()
	if set == nil {
		return nil
	}
	for _, a := range set.Agencies {
		if a.InService {
			out = append(out, Agency{Key: a.Key, Name: a.Name, Short: a.Short, Remit: a.Remit})
		}
	}
	return out
}

// names gives the names of agencies by their keys.
func (q *Queue) names(keys []string) map[string]rules.Text {
	set := q.Rules()
	if set == nil {
		return nil
	}
	out := map[string]rules.Text{}
	for _, k := range keys {
		if a, ok := set.Agency(k); ok {
			out[k] = a.Name
		}
	}
	return out
}

// now is the time that cases go by.
func (q *Queue) now() time.Time { return q.Cases.Now() }

func limits() Limits { return Limits{Text: maxAsked, Short: guidance.MaxShort} }

// maxAsked is how much an asker may write into one field: what a person will
// read, not what a log could hold.
const maxAsked = 8_000

// refusal makes of what the cases refuse an answer, and gives other errors
// back.
func refusal(err error) (*Refusal, error) {
	if err == nil {
		return nil, nil
	}
	r := &Refusal{Code: kiveileder.ErrorCode(err)}
	switch e := as(err).(type) {
	case *guidance.Refused:
		r.Guard, r.Text, r.Forbidden = e.Guard, e.Text, e.Forbidden()
	case *guidance.Held:
		r.Guard, r.Text, r.Lease = "held", guidance.TheFlow.Guards["not_held"], e.Lease
	case *guidance.Conflict:
		r.Guard, r.Text, r.Events = "moved", say.Words("moved"), e.Events
	default:
		switch {
		case errors.Is(err, guidance.ErrFull):
			r.Guard, r.Text = "full", guidance.ErrFull.Texts
		case errors.Is(err, guidance.ErrReused):
			r.Guard, r.Text = "reused", guidance.ErrReused.Texts
		default:
			return nil, err
		}
	}
	return r, nil
}
