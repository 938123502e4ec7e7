package queue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/retriever"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
	"kiveileder/services/rules"
)

// answers keeps the entries of the register as they were when their cases were
// last read: a case is read again when it has moved.
type answers struct {
	mu      sync.Mutex       // guards what follows
	entries map[string]known // by case
	now     *shelf
}

// A shelf is the whole register as it stood, and what it is looked through by.
type shelf struct {
	stamp  string // of the cases, how far they had come, and the day
	all    []register.Entry
	cases  map[string]string // by number: the case
	finder func() *register.Finder
	traces func() []register.Trace // of those that are not withdrawn
}

func newShelf(stamp string, entries []register.Entry) *shelf {
	s := &shelf{stamp: stamp, all: register.Newest(entries), cases: map[string]string{}}
	s.finder = sync.OnceValue(func() *register.Finder { return register.NewFinder(s.all) })
	s.traces = sync.OnceValue(func() (out []register.Trace) {
		for _, e := range s.all {
			if e.Status != guidance.Retracted {
				out = append(out, register.TraceEntry(e))
			}
		}
		return out
	})
	return s
}

type known struct {
	seq   int64
	entry register.Entry
}

func address(number string) string { return register.Address(number) }

func (q *Queue) today() string { return register.Day(q.now()) }

// entries gives the whole register, the newest first. It is to be read only.
func (q *Queue) entries(ctx context.Context) ([]register.Entry, error) {
	s, err := q.shelf(ctx)
	if err != nil {
		return nil, err
	}
	return s.all, nil
}

func (q *Queue) shelf(ctx context.Context) (*shelf, error) {
	rows, err := q.Cases.Store.List(ctx, guidance.Filter{Register: true, Limit: everything})
	if err != nil {
		return nil, err
	}
	stamp := []byte(q.today())
	for _, r := range rows {
		stamp = fmt.Appendf(stamp, "\n%s %d", r.ID, r.Seq)
	}
	q.register.mu.Lock()
	s := q.register.now
	q.register.mu.Unlock()
	if s != nil && s.stamp == string(stamp) {
		return s, nil
	}
	out := make([]register.Entry, 0, len(rows))
	for _, r := range rows {
		e, ok, err := q.register.entry(ctx, q.Cases, r)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, e.On(q.today()))
		}
	}
	s = newShelf(string(stamp), out)
	for _, r := range rows {
		s.cases[r.Number] = r.ID
	}
	q.register.mu.Lock()
	q.register.now = s
	q.register.mu.Unlock()
	return s, nil
}

func (a *answers) entry(ctx context.Context, cases *guidance.Service, r guidance.Row) (register.Entry, bool, error) {
	a.mu.Lock()
	k, ok := a.entries[r.ID]
	a.mu.Unlock()
	if ok && k.seq >= r.Seq {
		return k.entry, true, nil
	}
	snap, err := cases.Load(ctx, r.ID)
	if err != nil {
		return register.Entry{}, false, err
	}
	e, ok := register.FromCase(snap.Number, snap.Case)
	if ok {
		a.mu.Lock()
		if a.entries == nil {
			a.entries = map[string]known{}
		}
		a.entries[r.ID] = known{snap.Case.Seq, e}
		a.mu.Unlock()
	}
	return e, ok, nil
}

// Answers implements Calls.
func (q *Queue) Answers(ctx context.Context, w AnswersQuery) (AnswersPage, error) {
	s, err := q.shelf(ctx)
	if err != nil {
		return AnswersPage{}, err
	}
	all := s.all
	if w.Words != "" {
		all = s.finder().Find(w.Words)
	}
	if w.Changed {
		all = register.ByChange(all)
	}
	page := AnswersPage{Total: len(all)}
	from := min(max(w.From, 0), len(all))
	to := len(all)
	if w.Most > 0 {
		to = min(from+w.Most, len(all))
	}
	page.Answers = append([]register.Entry{}, all[from:to]...)
	return page, nil
}

var errNoAnswer = say.Error(kiveileder.CodeNotFound, "no_answer")

// Answer implements Calls.
func (q *Queue) Answer(ctx context.Context, number string) (register.Entry, error) {
	rows, err := q.Cases.Store.List(ctx, guidance.Filter{Number: number, Register: true, Limit: 1})
	if err != nil || len(rows) == 0 || number == "" {
		return register.Entry{}, cmpError(err, errNoAnswer)
	}
	e, ok, err := q.register.entry(ctx, q.Cases, rows[0])
	if err != nil || !ok {
		return register.Entry{}, cmpError(err, errNoAnswer)
	}
	return e.On(q.today()), nil
}

