package guidance

import (
	"container/list"
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"
)

// Of which cases what is folded is kept, how much of them, and for how long
// after they were last asked for. Short ones are read and folded in no time.
const (
	keepFrom = 16       // events
	keepMost = 64 << 20 // bytes, about
	keepTime = 10 * time.Minute
)

// A shelf keeps long cases as they were last folded, so that only what came
// since is read and folded again. What stands there may be missing, and is
// never trusted further than the store's own log goes on from it.
type shelf struct {
	mu    sync.Mutex // guards all below
	cases map[string]*list.Element
	order *list.List // of *folded, the last asked for in front
	bytes int
}

// A folded case is read only, by many at once.
type folded struct {
	Snapshot
	bytes int
	used  time.Time
}

func newShelf() *shelf { return &shelf{cases: map[string]*list.Element{}, order: list.New()} }

// get gives a case as it was last put, false when it is not there.
func (s *shelf) get(id string, now time.Time) (folded, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear(now)
	e := s.cases[id]
	if e == nil {
		return folded{}, false
	}
	f := e.Value.(*folded)
	f.used = now
	s.order.MoveToFront(e)
	return *f, true
}

// put keeps a case as it is now, or takes one away that is not to be kept.
func (s *shelf) put(f folded, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.cases[f.ID]; e != nil {
		if e.Value.(*folded).Case.Seq > f.Case.Seq && !f.Case.Anonymised { // another call was faster
			return
		}
		s.drop(e)
	}
	if len(f.Log) < keepFrom || f.Case.Anonymised || f.bytes > keepMost {
		return
	}
	f.used = now
	s.bytes += f.bytes
	s.cases[f.ID] = s.order.PushFront(&f)
	s.clear(now)
}

func (s *shelf) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.cases[id]; e != nil {
		s.drop(e)
	}
}

// clear takes away what has not been asked for in a while, or is too much.
func (s *shelf) clear(now time.Time) {
	for e := s.order.Back(); e != nil && (s.bytes > keepMost || now.Sub(e.Value.(*folded).used) > keepTime); e = s.order.Back() {
		s.drop(e)
	}
}

func (s *shelf) drop(e *list.Element) {
	f := s.order.Remove(e).(*folded)
	s.bytes -= f.bytes
	delete(s.cases, f.ID)
}

// Load gives a case for the service's own use: nothing is held back. Views for
// people are ForAsker and ForAgency. It is read only: others have it too.
func (s *Service) Load(ctx context.Context, id string) (Snapshot, error) {
	if f, ok := s.shelf.get(id, time.Now()); ok {
		f, ok, err := s.onward(ctx, f)
		if err != nil {
			return Snapshot{}, err
		}
		if ok {
			return f.Snapshot, nil
		}
		s.shelf.remove(id)
	}
	l, err := s.Store.Load(ctx, id)
	if err != nil {
		return Snapshot{}, err
	}
	c, err := Fold(l.Events)
	if err != nil {
		return Snapshot{}, fmt.Errorf("case %s: %w", id, err)
	}
	f := folded{Snapshot: Snapshot{ID: l.ID, Number: l.Number, Case: c.clipped(), Log: slices.Clip(l.Events), Lease: l.Lease}, bytes: size(l.Events)}
	s.shelf.put(f, time.Now())
	return f.Snapshot, nil
}

// onward brings a case up to date, false when its log does not go on from
// where it was: it was restored from a backup, or its texts were taken away.
func (s *Service) onward(ctx context.Context, f folded) (folded, bool, error) {
	n := len(f.Log)
	l, err := s.Store.LoadFrom(ctx, f.ID, f.Case.Seq)
	if err != nil {
		return f, false, err
	}
	if len(l.Events) == 0 || !reflect.DeepEqual(l.Events[0], f.Log[n-1]) {
		return f, false, nil
	}
	f.Number, f.Lease = l.Number, l.Lease
	news := l.Events[1:]
	if len(news) == 0 {
		return f, true, nil
	}
	if (Batch{Events: news}).Anonymises() { // older events say less by now
		return f, false, nil
	}
	c, err := f.Case.fold(news)
	if err != nil {
		return f, false, fmt.Errorf("case %s: %w", f.ID, err)
	}
	f.Case, f.Log, f.bytes = c.clipped(), slices.Clip(append(f.Log, news...)), f.bytes+size(news)
	s.shelf.put(f, time.Now())
	return f, true, nil
}

// size gives about how many bytes events take.
func size(events []Event) (n int) {
	for _, e := range events {
		n += 500
		switch d := e.Data.(type) {
		case ReceivedData:
			n += len(d.Question) + len(d.Project)
			for _, l := range d.Transcript {
				n += len(l.Text)
			}
		case DraftSavedData:
			for _, s := range d.Draft.Sections {
				n += len(s.Text)
			}
			for _, q := range d.Draft.Quotes {
				n += len(q.Text)
			}
		case PublishedData:
			for _, s := range d.Sections {
				n += len(s.Text)
			}
		case NotedData:
			n += len(d.Text)
		case AddedData:
			n += len(d.Text)
		case RepliedData:
			n += len(d.Text)
		case AskedData:
			n += len(d.Text)
		}
	}
	return n
}
