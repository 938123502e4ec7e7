package pgvector_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"kiveileder/internal/stacktest"
	"kiveileder/retriever/index"
	"kiveileder/retriever/index/indextest"
	"kiveileder/retriever/index/memory"
	"kiveileder/retriever/index/pgvector"
	"kiveileder/retriever/lexical"
)

// newPool gives a pool over a fresh database.
func newPool(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), stacktest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func open(t testing.TB, pool *pgxpool.Pool, o pgvector.Options) *pgvector.Store {
	t.Helper()
	s, err := pgvector.Open(context.Background(), pool, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestIndex(t *testing.T) {
	indextest.Test(t, func(t *testing.T) index.Index { return open(t, newPool(t), pgvector.Options{}).New() })
}

// The same with everything asked of Postgres each time.
func TestIndexWithoutMemory(t *testing.T) {
	indextest.Test(t, func(t *testing.T) index.Index {
		return open(t, newPool(t), pgvector.Options{Cache: -1, Whole: -1}).New()
	})
}

// Whatever the entries and the query, the matches are those of package memory,
// to the last bit.
func TestEqualsMemory(t *testing.T) {
	ctx := context.Background()
	pool := newPool(t)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		entries := randomEntries(rng, rapid.IntRange(0, 12).Draw(rt, "passages"), rapid.IntRange(0, 400).Draw(rt, "others"), 1+rng.IntN(20))
		dim := 3
		if len(entries) > 0 {
			dim = len(entries[0].Vector)
		}
		s := open(t, pool, pgvector.Options{Cache: rng.IntN(3)*20000 - 1, Whole: rng.IntN(2)*200 - 1})
		x, err := s.Index(ctx, fmt.Sprint(run), entries)
		if err != nil {
			rt.Fatal(err)
		}
		var m memory.Index
		if err := m.Replace(ctx, "", entries); err != nil {
			rt.Fatal(err)
		}
		for range 8 {
			same(rt, &m, x, randomQuery(rng, dim))
		}
		more := randomMore(rng, entries, dim)
		if len(more) > 0 && len(entries) > 0 {
			if err := m.Replace(ctx, "", append(slices.Clip(entries), more...)); err != nil {
				rt.Fatal(err)
			}
			if x, err = x.(index.Extender).With(ctx, more); err != nil {
				rt.Fatal(err)
			}
			for range 4 {
				same(rt, &m, x, randomQuery(rng, dim))
			}
		}
		if err := pgvectorPrune(ctx, s); err != nil {
			rt.Fatal(err)
		}
	})
}

func pgvectorPrune(ctx context.Context, s *pgvector.Store) error {
	_, err := s.Prune(ctx, 0)
	return err
}

type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// same holds that two indexes give the same to the last bit.
func same(t failer, want, got index.Index, q index.Query) {
	t.Helper()
	ctx := context.Background()
	a, err := want.Compare(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	b, err := got.Compare(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	if len(a) == 0 && len(b) == 0 {
		return
	}
	if !slices.EqualFunc(a, b, sameBits) {
		t.Fatalf("most %d, terms %q: -memory +pgvector:\n%s", q.Most, q.Terms, cmp.Diff(a, b))
	}
	ka, _ := want.Known(ctx, q.Terms)
	kb, err := got.Known(ctx, q.Terms)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(ka, kb); d != "" {
		t.Fatalf("known: -memory +pgvector:\n%s", d)
	}
}

// sameBits tells 0 from −0 no more than anybody above does.
func sameBits(a, b index.Match) bool {
	bits := func(x, y float32) bool { return math.Float32bits(x+0) == math.Float32bits(y+0) }
	return a.Entry == b.Entry && a.Kind == b.Kind && a.Ref == b.Ref && bits(a.Cos, b.Cos) && bits(a.Raw, b.Raw) && bits(a.Grams, b.Grams)
}

// randomEntries gives passages with texts, and others of all kinds, among them
// equal vectors, zeros, huge and tiny ones, and vectors that were bytes.
func randomEntries(rng *rand.Rand, passages, others, dim int) []index.Entry {
	var out []index.Entry
	var seen [][]float32
	wild := rng.IntN(3) == 0
	vector := func() []float32 {
		v := make([]float32, dim)
		switch r := rng.IntN(10); {
		case r == 0:
			return v
		case r < 4 && len(seen) > 0:
			return seen[rng.IntN(len(seen))]
		case r < 7:
			scale := rng.Float32() / 127
			for k := range v {
				v[k] = float32(int8(rng.IntN(255)-127)) * scale
			}
		default:
			f := float32(1)
			if wild {
				f = float32(math.Pow(10, float64(rng.IntN(9)-4)))
			}
			for k := range v {
				v[k] = f * float32(rng.NormFloat64())
			}
		}
		seen = append(seen, v)
		return v
	}
	entry := func(k index.Kind, ref int32) index.Entry {
		e := index.Entry{Kind: k, Ref: ref, Text: randomText(rng), Vector: vector(), InvLen: []float32{0, 1, rng.Float32(), 3, 1}[rng.IntN(5)]}
		if wild && rng.IntN(20) == 0 {
			e.InvLen = 1e6
		}
		if rng.IntN(3) == 0 {
			e.Letter = randomText(rng)
		}
		return e
	}
	for p := range passages {
		out = append(out, entry(index.PassageText, int32(p)))
	}
	for range others {
		k := index.Kind(1 + rng.IntN(int(index.Kinds)-1))
		if k.OfPassage() && passages == 0 {
			continue
		}
		out = append(out, entry(k, int32(rng.IntN(max(1, passages)))))
	}
	if rng.IntN(2) == 0 {
		rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	}
	return out
}

// randomMore gives entries to add: new passages, and questions of old ones.
func randomMore(rng *rand.Rand, before []index.Entry, dim int) (out []index.Entry) {
	passages := int32(0)
	for _, e := range before {
		if e.Kind == index.PassageText {
			passages++
		}
	}
	entry := func(k index.Kind, ref int32) {
		v := make([]float32, dim)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		out = append(out, index.Entry{Kind: k, Ref: ref, Text: randomText(rng), Vector: v, InvLen: rng.Float32()})
	}
	for range rng.IntN(4) {
		entry(index.PassageText, passages)
		passages++
	}
	for range rng.IntN(30) {
		if passages > 0 {
			entry([]index.Kind{index.Sentence, index.Question}[rng.IntN(2)], rng.Int32N(passages))
		}
	}
	return out
}

var words = strings.Fields("å ære øl taushetsplikt samtykke § 29 pasient kunstig intelligens ЖЖЖЖ 日本語の言葉 a\x01b 🙂 register bæres og i på er KI §29 forskning \xff\xfe")

func randomText(rng *rand.Rand) string {
	var ws []string
	for range rng.IntN(7) {
		ws = append(ws, words[rng.IntN(len(words))])
	}
	return strings.Join(ws, " ")
}

func randomQuery(rng *rand.Rand, dim int) index.Query {
	v := func() []float32 {
		v := make([]float32, dim)
		if rng.IntN(8) == 0 {
			return v
		}
		for k := range v {
			v[k] = float32(rng.NormFloat64())
		}
		return v
	}
	return index.Query{
		Probe: index.Probe{Raw: v(), Dir: v(), Offset: [2]float32{rng.Float32() - 0.5, float32(rng.IntN(2))}},
		Terms: lexical.Terms(randomText(rng)), Most: []int{0, 1, 2, 5, 20, 96}[rng.IntN(6)],
	}
}
