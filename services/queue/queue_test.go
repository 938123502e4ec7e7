package queue_test

import (
	"context"
	"io/fs"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/internal/rpc"
	"kiveileder/retriever"
	"kiveileder/services/conversation"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancetest"
	"kiveileder/services/guidance/register"
	"kiveileder/services/guidance/timing"
	"kiveileder/services/queue"
	"kiveileder/services/rules"
)

var theRules = func() *rules.Set {
	dir, err := fs.Sub(corpus.Files, "rules")
	if err != nil {
		panic(err)
	}
	s, err := rules.Load(dir)
	if err != nil {
		panic(err)
	}
	return s
}()

// A world is a queue with what it works with, made of fakes where those would
// be slow: its dialogue answers everything with one unclear finding.
type world struct {
	t     *testing.T
	queue *queue.Queue
	talks *conversation.Service
	cases *guidance.Service
	dir   string
	now   time.Time
	hits  []retriever.Hit
	told  int // how often documents have changed

	ground *register.Ground
}

const passage = "formal-2024/helseforskning-gdnq"

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), dir: t.TempDir()}
	seal, err := guidance.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	w.ground = ground("• Må ha etisk forhåndsgodkjenning\nfra REK")
	w.talks = conversation.New(conversation.NewMemory("epoch"), w, nil)
	w.cases = guidance.New(guidance.Config{
		Store: guidance.NewMemory(), Seal: seal, Known: guidance.InService(theRules), Due: timing.Due, Now: func() time.Time { return w.now },
		Verbatim: func(q rules.Quote) bool { return w.ground.Verbatim(q) },
		Fill:     func(c guidance.Case, data any, _ time.Time) (any, error) { return w.ground.Fill(c, data), nil },
	})
	w.queue = queue.New(queue.Config{
		Cases: w.cases, Talks: w.talks, Dialogue: w, Search: w, Rules: func() *rules.Set { return theRules }, Ground: func() *register.Ground { return w.ground },
		Source: func(id string) (kiveileder.Source, bool) {
			return kiveileder.Source{ID: id, Title: "Avklare formål", Published: "2024-02-14"}, id == "formal-2024"
		},
		Docs: w, Changed: func() { w.told++ }, Contacts: true,
	})
	return w
}

// ground gives sources of one passage, with the rules.
func ground(text string) *register.Ground {
	return register.NewGround(corpus.NewLibrary(&corpus.Corpus{
		Sources:  []corpus.Meta{{Source: kiveileder.Source{ID: "formal-2024", Title: "Avklare formål", Published: "2024-02-14"}}},
		Passages: []kiveileder.Passage{{ID: passage, Source: "formal-2024", Text: text}},
	}), theRules)
}

func (*world) Check(t *kiveileder.Turn) error { return nil }

func (*world) Turn(_ context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	return kiveileder.Answer{
		Status: kiveileder.Escalate, Language: kiveileder.Bokmal, Lead: "Det må en jurist se på.", Facts: map[string]any{"purpose": []any{"health_research"}},
		Read:      []kiveileder.FactRead{{Fact: "purpose", Name: "Formål", Label: "Helseforskning"}},
		Findings:  []kiveileder.Finding{{Outcome: "rek_prior_approval", Kind: "required", Text: "Prosjektet må ha forhåndsgodkjenning fra REK.", Rule: "research-approval"}},
		Citations: []kiveileder.Citation{{Source: "formal-2024", Passage: passage, Quote: "Må ha etisk forhåndsgodkjenning"}},
		HandOver:  &kiveileder.HandOver{Agencies: []string{"DMP"}},
	}, nil
}

func (w *world) Search(context.Context, retriever.Query) (retriever.Result, error) {
	return retriever.Result{Hits: w.hits}, nil
}

func (w *world) Files(context.Context) (fs.FS, error) { return os.DirFS(w.dir), nil }

func (w *world) Change(_ context.Context, edit func(dir string) error) error { return edit(w.dir) }