func cmpError(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// nearMost is how many published answers are shown before a case is made, and
// nearHits among how many of the first passages they must stand: a nearer one
// in a source is no answer of ki.veiledning, but says how near this one is.
const nearMost, nearHits = 3, 8

// near gives published answers to questions like this one. They are a help: an
// asker is not held up for want of them.
func (q *Queue) near(ctx context.Context, question string) []Near {
	out := []Near{}
	all, err := q.entries(ctx)
	if err == nil && len(all) == 0 {
		return out
	}
	var res retriever.Result
	if err == nil {
		res, err = q.Search.Search(ctx, retriever.Query{Text: question, K: nearHits})
	}
	if err != nil {
		if ctx.Err() == nil {
			q.Log.Warn("published answers near to a question not found", zap.Error(err))
		}
		return out
	}
	for _, h := range res.Hits {
		i := slices.IndexFunc(all, func(e register.Entry) bool { return register.SourceID(e.Number) == h.Passage.Source })
		if i < 0 || all[i].Status != guidance.Valid || slices.ContainsFunc(out, func(n Near) bool { return n.Number == all[i].Number }) {
			continue
		}
		if out = append(out, nearOf(all[i], nil)); len(out) == nearMost {
			break
		}
	}
	return out
}

func nearOf(e register.Entry, why []rules.Text) Near {
	return Near{
		Number: e.Number, Title: e.Title, Question: e.Question, Published: register.Day(e.Current), Agencies: e.Agencies, URL: e.URL, Why: why,
	}
}

// Wake has published answers looked at soon.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default: // it is about to
	}
}

// settleEvery is how often is looked whether the documents still say what the
// register says: an answer's last day may be over, or a crash came between.
const settleEvery = time.Minute

// Run keeps the searched answers as the register says, and looks after cases
// that wait, until ctx ends.
func (q *Queue) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { q.keepCounting(ctx) })
	wg.Go(func() { q.keepMeaning(ctx) })
	wg.Go(func() { q.keepWaiting(ctx) })
	t := time.NewTicker(settleEvery)
	defer t.Stop()
	for {
		if err := q.Settle(ctx); err != nil && ctx.Err() == nil {
			q.Log.Error("published answers not settled", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-q.wake:
		}
	}
}

// Settle puts answers under review whose sources or rules have changed, and
// makes what is searched the same as what is published and valid. Doing it
// again, or in several replicas, changes nothing more.
func (q *Queue) Settle(ctx context.Context) error {
	q.settle.Lock()
	defer q.settle.Unlock()
	err := q.review(ctx)
	if err != nil {
		err = fmt.Errorf("review: %w", err)
	}
	return errors.Join(err, q.stand(ctx)) // one that cannot be looked at keeps back no other
}

// stand makes what is searched the same as what is published and valid.
func (q *Queue) stand(ctx context.Context) error {
	files, err := q.Docs.Files(ctx)
	if err != nil {
		return err
	}
	want, err := q.documents(ctx, files)
	if err != nil {
		return err
	}
	stand, err := want.Stand(files)
	if err != nil {
		return err
	}
	vectors := q.vectors(ctx, want, files)
	if stand && len(vectors) == 0 {
		return nil
	}
	changed := 0
	err = q.Docs.Change(ctx, func(dir string) error { // as the register is by now: another replica may have been faster
		want, err := q.documents(ctx, os.DirFS(dir))
		if err == nil {
			changed, err = want.Put(dir)
		}
		return cmpError(err, register.Keep(dir, vectors))
	})
	if err == nil && changed+len(vectors) > 0 {
		q.Log.Info("published answers put among the documents", zap.Int("changed", changed))
		q.Changed()
	}
	return err
}

// packTime is how long an answer waits for its vectors at most: without them it
// is found too, as soon as whoever searches has made them.
const packTime = 10 * time.Second

// vectors embeds what is to be searched, once for all who search.
func (q *Queue) vectors(ctx context.Context, d register.Documents, files fs.FS) map[string][]byte {
	if q.Pack == nil {
		return nil
	}
	if q.packed == nil {
		q.packed = map[string][32]byte{}
	}
	within, cancel := context.WithTimeout(ctx, packTime)
	defer cancel()
	out, err := d.Pack(within, files, q.Pack, q.packed)
	if err != nil && ctx.Err() == nil {
		q.Log.Warn("published answers are embedded where they are searched", zap.Error(err))
	}
	return out
}

func (q *Queue) documents(ctx context.Context, files fs.FS) (register.Documents, error) {
	all, err := q.entries(ctx)
	if err != nil {
		return register.Documents{}, err
	}
	taken, err := register.Asked(files)
	if err != nil {
		return register.Documents{}, err
	}
	return register.NewDocuments(q.today(), q.name, taken, all...)
}

// name gives the name of an agency in bokmål, its key when it is unknown.
func (q *Queue) name(key string) string {
	if set := q.Rules(); set != nil {
		if a, ok := set.Agency(key); ok {
			return a.Name.Get(kiveileder.Bokmal)
		}
	}
	return key
}

