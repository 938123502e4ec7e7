// Package conversation holds conversations: it stores what is written, masked,
// before anything is made of it, and stores each answer before anybody sees it.
// So what was acknowledged is never lost, and what is sent twice is one
// message with one answer.
package conversation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"kiveileder"
	"kiveileder/services/dialogue"
)

// A Dialogue makes turns.
type Dialogue interface {
	// Check refuses what cannot be a message, with an error that its writer may
	// read, and cuts a history that is too long.
	Check(t *kiveileder.Turn) error
	Turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error)
}

// A Publisher tells others what is new in a conversation. It does not wait for
// them; that one could not be told is its own concern, since the store has it.
type Publisher interface {
	Publish(ctx context.Context, e kiveileder.Event) error
}

// A Service holds conversations. It is safe for concurrent use; the messages
// of one conversation are answered one at a time.
type Service struct {
	store    Store
	dialogue Dialogue
	events   Publisher
	turns    keyed
	now      func() time.Time
}

// New gives a service over a store, which tells p what is new; p may be nil.
func New(store Store, d Dialogue, p Publisher) *Service {
	return &Service{store: store, dialogue: d, events: p, now: time.Now}
}

func (s *Service) publish(ctx context.Context, e kiveileder.Event) {
	if s.events != nil {
		_ = s.events.Publish(context.WithoutCancel(ctx), e) // see Publisher
	}
}

// Accept stores a message, masked, and gives it with its offset; the answer
// as well when it has one already. Errors of code CodeInvalid tell the writer
// what is wrong; nothing is stored then.
func (s *Service) Accept(ctx context.Context, key string, p kiveileder.Post) (kiveileder.Entry, *kiveileder.Entry, error) {
	t := kiveileder.Turn{Question: p.Question, History: p.History, Facts: p.Facts, Language: p.Language, Prefers: p.Prefers}
	if strings.TrimSpace(t.Question) == "" && len(t.Facts) > 0 {
		// facts alone: the last question is answered anew, if there is one
		s, err := s.store.Read(ctx, key, 0, 1)
		if err != nil {
			return kiveileder.Entry{}, nil, err
		}
		if len(s.Entries) > 0 {
			t.Original = s.Entries[0].Text
		}
	}
	if err := s.dialogue.Check(&t); err != nil {
		return kiveileder.Entry{}, nil, err
	}
	if p.ID == "" {
		return kiveileder.Entry{}, nil, errors.New("conversation: a message without an id")
	}
	var m masker
	e := kiveileder.Entry{ID: p.ID, At: s.now(), Text: m.text(t.Question), Language: t.Language}
	for _, h := range t.History {
		e.History = append(e.History, m.text(h))
	}
	e.Facts = m.facts(t.Facts)
	e.Masked = m.names()
	// the marks of masking may be longer than what they stand for: what is
	// stored must be such that it can be answered
	t.Question, t.History, t.Facts = e.Text, e.History, e.Facts
	if err := s.dialogue.Check(&t); err != nil {
		return kiveileder.Entry{}, nil, err
	}
	e, added, err := s.store.Add(ctx, key, e)
	switch {
	case err != nil:
		return e, nil, err
	case added:
		s.publish(ctx, kiveileder.Event{Key: key, Entry: &e})
		return e, nil, nil
	}
	a, err := s.store.AnswerTo(ctx, key, e.Offset)
	return e, a, err
}

// Answer answers the message at an offset, stores the answer and gives it. A
// message that has an answer keeps it. Messages before it that have none are
// answered first, as far as they can be.
func (s *Service) Answer(ctx context.Context, key string, offset int64) (kiveileder.Entry, error) {
	unlock, err := s.turns.lock(ctx, key)
	if err != nil {
		return kiveileder.Entry{}, err
	}
	defer unlock()
	if a, err := s.store.AnswerTo(ctx, key, offset); err != nil || a != nil {
		return deref(a), err
	}
	for last := int64(0); ; {
		first, err := s.store.Earlier(ctx, key, offset)
		if err != nil {
			return kiveileder.Entry{}, err
		}
		if first <= last { // none, or one that can't be answered: its own caller is told why
			break
		}
		last = first
		_, _ = s.answer(ctx, key, first)
	}
	return s.answer(ctx, key, offset)
}

func (s *Service) answer(ctx context.Context, key string, offset int64) (kiveileder.Entry, error) {
	m, err := s.store.Entry(ctx, key, offset)
	if err != nil {
		return kiveileder.Entry{}, err
	}
	if m.Answer != nil { // nobody answers an answer
		return kiveileder.Entry{}, ErrNoEntry
	}
	s.publish(ctx, kiveileder.Event{Key: key, ID: m.ID, Stage: kiveileder.Searching})
	t, thread, err := s.turn(ctx, key, m)
	if err != nil {
		return kiveileder.Entry{}, err
	}
	answer, err := s.safely(ctx, t)
	if err != nil {
		return kiveileder.Entry{}, err
	}
	if !answer.Reply {
		thread = offset
	}
	e, _, err := s.store.Add(ctx, key, kiveileder.Entry{ID: m.ID, At: s.now(), ReplyTo: offset, Thread: thread, Answer: &answer})
	if err == nil {
		s.publish(ctx, kiveileder.Event{Key: key, Entry: &e})
	}
	return e, err
}

// safely makes a turn. A panic in it is an error, so that one message holds up
// no other.
func (s *Service) safely(ctx context.Context, t kiveileder.Turn) (a kiveileder.Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic of type %T\n%s", p, debug.Stack()) // its value may hold what people wrote
		}
	}()
	return s.dialogue.Turn(ctx, t)
}