// far gives the same queue from far.
func (w *world) far() queue.Calls {
	s := &rpc.Server{}
	queue.Handle(s, w.queue)
	srv := httptest.NewServer(s)
	w.t.Cleanup(srv.Close)
	c, err := rpc.NewClient(rpc.Options{Name: "services", URLs: srv.URL})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	return queue.NewClient(c)
}

// both runs a test over the queue near and far.
func both(t *testing.T, test func(t *testing.T, w *world, q queue.Calls)) {
	t.Run("near", func(t *testing.T) { w := newWorld(t); test(t, w, w.queue) })
	t.Run("far", func(t *testing.T) { w := newWorld(t); test(t, w, w.far()) })
}

// ask puts a question and its answer into a conversation.
func (w *world) ask(key, question string) {
	w.t.Helper()
	m, _, err := w.talks.Accept(w.t.Context(), key, kiveileder.Post{ID: question, Question: question})
	if err == nil {
		_, err = w.talks.Answer(w.t.Context(), key, m.Offset)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

var (
	anne  = guidance.Actor{ID: "anne", Name: "Anne", Role: guidance.Lawyer, Agency: "dmp"}
	bodil = guidance.Actor{ID: "bodil", Name: "Bodil", Role: guidance.Lawyer, Agency: "hdir"}
	cato  = guidancetest.Cato
)

// A hand-over is prepared from the conversation, and sent twice it is one case.
func TestHandOver(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		ctx := t.Context()
		w.ask("k", "Må vi søke REK for bildene våre? Ring 99 88 77 66.")
		f, err := q.Form(ctx, "k", kiveileder.Bokmal)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(f.Question, "Må vi søke REK") || strings.Contains(f.Question, "99 88") || f.Project != "Formål: Helseforskning" || f.Agency != "dmp" || f.Expected.IsZero() || !f.Contact {
			t.Errorf("form %+v", f)
		}
		h := queue.HandOver{ID: "h1", Question: f.Question, Agency: "hdir", Publish: true, Conversation: "secret-id",
			Contact: guidance.Contact{Name: "Kari", Email: "kari@example.no"}}
		c, err := q.HandOver(ctx, "k", h)
		if err != nil {
			t.Fatal(err)
		}
		if c.Number != "KI-2026-0001" || c.State != guidance.IsReceived || c.Agencies[0] != "hdir" || c.Names["hdir"][kiveileder.English] == "" || !c.HasMail || c.Expected.IsZero() {
			t.Errorf("case %+v", c)
		}
		again, err := q.HandOver(ctx, "k", h)
		if err != nil || again.ID != c.ID {
			t.Errorf("sent again it is %s (%v), want %s", again.ID, err, c.ID)
		}
		mine, err := q.Mine(ctx, "k")
		if err != nil || len(mine) != 1 || mine[0].Number != c.Number {
			t.Errorf("mine: %+v, %v", mine, err)
		}
		if others, err := q.Mine(ctx, "another"); err != nil || len(others) != 0 {
			t.Errorf("another's: %+v, %v", others, err)
		}
		snap, err := w.cases.Load(ctx, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		r := snap.Case.Received
		if len(r.Transcript) != 2 || !r.Transcript[1].Automated || len(r.Findings) != 1 || len(r.Passages) != 1 || !slices.Equal(r.Agencies, []string{"hdir", "dmp"}) {
			t.Errorf("prepared: %+v", r)
		}
		who, err := w.cases.Contact(ctx, c.ID, guidance.Actor{ID: "courier", Role: guidance.System})
		if err != nil || who.Conversation != "secret-id" {
			t.Errorf("the letters' link: %+v, %v", who, err)
		}
		if who, err = q.Contact(ctx, bodil, c.ID); err != nil || who.Conversation != "" || who.Name != "Kari" {
			t.Errorf("a lawyer sees %+v, %v", who, err)
		}
	})
}

// Without a conversation, as from another program, a case is prepared from the
// question alone.
func TestHandOverAlone(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		c, err := q.HandOver(t.Context(), "k", queue.HandOver{ID: "1", Question: "Er dette medisinsk utstyr?"})
		if err != nil {
			t.Fatal(err)
		}
		snap, err := w.cases.Load(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if r := snap.Case.Received; len(r.Passages) != 1 || len(r.Findings) != 1 || len(r.Agencies) == 0 || r.Title != "Er dette medisinsk utstyr?" {
			t.Errorf("prepared: %+v", r)
		}
	})
}

