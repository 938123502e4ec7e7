package conversationtest

import (
	"context"
	"flag"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"kiveileder"
	"kiveileder/services/conversation"
)

// SameAsMemory does the same random things to a store and to one in memory,
// which has to say the same. The store has the epoch; empty takes all
// conversations out of it.
func SameAsMemory(t *testing.T, store conversation.Store, epoch string, empty func() error) {
	// few and the same every time, unless somebody looks for more
	for name, value := range map[string][2]string{"rapid.seed": {"0", "7"}, "rapid.checks": {"100", "30"}, "rapid.nofailfile": {"false", "true"}} {
		if f := flag.Lookup(name); f.Value.String() == value[0] {
			if err := f.Value.Set(value[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		if err := empty(); err != nil {
			t.Fatal(err)
		}
		m := model{disk: store, memory: conversation.NewMemory(epoch)}
		t.Repeat(map[string]func(*rapid.T){
			"message":    m.message,
			"message 2":  m.message, // twice as often
			"answer":     m.answer,
			"answer 2":   m.answer,
			"read":       m.read,
			"entry":      m.entry,
			"before":     m.before,
			"answer to":  m.answerTo,
			"earlier":    m.earlier,
			"unanswered": m.unanswered,
			"delete":     m.delete,
			"expire":     m.expire,
			"":           m.everything,
		})
	})
}

// A model is two stores that shall say the same.
type model struct{ disk, memory conversation.Store }

// both does something to both and compares what they give.
func (m model) both(t *rapid.T, do func(s conversation.Store) ([]any, error)) {
	t.Helper()
	disk, errDisk := do(m.disk)
	memory, errMemory := do(m.memory)
	if kiveileder.ErrorCode(errDisk) != kiveileder.ErrorCode(errMemory) {
		t.Fatalf("disk: %v, memory: %v", errDisk, errMemory)
	}
	if errDisk != nil {
		return
	}
	if d := cmp.Diff(memory, disk, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("-memory +disk:\n%s", d)
	}
}

var (
	keys    = rapid.SampledFrom([]string{"a", "b", "å"})
	ids     = rapid.SampledFrom([]string{"1", "2", "3", "4", "5", "6", "7", "8"})
	offsets = rapid.Int64Range(-1, 12)
	limits  = rapid.IntRange(-1, 8)
	// long ago: what is deleted is deleted now
	times = rapid.Custom(func(t *rapid.T) time.Time {
		return time.Date(2001, 2, 3, 4, 5, 6, rapid.IntRange(0, 9).Draw(t, "500 ns")*500, time.UTC)
	})
	values = rapid.OneOf(
		rapid.Just[any](nil), rapid.Just[any](true), rapid.Just[any]([]any{"x", 1.5, nil}), rapid.Just[any](map[string]any{"a": []any{}}),
		rapid.Map(rapid.String(), func(s string) any { return s }), rapid.Map(rapid.Float64Range(-1e9, 1e9), func(f float64) any { return f }))
	facts = rapid.MapOfN(rapid.StringN(0, 4, 8), values, 0, 3)
)

func (m model) message(t *rapid.T) {
	key := keys.Draw(t, "key")
	e := kiveileder.Entry{
		ID: ids.Draw(t, "id"), At: times.Draw(t, "at"), Text: rapid.StringN(0, 20, 80).Draw(t, "text"),
		Masked: rapid.SliceOfN(ids, 0, 2).Draw(t, "masked"), History: rapid.SliceOfN(rapid.StringN(0, 5, 20), 0, 2).Draw(t, "history"),
		Facts: facts.Draw(t, "facts"), Language: rapid.SampledFrom(kiveileder.Languages).Draw(t, "language"),
	}
	m.add(t, key, e)
}

func (m model) answer(t *rapid.T) {
	key := keys.Draw(t, "key")
	e := kiveileder.Entry{
		ID: ids.Draw(t, "id"), At: times.Draw(t, "at"), ReplyTo: offsets.Draw(t, "reply to"), Thread: offsets.Draw(t, "thread"),
		Answer: &kiveileder.Answer{Lead: rapid.StringN(0, 20, 80).Draw(t, "lead"), Facts: facts.Draw(t, "facts")},
	}
	if rapid.Bool().Draw(t, "own thread") {
		e.Thread = e.ReplyTo
	}
	m.add(t, key, e)
}

func (m model) add(t *rapid.T, key string, e kiveileder.Entry) {
	m.both(t, func(s conversation.Store) ([]any, error) {
		stored, added, err := s.Add(context.Background(), key, e)
		return []any{stored, added}, err
	})
}

func (m model) read(t *rapid.T) {
	key, after, limit := keys.Draw(t, "key"), offsets.Draw(t, "after"), limits.Draw(t, "limit")
	m.both(t, func(s conversation.Store) ([]any, error) {
		got, err := s.Read(context.Background(), key, after, limit)
		return []any{got}, err
	})
}

func (m model) entry(t *rapid.T) {
	key, offset := keys.Draw(t, "key"), offsets.Draw(t, "offset")
	m.both(t, func(s conversation.Store) ([]any, error) {
		got, err := s.Entry(context.Background(), key, offset)
		return []any{got}, err
	})
}

func (m model) before(t *rapid.T) {
	key, offset, n := keys.Draw(t, "key"), offsets.Draw(t, "offset"), limits.Draw(t, "n")
	m.both(t, func(s conversation.Store) ([]any, error) {
		messages, last, err := s.Before(context.Background(), key, offset, n)
		return []any{messages, last}, err
	})
}

func (m model) answerTo(t *rapid.T) {
	key, offset := keys.Draw(t, "key"), offsets.Draw(t, "offset")
	m.both(t, func(s conversation.Store) ([]any, error) {
		got, err := s.AnswerTo(context.Background(), key, offset)
		return []any{got}, err
	})
}

func (m model) earlier(t *rapid.T) {
	key, offset := keys.Draw(t, "key"), offsets.Draw(t, "offset")
	m.both(t, func(s conversation.Store) ([]any, error) {
		got, err := s.Earlier(context.Background(), key, offset)
		return []any{got}, err
	})
}

func (m model) unanswered(t *rapid.T) {
	limit := limits.Draw(t, "limit")
	m.both(t, func(s conversation.Store) ([]any, error) {
		got, err := s.Unanswered(context.Background(), limit)
		return []any{got}, err
	})
}

func (m model) delete(t *rapid.T) {
	if rapid.IntRange(0, 2).Draw(t, "rarely") > 0 {
		t.Skip()
	}
	key := keys.Draw(t, "key")
	m.both(t, func(s conversation.Store) ([]any, error) { return nil, s.Delete(context.Background(), key) })
}

func (m model) expire(t *rapid.T) {
	before := times.Draw(t, "before")
	if rapid.IntRange(0, 3).Draw(t, "everything") == 0 {
		before = time.Date(2400, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	m.both(t, func(s conversation.Store) ([]any, error) {
		n, err := s.Expire(context.Background(), before)
		return []any{n}, err
	})
}

// everything compares all that there is.
func (m model) everything(t *rapid.T) {
	for _, key := range []string{"a", "b", "å"} {
		m.both(t, func(s conversation.Store) ([]any, error) {
			got, err := s.Read(context.Background(), key, 0, 1000)
			return []any{got}, err
		})
	}
	m.both(t, func(s conversation.Store) ([]any, error) {
		got, err := s.Unanswered(context.Background(), 1000)
		return []any{got}, err
	})
}
