package guidancetest

import (
	"context"
	"flag"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/rules"
)

// SameAsMemory gives the same random commands to a service over a store and to
// one over memory, which have to come out alike: the same refusals, the same
// cases, lists and mails. Empty takes all cases out of the store.
func SameAsMemory(t *testing.T, store guidance.Store, empty func() error) {
	// few and the same every time, unless somebody looks for more
	for name, value := range map[string][2]string{"rapid.seed": {"0", "7"}, "rapid.checks": {"100", "20"}, "rapid.steps": {"30", "60"}, "rapid.nofailfile": {"false", "true"}} {
		if f := flag.Lookup(name); f.Value.String() == value[0] {
			if err := f.Value.Set(value[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	seal, err := guidance.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	done := map[guidance.Kind]int{}
	rapid.Check(t, func(t *rapid.T) {
		if err := empty(); err != nil {
			t.Fatal(err)
		}
		m := &model{now: at(0), done: done}
		service := func(s guidance.Store) *guidance.Service {
			return guidance.New(guidance.Config{
				Store: s, Seal: seal, Lease: time.Minute, Now: func() time.Time { return m.now },
				Verbatim: func(q rules.Quote) bool { return q.Text != "feil" },
				Due:      func(c guidance.Case) time.Time { return c.Opened.Add(time.Duration(len(c.Tasks)) * time.Minute) },
			})
		}
		m.disk, m.memory = service(store), service(guidance.NewMemory())
		m.open(t)
		t.Repeat(map[string]func(*rapid.T){
			"open": m.open, "do": m.do, "do 2": m.do, "fits": m.fits, "fits 2": m.fits,
			"onward": m.onward, "onward 2": m.onward, "onward 3": m.onward, "onward 4": m.onward, "onward 5": m.onward, "onward 6": m.onward,
			"silent": m.silent, "silent 2": m.silent, "take over": m.takeOver, "wait": m.wait, "beat": m.beat, "list": m.list, "mail": m.mail, "contact": m.contact,
			"keep": m.keep, "keep 2": m.keep, "forget": m.forget, "anonymise": m.anonymise, "anonymise 2": m.anonymise, "": m.everything,
		})
	})
	if testing.Short() { // a few runs need not come to everything
		return
	}
	for _, k := range []guidance.Kind{guidance.Claimed, guidance.DraftSaved, guidance.Submitted, guidance.Signed, guidance.Sent, guidance.Replied, guidance.TakenOver, guidance.Anonymised, guidance.Reminded, guidance.Unanswered, guidance.Closed} {
		if done[k] == 0 && !t.Failed() {
			t.Errorf("in all runs %s was never done: the model hardly moves", k)
		}
	}
}

// A model is two services that shall say the same.
type model struct {
	disk, memory *guidance.Service
	now          time.Time
	n            int // commands until now
	done         map[guidance.Kind]int
}

// both does something to both and compares what they give.
func (m *model) both(t *rapid.T, do func(s *guidance.Service) ([]any, error)) []any {
	t.Helper()
	disk, errDisk := do(m.disk)
	memory, errMemory := do(m.memory)
	if fmt.Sprint(errDisk) != fmt.Sprint(errMemory) {
		t.Fatalf("disk: %v, memory: %v", errDisk, errMemory)
	}
	if kiveileder.ErrorCode(errDisk) == kiveileder.CodeInternal {
		t.Fatal(errDisk)
	}
	if reflect.DeepEqual(memory, disk) { // most often, and far quicker said
		return memory
	}
	if d := cmp.Diff(memory, disk, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("-memory +disk:\n%s", d)
	}
	return memory
}

var (
	ids    = rapid.SampledFrom([]string{"a", "b"})
	actors = rapid.SampledFrom([]guidance.Actor{Person, Anne, Bodil, Cato, Dina, Anne, Bodil, {ID: "system", Role: guidance.System}, {ID: "other", Role: guidance.Asker}, {ID: "eva", Role: guidance.Lawyer, Agency: "other"}})
	texts  = rapid.SampledFrom([]string{"", "Hvorfor?", "<b>", "å\n\u2028", "a\x00", "feil", "kari.nordmann@example.no"})
	hashes = rapid.SampledFrom([]string{"", "x"})
	agency = rapid.SampledFrom([]string{"", "hdir", "dmp", "datatilsynet"})
)

func (m *model) open(t *rapid.T) {
	id := ids.Draw(t, "id")
	d := guidance.ReceivedData{Question: rapid.SampledFrom([]string{"Må vi søke?", ""}).Draw(t, "question"), Publish: rapid.Bool().Draw(t, "publish"),
		Agencies: rapid.SampledFrom([][]string{nil, {"hdir"}, {"hdir", "dmp"}}).Draw(t, "agencies")}
	c := rapid.SampledFrom([]guidance.Contact{{}, {Email: "kari@example.no"}, {Email: "ikke en adresse"}}).Draw(t, "contact")
	m.both(t, func(s *guidance.Service) ([]any, error) {
		snap, err := s.Open(context.Background(), id, Person, d, c)
		return []any{snap}, err
	})
}

// do gives a command that mostly does not fit.
func (m *model) do(t *rapid.T) {
	id := ids.Draw(t, "id")
	kinds := []guidance.Kind{guidance.Received, "none"}
	for _, x := range guidance.TheFlow.Transitions {
		kinds = append(kinds, x.Kind)
	}
	m.n++
	c := guidance.Command{
		ID: fmt.Sprint("cmd", m.n-rapid.SampledFrom([]int{0, 0, 0, 0, 1}).Draw(t, "again")), Actor: actors.Draw(t, "actor"),
		Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Seen: rapid.Int64Range(-1, 40).Draw(t, "seen"),
	}
	c.Data = m.data(t, c, "", 0, 0)
	m.command(t, id, c)
}

// fits gives a command that somebody who looks at the case would give.
func (m *model) fits(t *rapid.T) {
	id := ids.Draw(t, "id")
	snap, err := m.memory.Load(context.Background(), id)
	if err != nil {
		return
	}
	var kinds []guidance.Kind
	for _, x := range guidance.TheFlow.Transitions {
		for _, s := range x.From {
			if s == snap.Case.State && x.Kind != guidance.Anonymised && x.Kind != guidance.Withdrawn && x.Kind != guidance.Referred {
				kinds = append(kinds, x.Kind)
			}
		}
	}
	m.n++
	c := guidance.Command{ID: fmt.Sprint("cmd", m.n), Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Seen: snap.Case.Seq}
	switch {
	case c.Kind == guidance.Replied || c.Kind == guidance.Added:
		c.Actor = Person
	case c.Kind == guidance.Delivered || c.Kind == guidance.Undelivered:
		c.Actor = guidance.Actor{ID: "system", Role: guidance.System}
	case snap.Case.Holder != nil && c.Kind != guidance.Signed && c.Kind != guidance.TakenOver:
		c.Actor = *snap.Case.Holder
	default:
		c.Actor = rapid.SampledFrom([]guidance.Actor{Anne, Bodil, Cato}).Draw(t, "actor")
	}
	task := int64(0)
	for _, x := range snap.Case.Tasks {
		if x.Open() {
			task = x.ID
		}
	}
	c.Data = m.data(t, c, snap.Case.Draft().Hash, len(snap.Case.Drafts), task)
	m.command(t, id, c)
}

// onward gives the command that brings a case nearer to its answer.
func (m *model) onward(t *rapid.T) {
	id := ids.Draw(t, "id")
	snap, err := m.memory.Load(context.Background(), id)
	if err != nil {
		return
	}
	m.n++
	hash, version := snap.Case.Draft().Hash, len(snap.Case.Drafts)
	c := guidance.Command{ID: fmt.Sprint("cmd", m.n), Actor: Anne, Seen: snap.Case.Seq}
	if snap.Case.Holder != nil {
		c.Actor = *snap.Case.Holder
	}
	var task int64
	unsigned := snap.Case.Unsigned()
	switch s := snap.Case.State; {
	case snap.Case.Holder == nil:
		c.Kind = guidance.Claimed
	case s == guidance.IsReceived || s == guidance.IsReopened:
		c.Kind = guidance.Assessed
	case s == guidance.Assessment:
		c.Kind = rapid.SampledFrom([]guidance.Kind{guidance.DraftSaved, guidance.DraftSaved, guidance.Asked}).Draw(t, "kind")
	case s == guidance.Drafting:
		c.Kind = rapid.SampledFrom([]guidance.Kind{guidance.Submitted, guidance.Submitted, guidance.Asked}).Draw(t, "kind")
	case s == guidance.Waiting:
		c.Kind, c.Actor = guidance.Replied, Person
		for _, x := range snap.Case.Tasks {
			if x.Open() {
				task = x.ID
			}
		}
	case s == guidance.AtSignOff && len(unsigned) > 0:
		c.Kind, c.Actor = guidance.Signed, guidance.Actor{ID: "lead " + unsigned[0], Role: guidance.Lead, Agency: unsigned[0]}
	case s == guidance.AtSignOff:
		c.Kind = guidance.Sent
	case s == guidance.Answered:
		c.Kind = guidance.Published
	default:
		c.Kind = guidance.Reopened
	}
	c.Data = m.data(t, c, hash, version, task)
	if c.Kind == guidance.Asked {
		c.Data = guidance.AskedData{Text: "Har dere samtykke?", Fact: "consent"}
	}
	m.command(t, id, c)
}

// silent does what comes next when an asker does not reply, up to the end, and
// sometimes what they say after all; sometimes a silence that was broken since.
func (m *model) silent(t *rapid.T) {
	id := ids.Draw(t, "id")
	for range rapid.IntRange(1, 5).Draw(t, "steps") {
		m.silence(t, id, rapid.IntRange(0, 7).Draw(t, "what"))
	}
}

func (m *model) silence(t *rapid.T, id string, n int) {
	snap, err := m.memory.Load(context.Background(), id)
	if err != nil {
		return
	}
	if x := snap.Case.Silence; x != nil && n == 0 {
		m.now = m.now.Add(24 * time.Hour)
	}
	m.n++
	c := guidance.Command{ID: fmt.Sprint("cmd", m.n), Actor: guidance.Actor{ID: "system", Role: guidance.System}, Seen: snap.Case.Seq}
	var task int64
	for _, x := range snap.Case.Tasks {
		if x.Open() {
			task = x.ID
		}
	}
	x := snap.Case.Silence
	switch {
	case x == nil && snap.Case.Holder != nil && (snap.Case.State == guidance.Assessment || snap.Case.State == guidance.IsReopened):
		c.Kind, c.Actor, c.Data = guidance.Asked, *snap.Case.Holder, guidance.AskedData{Text: "Har dere samtykke?"}
	case x == nil && snap.Case.State != guidance.IsClosed:
		return
	case x == nil && n < 2:
		c.Kind, c.Actor, c.Data = guidance.Replied, Person, guidance.RepliedData{Task: task, Text: "Ja."}
	case x == nil && n < 4:
		c.Kind, c.Actor, c.Data = guidance.Added, Person, guidance.AddedData{Text: "Mer."}
	case x == nil:
		c.Kind, c.Actor, c.Data = guidance.Reopened, Anne, guidance.ReopenedData{Reason: "Fordi."}
	case n == 0 && snap.Case.Holder != nil:
		c.Kind, c.Actor = guidance.Reminded, *snap.Case.Holder
	case n == 1:
		c.Kind, c.Data = guidance.Reminded, guidance.RemindedData{Since: x.Since.Add(-time.Second), Number: 1}
	case !x.Told.IsZero() && n < 4:
		c.Kind, c.Actor = guidance.Closed, Anne
	case !x.Told.IsZero():
		c.Kind, c.Data = guidance.Closed, guidance.ClosedData{Reason: "Ingen svarte."}
	case len(x.Reminded) < 2:
		c.Kind, c.Data = guidance.Reminded, guidance.RemindedData{Since: x.Since, Number: len(x.Reminded) + 1}
	default:
		c.Kind, c.Data = guidance.Unanswered, guidance.UnansweredData{Since: x.Since}
	}
	m.command(t, id, c)
}

// takeOver lets somebody want what another may have.
func (m *model) takeOver(t *rapid.T) {
	id, who := ids.Draw(t, "id"), rapid.SampledFrom([]guidance.Actor{Anne, Bodil, Cato}).Draw(t, "actor")
	m.n++
	m.command(t, id, guidance.Command{ID: fmt.Sprint("cmd", m.n), Actor: who, Kind: guidance.TakenOver, Data: guidance.TakenOverData{Reason: "Ferie."}})
}

func (m *model) command(t *rapid.T, id string, c guidance.Command) {
	m.both(t, func(s *guidance.Service) ([]any, error) {
		before, _ := s.Load(context.Background(), id) // when it is there
		snap, e, err := s.Do(context.Background(), id, c)
		if err == nil {
			m.done[c.Kind]++
		}
		if err == nil && e.Kind == guidance.Anonymised && e.Seq > before.Case.Seq {
			m.noDrafts(t, s, id)
		}
		return []any{snap, e}, err
	})
}

// wait lets time go on, or jump back.
func (m *model) wait(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.Int64Range(-30, 90).Draw(t, "seconds")) * time.Second)
}

func (m *model) beat(t *rapid.T) {
	id, who := ids.Draw(t, "id"), actors.Draw(t, "actor")
	m.both(t, func(s *guidance.Service) ([]any, error) {
		l, err := s.Beat(context.Background(), id, who)
		return []any{l}, err
	})
}

func (m *model) list(t *rapid.T) {
	f := guidance.Filter{Limit: rapid.IntRange(-1, 3).Draw(t, "limit"), Agency: agency.Draw(t, "agency"), Text: texts.Draw(t, "text")}
	f.States = rapid.SliceOfN(rapid.SampledFrom(guidance.States), 0, 5).Draw(t, "states")
	f.Holder = rapid.SampledFrom([]string{"", "", "anne"}).Draw(t, "holder")
	f.Asker = rapid.SampledFrom([]string{"", "", Person.ID, "other"}).Draw(t, "asker")
	f.Number = rapid.SampledFrom([]string{"", "", "", "KI-2026-0001", "KI-2026"}).Draw(t, "number")
	f.Register = rapid.SampledFrom([]bool{false, false, true}).Draw(t, "register")
	if all, err := m.memory.Store.List(context.Background(), guidance.Filter{Limit: 1}); err == nil && len(all) > 0 && rapid.Bool().Draw(t, "after") {
		f.After = &all[0]
	}
	if rapid.Bool().Draw(t, "due") {
		f.Due = m.now
	}
	m.both(t, func(s *guidance.Service) ([]any, error) {
		rows, err := s.Store.List(context.Background(), f)
		return []any{rows}, err
	})
}

// mail takes one that is due, and says what became of it.
func (m *model) mail(t *rapid.T) {
	end, next := rapid.IntRange(0, 3).Draw(t, "end"), m.now.Add(time.Minute)
	m.both(t, func(s *guidance.Service) ([]any, error) {
		ctx := context.Background()
		x, ok, err := s.Store.Due(ctx, m.now, m.now.Add(30*time.Second))
		if err != nil || !ok {
			return []any{x, ok}, err
		}
		switch end {
		case 0:
			err = s.Store.Done(ctx, x, guidance.MailSent, "<id>")
		case 1:
			err = s.Store.Failed(ctx, x, next, "nei")
		case 2:
			err = s.Store.Dead(ctx, x, "nei")
		}
		return []any{x}, err
	})
}

func (m *model) contact(t *rapid.T) {
	id, who := ids.Draw(t, "id"), actors.Draw(t, "actor")
	m.both(t, func(s *guidance.Service) ([]any, error) {
		c, err := s.Contact(context.Background(), id, who)
		return []any{c}, err
	})
}

// everything holds both against each other, and the log against what it promises.
func (m *model) everything(t *rapid.T) {
	ctx := context.Background()
	for _, id := range []string{"a", "b"} {
		m.both(t, func(s *guidance.Service) ([]any, error) {
			snap, err := s.Load(ctx, id)
			mails, errMails := s.Store.Mails(ctx, id)
			if errMails != nil {
				t.Fatal(errMails)
			}
			if err == nil {
				m.holds(t, snap, mails)
			}
			return []any{snap, mails}, err
		})
	}
	for _, who := range people {
		m.both(t, func(s *guidance.Service) ([]any, error) {
			has, err := s.Store.Kept(ctx, who, "")
			return []any{has}, err
		})
	}
	m.both(t, func(s *guidance.Service) ([]any, error) {
		rows, err := s.Store.List(ctx, guidance.Filter{Limit: 10})
		dead, errDead := s.Store.DeadMails(ctx, 10)
		if errDead != nil {
			t.Fatal(errDead)
		}
		return []any{rows, dead}, err
	})
}