// reviewer is who finds that an answer must be looked at again.
var reviewer = guidance.Actor{ID: "register", Role: guidance.System}

// review puts answers under review whose last day is over, or that lean on what
// has changed.
func (q *Queue) review(ctx context.Context) error {
	rows, err := q.Cases.Store.List(ctx, guidance.Filter{Register: true, Limit: everything})
	if err != nil {
		return err
	}
	var failed []error
	for _, r := range rows {
		if r.Published != string(guidance.Valid) {
			continue
		}
		e, ok, err := q.register.entry(ctx, q.Cases, r)
		if err != nil || !ok {
			failed = append(failed, err)
			continue
		}
		reason, changed := q.Ground().Changed(e)
		if today := e.On(q.today()); today.Status != e.Status {
			reason, changed = today.Reasons, true
		}
		if !changed {
			continue
		}
		// the same finding of another replica is the same command
		id := "review-" + caseID(r.ID, fmt.Sprint(r.Seq, reason[kiveileder.Bokmal]))
		_, _, err = q.Cases.Do(ctx, r.ID, guidance.Command{ID: id, Actor: reviewer, Kind: guidance.ReviewBegan, Data: guidance.ReviewBeganData{Reason: reason[kiveileder.Bokmal], Texts: reason}})
		if err == nil {
			q.Log.Info("published answer under review", zap.String("number", r.Number), zap.String("reason", reason[kiveileder.Bokmal]))
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// mostCompared is how many cases a case is compared with: the newest.
const mostCompared = 300

// Similar implements Calls.
func (q *Queue) Similar(ctx context.Context, who guidance.Actor, id string) (Similar, error) {
	out := Similar{Cases: []register.Match{}, Answers: []Near{}}
	snap, err := q.Cases.Load(ctx, id)
	if err != nil {
		return out, err
	}
	if _, err := guidance.ForAgency(snap, who); err != nil {
		return out, err
	}
	of := register.TraceCase(snap.ID, snap.Number, snap.Case)
	rows, err := q.Cases.Store.List(ctx, guidance.Filter{Agency: who.Agency, Limit: mostCompared})
	if err != nil {
		return out, err
	}
	reg, err := q.shelf(ctx)
	if err != nil {
		return out, err
	}
	ids := []string{id}
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	for _, published := range reg.cases {
		ids = append(ids, published)
	}
	places := q.places(ctx, ids)
	of = of.Means(places[id])
	var others []register.Trace
	for _, r := range rows {
		t, err := q.traces.of(ctx, q.Cases, r)
		if err != nil {
			return out, err
		}
		others = append(others, t.Means(places[r.ID]))
	}
	const most = 8
	if near := register.Near(of, others, q.Rules()); len(near) > 0 {
		out.Cases = near[:min(most, len(near))]
	}
	answers := slices.Clone(reg.traces())
	for i, t := range answers {
		answers[i] = t.Means(places[reg.cases[t.Number]])
	}
	near := register.Near(of, answers, q.Rules())
	for _, m := range near[:min(most, len(near))] {
		i := slices.IndexFunc(reg.all, func(e register.Entry) bool { return e.Number == m.Number })
		out.Answers = append(out.Answers, nearOf(reg.all[i], m.Why))
	}
	return out, nil
}

// traces keeps what cases are compared by, until they move.
type traces struct {
	mu   sync.Mutex
	kept map[string]trace

	places map[string]place // by case
}

type trace struct {
	seq int64
	register.Trace
}

func (t *traces) of(ctx context.Context, cases *guidance.Service, r guidance.Row) (register.Trace, error) {
	t.mu.Lock()
	k, ok := t.kept[r.ID]
	t.mu.Unlock()
	if ok && k.seq >= r.Seq {
		return k.Trace, nil
	}
	snap, err := cases.Load(ctx, r.ID)
	if err != nil {
		return register.Trace{}, err
	}
	k = trace{snap.Case.Seq, register.TraceCase(r.ID, snap.Number, snap.Case)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept == nil || len(t.kept) > 4*mostCompared { // of agencies that ask in turn
		t.kept = map[string]trace{}
	}
	t.kept[r.ID] = k
	return k.Trace, nil
}

var errUnanswered = say.Error(kiveileder.CodeConflict, "unanswered")

// Proposal implements Calls.
func (q *Queue) Proposal(ctx context.Context, who guidance.Actor, id string) (Proposal, error) {
	snap, err := q.Cases.Load(ctx, id)
	if err != nil {
		return Proposal{}, err
	}
	if snap, err = guidance.ForAgency(snap, who); err != nil {
		return Proposal{}, err
	}
	if len(snap.Case.Answers) == 0 {
		return Proposal{}, errUnanswered
	}
	d := register.Begin(snap.Case)
	marks := register.Propose(d, snap.Case, q.Public)
	return Proposal{Publication: d, Marks: marks}, nil
}