func TestHandOverRefused(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		for name, h := range map[string]queue.HandOver{
			"no question":   {ID: "1", Question: "  "},
			"no id":         {Question: "Hva?"},
			"a long text":   {ID: "1", Question: strings.Repeat("å", 8_001)},
			"no agency":     {ID: "1", Question: "Hva?", Agency: "nav"},
			"not behind it": {ID: "1", Question: "Hva?", Agency: "rek"},
			"bad address":   {ID: "1", Question: "Hva?", Contact: guidance.Contact{Email: "kari@"}},
			"two lines":     {ID: "1", Question: "Hva?", Contact: guidance.Contact{Name: "a\r\nBcc: b@example.no"}},
		} {
			if _, err := q.HandOver(t.Context(), "k", h); kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		for i := range 10 {
			if _, err := q.HandOver(t.Context(), "k", queue.HandOver{ID: string(rune('a' + i)), Question: "Hva?"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := q.HandOver(t.Context(), "k", queue.HandOver{ID: "one too many", Question: "Hva?"}); kiveileder.ErrorCode(err) != kiveileder.CodeConflict {
			t.Errorf("an eleventh: %v", err)
		}
	})
}

// do has somebody do something, having seen all, and wants it done.
func do(t *testing.T, q queue.Calls, id string, who guidance.Actor, kind guidance.Kind, data any) queue.DeskCase {
	t.Helper()
	c, err := q.Case(t.Context(), who, id, false)
	if err != nil {
		t.Fatalf("%s as %s: %v", kind, who.ID, err)
	}
	r, err := q.Do(t.Context(), id, guidance.Command{Actor: who, Kind: kind, Data: data, Seen: c.Seq})
	if err != nil || r.Refused != nil {
		t.Fatalf("%s as %s: %v, refused %+v", kind, who.ID, err, r.Refused)
	}
	return r.Case
}

// answered brings a case of both agencies to its answer.
func answered(t *testing.T, q queue.Calls, key string) queue.DeskCase {
	t.Helper()
	c, err := q.HandOver(t.Context(), key, queue.HandOver{ID: "1", Question: "Må vi søke REK for bildene ved Haukeland?", Agency: "hdir", Publish: true})
	if err != nil {
		t.Fatal(err)
	}
	do(t, q, c.ID, bodil, guidance.Claimed, nil)
	do(t, q, c.ID, bodil, guidance.Assessed, nil)
	draft := guidance.Draft{
		Sections: []guidance.Section{{Question: "Må vi søke?", Text: "Ja, etter helseforskningsloven § 9."}},
		Quotes:   []rules.Quote{{Source: "formal-2024", Passage: passage, Text: "Må ha etisk forhåndsgodkjenning fra REK"}},
	}
	d := do(t, q, c.ID, bodil, guidance.DraftSaved, guidance.DraftSavedData{Draft: draft})
	do(t, q, c.ID, bodil, guidance.Submitted, guidance.SubmittedData{Hash: d.Hash})
	do(t, q, c.ID, bodil, guidance.Signed, guidance.SignedData{Hash: d.Hash, Verdict: guidance.Approve})
	do(t, q, c.ID, anne, guidance.Signed, guidance.SignedData{Hash: d.Hash, Verdict: guidance.Approve})
	return do(t, q, c.ID, bodil, guidance.Sent, guidance.SentData{Hash: d.Hash})
}

// Two agencies answer as one; the asker sees the answer and none of the rest.
func TestAnswer(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		ctx := t.Context()
		d := answered(t, q, "k")
		do(t, q, d.ID, bodil, guidance.Noted, guidance.NotedData{Text: "Bare for oss."})
		mine, err := q.Mine(ctx, "k")
		if err != nil || len(mine) != 1 {
			t.Fatal(mine, err)
		}
		m := mine[0]
		if m.State != guidance.Answered || len(m.Answers) != 1 || m.Answers[0].Draft.Sections[0].Text != "Ja, etter helseforskningsloven § 9." || !m.Expected.IsZero() {
			t.Errorf("the asker sees %+v", m)
		}
		if quote := m.Answers[0].Draft.Quotes[0]; quote.Title != "Avklare formål" || quote.Date != "2024-02-14" || quote.URL != "/kilder/formal-2024#helseforskning-gdnq" {
			t.Errorf("quoted as %+v", quote)
		}
		if !slices.Contains(m.May, guidance.Reopened) || slices.Contains(m.May, guidance.Withdrawn) {
			t.Errorf("the asker may %v", m.May)
		}
		for who, notes := range map[*guidance.Actor]int{&bodil: 1, &anne: 0} {
			c, err := q.Case(ctx, *who, d.ID, false)
			if err != nil || len(c.Notes) != notes {
				t.Errorf("%s sees %d notes, %v; want %d", who.ID, len(c.Notes), err, notes)
			}
		}
		outsider := guidance.Actor{ID: "erik", Role: guidance.Lawyer, Agency: "datatilsynet"}
		if _, err := q.Case(ctx, outsider, d.ID, false); kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
			t.Errorf("an agency that is not on the case: %v", err)
		}
		r, err := q.Do(ctx, d.ID, guidance.Command{Actor: outsider, Kind: guidance.Noted, Data: guidance.NotedData{Text: "x"}, Seen: 100})
		if kiveileder.ErrorCode(err) != kiveileder.CodeNotFound || r.Case.ID != "" {
			t.Errorf("and does: %+v, %v", r, err)
		}
	})
}