// turn makes the turn that answers a message: with what was said before, what
// is known, and the question that the last answer was about, in case the message
// replies to a question back. thread is the offset of that question.
func (s *Service) turn(ctx context.Context, key string, m kiveileder.Entry) (t kiveileder.Turn, thread int64, err error) {
	before, last, err := s.store.Before(ctx, key, m.Offset, dialogue.MaxHistory)
	if err != nil {
		return t, 0, err
	}
	t = kiveileder.Turn{Question: m.Text, Masked: m.Masked, Facts: m.Facts, Language: m.Language}
	for _, b := range before {
		t.History = append(t.History, b.Text)
	}
	if t.History == nil {
		t.History = m.History // the conversation knows its own better
	}
	if last != nil {
		t.Known, t.Unknown = with(last.Answer.Facts), last.Answer.Unknown
		if last, err = s.standing(ctx, key, last); err != nil {
			return t, 0, err
		}
		question, err := s.store.Entry(ctx, key, last.Thread)
		if err != nil {
			return t, 0, err
		}
		thread, t.Original, t.Asked = last.Thread, question.Text, last.Answer.Asked
		switch {
		case last.Answer.Ask != nil:
			t.Awaited = last.Answer.Ask.Fact
		case last.Answer.Ifs != nil:
			t.Awaited = last.Answer.Ifs.Fact
		}
	} else if n := len(before); n > 0 && strings.TrimSpace(m.Text) == "" {
		// facts alone, sent while the question that they are about waited
		thread, t.Original = before[n-1].Offset, before[n-1].Text
	}
	late, err := s.waited(ctx, key, m)
	if late != nil {
		t.Known, t.Unknown = with(late.Facts), late.Unknown
	}
	return t, thread, err
}

// maxAside is how many entries a question back is looked for behind.
const maxAside = 6

// standing gives the answer whose question back still stands: the last one, or
// the one before what was said aside since ("Thanks!", the weather).
func (s *Service) standing(ctx context.Context, key string, last *kiveileder.Entry) (*kiveileder.Entry, error) {
	if !aside(last) {
		return last, nil
	}
	for off := last.Offset - 1; off > max(0, last.Offset-maxAside); off-- {
		e, err := s.store.Entry(ctx, key, off)
		if err != nil {
			return nil, err
		}
		if e.Answer != nil && !aside(&e) {
			if e.Answer.Ask == nil && e.Answer.Ifs == nil {
				break
			}
			return &e, nil
		}
	}
	return last, nil
}

// aside reports whether an answer left the matter of the conversation alone.
func aside(e *kiveileder.Entry) bool {
	return e.Answer.Status == kiveileder.Smalltalk || e.Answer.Status == kiveileder.Declined
}

// with gives facts, not nil.
func with(facts map[string]any) map[string]any {
	if facts == nil {
		return map[string]any{}
	}
	return facts
}

// waited gives the newest of the answers that came while a message waited for
// its turn, nil when none came: its writer had not seen their questions back,
// but what they know is known.
func (s *Service) waited(ctx context.Context, key string, m kiveileder.Entry) (*kiveileder.Answer, error) {
	since, err := s.store.Read(ctx, key, m.Offset, 2*kiveileder.MaxEntries)
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(since.Entries) {
		if e.Answer != nil && e.ReplyTo < m.Offset {
			return e.Answer, nil
		}
	}
	return nil, nil
}

// Read gives at most limit entries of a conversation after an offset.
func (s *Service) Read(ctx context.Context, key string, after int64, limit int) (kiveileder.Stream, error) {
	return s.store.Read(ctx, key, after, limit)
}

// Delete takes away all that a conversation says.
func (s *Service) Delete(ctx context.Context, key string) error {
	err := s.store.Delete(ctx, key)
	if err == nil {
		s.publish(ctx, kiveileder.Event{Key: key, Gone: true})
	}
	return err
}

// Expire deletes what has outlived its time and gives the number of
// conversations.
func (s *Service) Expire(ctx context.Context) (int, error) {
	return s.store.Expire(ctx, s.now().Add(-kiveileder.Retention))
}

// resumed is how many messages Resume takes at a time.
const resumed = 1000

// Resume answers messages that were stored and not answered, as after a crash.
// How many there are, as far as 1000, is told to waiting before the first is
// answered, unless it is nil or they can't be read. One that fails does not
// hold up the others; the first error is given at the end.
func (s *Service) Resume(ctx context.Context, waiting func(n int)) error {
	var failed error
	for limit := resumed; ; {
		refs, err := s.store.Unanswered(ctx, limit)
		if err != nil {
			return err
		}
		if waiting != nil {
			waiting(len(refs))
			waiting = nil
		}
		done := 0
		for _, r := range refs {
			err := s.resume(ctx, r)
			switch kiveileder.ErrorCode(err) {
			case "":
				done++
			case kiveileder.CodeNotFound, kiveileder.CodeConflict, kiveileder.CodeInvalid: // deleted meanwhile, or full, or another version's
			default:
				if ctx.Err() != nil {
					return err
				}
				failed = cmp.Or(failed, err)
			}
		}
		switch {
		case len(refs) < limit:
			return failed
		case done == 0: // those that can't be answered stand before others
			limit *= 2
		}
	}
}

// resumeTime is how long one message may take that is answered afterwards: who
// asks meanwhile in the same conversation waits for it.
const resumeTime = 10 * time.Second

func (s *Service) resume(ctx context.Context, r Ref) error {
	ctx, cancel := context.WithTimeout(ctx, resumeTime)
	defer cancel()
	_, err := s.Answer(ctx, r.Key, r.Offset)
	return err
}

func deref(e *kiveileder.Entry) kiveileder.Entry {
	if e == nil {
		return kiveileder.Entry{}
	}
	return *e
}
