package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/internal/postgres"
	"kiveileder/internal/rpc"
	"kiveileder/internal/sqlite"
	"kiveileder/internal/stacktest"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancetest"
	"kiveileder/services/queue"
	"kiveileder/services/rules"
)

// stores are those that a desk of size is measured over.
func stores(b *testing.B, run func(b *testing.B, open func(b *testing.B) (s guidance.Store, settle func()))) {
	b.Run("sqlite", func(b *testing.B) {
		run(b, func(b *testing.B) (guidance.Store, func()) {
			db, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "kiveileder.db"))
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = db.Close() })
			return db.Guidance(), func() {}
		})
	})
	b.Run("postgres", func(b *testing.B) {
		run(b, func(b *testing.B) (guidance.Store, func()) {
			db, err := postgres.Open(b.Context(), postgres.Config{URL: stacktest.Postgres(b), MaxConns: 10})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = db.Close() })
			return db.Guidance(), func() { // as it does by itself before long
				if _, err := db.Pool().Exec(b.Context(), `VACUUM ANALYZE guidance_case, guidance_kept`); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

// 20,000 open cases are listed as one asks for them at the desk.
func BenchmarkList(b *testing.B) {
	stores(b, func(b *testing.B, open func(b *testing.B) (guidance.Store, func())) {
		s, settle := open(b)
		guidancetest.Many(b, s, 20_000)
		settle()
		q := queue.New(queue.Config{Cases: guidance.New(guidance.Config{Store: s})})
		lead, admin := guidancetest.Anne, guidancetest.Dina
		few := guidance.Actor{ID: "kim", Role: guidance.Lawyer, Agency: "datatilsynet"}
		for _, c := range []struct {
			name string
			who  guidance.Actor
			w    queue.DeskQuery
		}{
			{"first", lead, queue.DeskQuery{States: guidance.TheFlow.Open}},
			{"admin", admin, queue.DeskQuery{States: guidance.TheFlow.Open}},
			{"few", few, queue.DeskQuery{States: guidance.TheFlow.Open}},
			{"mine", lead, queue.DeskQuery{States: guidance.TheFlow.Open, Holder: "me"}},
			{"late", lead, queue.DeskQuery{States: guidance.TheFlow.Open, Late: true}},
			{"unread", lead, queue.DeskQuery{States: guidance.TheFlow.Open, Unread: true}},
			{"sign", lead, queue.DeskQuery{Sign: true}},
			{"words", lead, queue.DeskQuery{States: guidance.TheFlow.Open, Text: "nummer 17?"}},
			{"no words", lead, queue.DeskQuery{States: guidance.TheFlow.Open, Text: "finnes ikke"}},
			{"review", lead, queue.DeskQuery{Review: true}},
		} {
			b.Run(c.name, func(b *testing.B) {
				best := time.Hour // others may use the machine
				for b.Loop() {
					began := time.Now()
					if _, err := q.List(b.Context(), c.who, c.w); err != nil {
						b.Fatal(err)
					}
					best = min(best, time.Since(began))
				}
				b.ReportMetric(float64(best.Microseconds())/1000, "best-ms")
			})
		}
	})
}

// A case of nearly as many events as one may have is opened at the desk, near
// and far: the first time, and again when somebody has written a note.
func BenchmarkLongCase(b *testing.B) {
	stores(b, func(b *testing.B, open func(b *testing.B) (guidance.Store, func())) {
		s, _ := open(b)
		guidancetest.Long(b, s, "long", 4_800)
		service := func() *queue.Queue {
			return queue.New(queue.Config{Cases: guidance.New(guidance.Config{Store: s}), Rules: func() *rules.Set { return theRules }})
		}
		kept := service()
		srv := &rpc.Server{}
		queue.Handle(srv, kept)
		web := httptest.NewServer(srv)
		b.Cleanup(web.Close)
		client, err := rpc.NewClient(rpc.Options{Name: "services", URLs: web.URL})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(client.Close)
		look := func(b *testing.B, q queue.Calls, best *time.Duration) {
			b.Helper()
			began := time.Now()
			c, err := q.Case(b.Context(), guidancetest.Anne, "long", false)
			if err != nil {
				b.Fatal(err)
			}
			body, err := json.Marshal(c)
			if err != nil || len(c.Log) == 0 {
				b.Fatal(err)
			}
			*best = min(*best, time.Since(began))
			b.ReportMetric(float64(len(body)), "B/case")
			b.ReportMetric(float64(best.Microseconds())/1000, "best-ms")
		}
		b.Run("first", func(b *testing.B) {
			best := time.Hour
			for b.Loop() {
				look(b, service(), &best)
			}
		})
		b.Run("again", func(b *testing.B) {
			best := time.Hour
			for b.Loop() {
				look(b, kept, &best)
			}
		})
		b.Run("far", func(b *testing.B) {
			best := time.Hour
			for b.Loop() {
				look(b, queue.NewClient(client), &best)
			}
		})
		b.Run("note", func(b *testing.B) {
			for b.Loop() {
				_, err := kept.Do(b.Context(), "long", guidance.Command{Actor: guidancetest.Anne, Kind: guidance.Noted, Data: guidance.NotedData{Text: "Ringt."}, Seen: 4_800})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

// However many cases there are, no more rows are read than are shown, whatever
// is asked for and counted.
func TestListReadsAPage(t *testing.T) {
	store := &readRows{Store: guidance.NewMemory()}
	guidancetest.Many(t, store, 300)
	now := func() time.Time { return time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC) }
	q := queue.New(queue.Config{Cases: guidance.New(guidance.Config{Store: store, Now: now})})
	for name, w := range map[string]queue.DeskQuery{
		"open": {States: guidance.TheFlow.Open}, "unread": {Unread: true}, "sign": {Sign: true}, "review": {Review: true}, "another agency's": {Agency: "datatilsynet"},
	} {
		store.rows = 0
		p, err := q.List(t.Context(), guidancetest.Anne, w)
		if err != nil || store.rows > 51 {
			t.Errorf("%s: %d rows read, %v", name, store.rows, err)
		}
		if want := map[string]int{"open": 300, "mine": 30, "free": 270, "unread": 262, "late": 75, "sign": 50, "review": 0}; !maps.Equal(p.Count, want) {
			t.Errorf("%s: counted %v, want %v", name, p.Count, want)
		}
	}
	store.rows = 0
	if err := q.Count(t.Context()); err != nil || store.rows > 0 {
		t.Errorf("figures: %d rows read, %v", store.rows, err)
	}
}

// readRows counts the rows that lists give.
type readRows struct {
	guidance.Store
	rows int
}

func (s *readRows) List(ctx context.Context, f guidance.Filter) ([]guidance.Row, error) {
	rows, err := s.Store.List(ctx, f)
	s.rows += len(rows)
	return rows, err
}

// A long case comes in pieces, which together are all of it; the desk's first
// look is a small part, and has the draft that holds.
func TestLongCase(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		ctx := t.Context()
		guidancetest.Long(t, w.cases.Store, "long", 1_000)
		whole, err := w.cases.Load(ctx, "long")
		if err != nil {
			t.Fatal(err)
		}
		c, err := q.Case(ctx, guidancetest.Anne, "long", false)
		if err != nil || c.Seq != 1_000 || len(c.Log) != 200 || c.Earlier != 800 {
			t.Fatalf("seq %d, %d events, %d earlier, %v", c.Seq, len(c.Log), c.Earlier, err)
		}
		if body, err := json.Marshal(c); err != nil || len(body) > 400_000 {
			t.Errorf("%d bytes, %v", len(body), err)
		}
		log, drafts := c.Log, c.Drafts
		for range 4 {
			past, err := q.Earlier(ctx, guidancetest.Anne, "long", log[0].Seq)
			if err != nil {
				t.Fatal(err)
			}
			log, drafts = slices.Concat(past.Log, log), slices.Concat(past.Drafts, drafts)
			if past.Earlier != log[0].Seq-1 {
				t.Errorf("%d earlier than %d", past.Earlier, log[0].Seq)
			}
		}
		for i, e := range log {
			if e.Seq != int64(i)+1 || e.Kind != whole.Log[i].Kind {
				t.Fatalf("event %d: %d, %s", i+1, e.Seq, e.Kind)
			}
			if d, ok := e.Data.(guidance.DraftSavedData); ok && (!d.Draft.Empty() || d.Hash == "") {
				t.Fatalf("draft in the log: %+v", d)
			}
		}
		if d := cmp.Diff(whole.Case.Drafts, drafts); d != "" {
			t.Error(d)
		}
		past, err := q.Earlier(ctx, guidancetest.Anne, "long", 1)
		if err != nil || len(past.Log)+len(past.Drafts) > 0 || past.Earlier != 0 {
			t.Errorf("before the first: %+v, %v", past, err)
		}
		if _, err := q.Earlier(ctx, guidance.Actor{ID: "eva", Role: guidance.Lawyer, Agency: "other"}, "long", 100); kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
			t.Errorf("no business of hers: %v", err)
		}

		// a draft that is older than all that is shown is there all the same
		notes := guidance.Batch{Case: "long", Expect: 1_000, Row: guidance.Row{State: whole.Case.State, Agencies: whole.Case.Agencies, Holder: whole.Case.Holder, Opened: whole.Case.Opened, Changed: whole.Case.Changed, Asker: whole.Case.Asker}}
		for seq := int64(1_001); seq <= 1_200; seq++ {
			notes.Events = append(notes.Events, guidance.Event{
				Seq: seq, ID: fmt.Sprint("note", seq), At: whole.Case.Changed, Actor: guidancetest.Anne, Kind: guidance.Noted, Data: guidance.NotedData{Agency: "hdir", Text: "Ringt."},
			})
		}
		if err := w.cases.Store.Append(ctx, notes); err != nil {
			t.Fatal(err)
		}
		if _, err := q.Do(ctx, "long", guidance.Command{ID: "note", Actor: guidancetest.Anne, Kind: guidance.Noted, Data: guidance.NotedData{Text: "Ringt."}, Seen: 1_200}); err != nil {
			t.Fatal(err)
		}
		c, err = q.Case(ctx, guidancetest.Anne, "long", false)
		if n := len(whole.Case.Drafts); err != nil || len(c.Drafts) != 1 || c.Drafts[0].Number != n || c.Hash != whole.Case.Drafts[n-1].Hash {
			t.Errorf("%d drafts, %v", len(c.Drafts), err)
		}
	})
}

// Cases are near in meaning as their vectors say, which are made in the
// background, kept with the cases, and made again for another model. Where
// nothing embeds, all else is compared.
func TestSimilarInMeaning(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		ctx := t.Context()
		m := &fakeMeaning{model: "m1"}
		w.queue.Config.Meaning = m
		w.queue = queue.New(w.queue.Config)
		if _, far := q.(*queue.Client); far {
			q = w.far()
		} else {
			q = w.queue
		}
		open := func(id, question string) {
			t.Helper()
			d := guidance.ReceivedData{Question: question, Agencies: []string{"hdir"}}
			if _, err := w.cases.Open(ctx, id, guidancetest.Person, d, guidance.Contact{}); err != nil {
				t.Fatal(err)
			}
		}
		why := func() map[string][]string {
			t.Helper()
			s, err := q.Similar(ctx, guidancetest.Anne, "c1")
			if err != nil {
				t.Fatal(err)
			}
			out := map[string][]string{}
			for _, c := range s.Cases {
				for _, w := range c.Why {
					if w[kiveileder.Nynorsk] == "" || w[kiveileder.English] == "" {
						t.Errorf("%v: not in every language", w)
					}
					out[c.ID] = append(out[c.ID], w[kiveileder.Bokmal])
				}
			}
			return out
		}
		is := func(what string, want map[string][]string) {
			t.Helper()
			if d := cmp.Diff(want, why()); d != "" {
				t.Errorf("%s: -want +got:\n%s", what, d)
			}
		}
		open("c1", "Røntgen?")
		open("c2", "Skjelett avbildet med stråler!")
		open("c3", "Insulin.")
		is("only that of the case itself is made while somebody waits", map[string][]string{})
		if err := w.queue.Embed(ctx); err != nil || m.made != 3 {
			t.Fatalf("%d made, %v", m.made, err)
		}
		is("made", map[string][]string{"c2": {"nær i mening"}})
		if err := w.queue.Embed(ctx); err != nil || m.made != 3 {
			t.Errorf("%d made again, %v", m.made-3, err)
		}

		m.model = "m2"
		is("of another model", map[string][]string{})
		if err := w.queue.Embed(ctx); err != nil || m.made != 6 {
			t.Errorf("%d made, %v", m.made, err)
		}
		is("made again", map[string][]string{"c2": {"nær i mening"}})

		m.model, m.away = "m3", errors.New("the retriever is away")
		is("away", map[string][]string{})
		if err := w.queue.Embed(ctx); !errors.Is(err, m.away) {
			t.Errorf("away: %v", err)
		}
		m.away = nil

		// of a case whose texts are gone there is nothing to be made
		for i, c := range []guidance.Command{
			{Actor: guidancetest.Person, Kind: guidance.Withdrawn, Seen: 1},
			{Actor: guidancetest.Dina, Kind: guidance.Anonymised, Data: guidance.AnonymisedData{Reason: "Bedt om."}, Seen: 2},
		} {
			if _, _, err := w.cases.Do(ctx, "c2", c); err != nil {
				t.Fatal(i, err)
			}
		}
		for range 2 {
			if err := w.queue.Embed(ctx); err != nil || m.made != 8 {
				t.Errorf("%d made, %v", m.made, err)
			}
		}
		is("its texts are gone", map[string][]string{})
	})
}

// fakeMeaning knows two meanings.
type fakeMeaning struct {
	model string
	made  int
	away  error
}

func (m *fakeMeaning) Model() string { return m.model }

func (m *fakeMeaning) Vectors(_ context.Context, questions []string) (out [][]float32, err error) {
	for _, q := range questions {
		v := []float32{0, 1}
		if strings.Contains(q, "Røntgen") || strings.Contains(q, "stråler") {
			v = []float32{1, 0}
		}
		out = append(out, v)
	}
	if m.away != nil {
		return nil, m.away
	}
	m.made += len(questions)
	return out, nil
}

func (m *fakeMeaning) Place(v []float32) []float32 { return v }

// The register comes in pages, which together are all of it, in either order.
func TestAnswersInPages(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		var numbers []string
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			w.now = w.now.Add(time.Hour)
			numbers = append([]string{publish(t, q, answered(t, q, key)).Number}, numbers...)
		}
		for name, c := range map[string]struct {
			w    queue.AnswersQuery
			want []string
			of   int
		}{
			"all":          {queue.AnswersQuery{}, numbers, 5},
			"a page":       {queue.AnswersQuery{Most: 2}, numbers[:2], 5},
			"the last one": {queue.AnswersQuery{From: 4, Most: 2}, numbers[4:], 5},
			"after it":     {queue.AnswersQuery{From: 6, Most: 2}, nil, 5},
			"before all":   {queue.AnswersQuery{From: -3, Most: 1}, numbers[:1], 5},
			"by change":    {queue.AnswersQuery{Changed: true, From: 1, Most: 3}, numbers[1:4], 5},
			"by a number":  {queue.AnswersQuery{Words: numbers[3], Most: 9}, numbers[3:4], 1},
		} {
			p, err := q.Answers(t.Context(), c.w)
			var got []string
			for _, e := range p.Answers {
				got = append(got, e.Number)
			}
			if err != nil || p.Total != c.of || !slices.Equal(got, c.want) {
				t.Errorf("%s: %v of %d, %v; want %v of %d", name, got, p.Total, err, c.want, c.of)
			}
		}
	})
}