// What is refused says why, and shows how the case stands.
func TestRefusals(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		ctx := t.Context()
		c, err := q.HandOver(ctx, "k", queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir"})
		if err != nil {
			t.Fatal(err)
		}
		do(t, q, c.ID, bodil, guidance.Claimed, nil)
		for _, x := range []struct {
			name  string
			cmd   guidance.Command
			guard string
			code  kiveileder.Code
		}{
			{"a collision", guidance.Command{Actor: cato, Kind: guidance.Claimed, Seen: 1}, "held", kiveileder.CodeConflict},
			{"no reason", guidance.Command{Actor: cato, Kind: guidance.TakenOver, Seen: 2}, "reason", kiveileder.CodeInvalid},
			{"not the holder", guidance.Command{Actor: cato, Kind: guidance.Assessed, Seen: 2}, "holder", kiveileder.CodeConflict},
			{"a role that may not", guidance.Command{Actor: guidance.Actor{ID: "d", Role: guidance.Analyst, Agency: "hdir"}, Kind: guidance.Claimed, Seen: 2}, "role", kiveileder.CodeConflict},
		} {
			r, err := q.Do(ctx, c.ID, x.cmd)
			if err != nil || r.Refused == nil || r.Refused.Guard != x.guard || r.Refused.Code != x.code || r.Refused.Text[kiveileder.Nynorsk] == "" || r.Case.ID != c.ID {
				t.Errorf("%s: %+v, %v", x.name, r.Refused, err)
			}
			if x.guard == "held" && r.Refused != nil && r.Refused.Lease.Holder.Name != "Bodil" {
				t.Errorf("it does not say who has it: %+v", r.Refused.Lease)
			}
		}
		if _, err := q.Tell(ctx, "k", c.ID, guidance.Command{ID: "a", Kind: guidance.Added, Data: guidance.AddedData{Text: "Mer."}}); err != nil {
			t.Fatal(err)
		}
		r, err := q.Do(ctx, c.ID, guidance.Command{Actor: bodil, Kind: guidance.Assessed, Seen: 2})
		if err != nil || r.Refused == nil || r.Refused.Guard != "moved" || len(r.Refused.Events) != 1 || r.Refused.Events[0].Kind != guidance.Added {
			t.Errorf("the case moved: %+v, %v", r.Refused, err)
		}
		if _, err := q.Tell(ctx, "another", c.ID, guidance.Command{ID: "b", Kind: guidance.Added, Data: guidance.AddedData{Text: "Mer."}}); kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
			t.Errorf("another asker: %v", err)
		}
	})
}
