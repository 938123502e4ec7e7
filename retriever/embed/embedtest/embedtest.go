// Package embedtest holds the contract suite for embedders and a fake embedder
// for tests of what lies around one.
package embedtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"kiveileder/retriever/embed"
)

// texts are ordinary, so that any model tells them apart.
var texts = []string{
	"Kan vi bruke kunstig intelligens til å vurdere søknader?",
	"Kva må kommunen gjere før ho tek i bruk ein samtalerobot?",
	"Which systems are prohibited?",
	"§ 12. Virksomheten svarer på spørsmål fra tilsynet innen 14 dager.",
	"æøå ÆØÅ é 中文 🙂",
}

// tolerance is how far a coordinate may be off where the contract says "the
// same": endpoints add up in an order that depends on the batch.
const tolerance = 1e-5

// Test checks every promise of [embed.Embedder]. open may return the same
// value each time.
func Test(t *testing.T, open func(t *testing.T) embed.Embedder) {
	for _, c := range []struct {
		name string
		test func(*testing.T, embed.Embedder)
	}{
		{"identity", testIdentity},
		{"unit length", testUnitLength},
		{"order", testOrder},
		{"deterministic", testDeterministic},
		{"alone or in a batch", testBatch},
		{"different texts differ", testDifferent},
		{"empty list", testEmptyList},
		{"odd texts", testOddTexts},
		{"unknown kind", testUnknownKind},
		{"cancelled", testCancelled},
		{"concurrent", testConcurrent},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func testIdentity(t *testing.T, e embed.Embedder) {
	id, dim := e.ID(), e.Dim()
	mustEmbed(t, e, embed.Query, texts[0])
	if again := e.ID(); id == "" || id != again {
		t.Errorf("ID is %q, then %q: want something that stays", id, again)
	}
	if again := e.Dim(); dim < 1 || dim != again {
		t.Errorf("Dim is %d, then %d: want something above zero that stays", dim, again)
	}
}

func testUnitLength(t *testing.T, e embed.Embedder) {
	for _, kind := range []embed.Kind{embed.Query, embed.Passage} {
		mustEmbed(t, e, kind, texts...)
	}
}

// testOrder embeds the texts once more, reversed.
func testOrder(t *testing.T, e embed.Embedder) {
	want := mustEmbed(t, e, embed.Passage, texts...)
	reversed := slices.Clone(texts)
	slices.Reverse(reversed)
	got := mustEmbed(t, e, embed.Passage, reversed...)
	slices.Reverse(got)
	for i := range want {
		wantSame(t, texts[i], got[i], want[i])
	}
}

func testDeterministic(t *testing.T, e embed.Embedder) {
	first := mustEmbed(t, e, embed.Query, texts[0])
	// What the caller does with a result is nobody else's business.
	want := slices.Clone(first[0])
	clear(first[0])
	wantSame(t, texts[0], mustEmbed(t, e, embed.Query, texts[0])[0], want)
}

func testBatch(t *testing.T, e embed.Embedder) {
	batch := mustEmbed(t, e, embed.Passage, append(slices.Clone(texts), texts[0])...)
	wantSame(t, "twice in a batch", batch[len(texts)], batch[0])
	for i, text := range texts {
		wantSame(t, text, mustEmbed(t, e, embed.Passage, text)[0], batch[i])
	}
}

func testDifferent(t *testing.T, e embed.Embedder) {
	v := mustEmbed(t, e, embed.Passage, texts...)
	for i := range v {
		for j := range i {
			if same(v[i], v[j]) {
				t.Errorf("%q and %q have the same vector", texts[i], texts[j])
			}
		}
	}
}

func testEmptyList(t *testing.T, e embed.Embedder) {
	for _, list := range [][]string{nil, {}} {
		got, err := e.Embed(context.Background(), embed.Query, list)
		if err != nil || len(got) != 0 {
			t.Errorf("Embed(%#v) = %d vectors, %v; want none and no error", list, len(got), err)
		}
	}
}

func testOddTexts(t *testing.T, e embed.Embedder) {
	for name, text := range map[string]string{
		"empty":              "",
		"blank":              " \t\n ",
		"zero byte":          "a\x00b",
		"broken UTF-8":       "s\xf8knad \xff\xfe\xc3",
		"cut character":      "søknad\xc3",
		"surrogate":          "\xed\xa0\x80",
		"control characters": "\x01\x02\x1b[0m\x7f",
		"one long word":      strings.Repeat("æ", 700),
		"100,000 characters": strings.Repeat("Søknaden skal vurderes. ", 100_000/24+1)[:100_000],
	} {
		t.Run(name, func(t *testing.T) {
			if len(text) > 10_000 && os.Getenv("KIVEILEDER_REQUIRE") == "" {
				t.Skip("a model reads for seconds; scripts/test does it (KIVEILEDER_REQUIRE=1)")
			}
			mustEmbed(t, e, embed.Passage, text)
		})
	}
}

func testUnknownKind(t *testing.T, e embed.Embedder) {
	if got, err := e.Embed(context.Background(), embed.Kind(200), texts[:1]); err == nil || got != nil {
		t.Errorf("Embed of an unknown kind = %d vectors, %v; want nil and an error", len(got), err)
	}
}

func testCancelled(t *testing.T, e embed.Embedder) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got, err := e.Embed(ctx, embed.Query, texts)
	if !errors.Is(err, context.Canceled) || got != nil {
		t.Errorf("Embed with an ended context = %d vectors, %v; want nil and context.Canceled", len(got), err)
	}
}

func testConcurrent(t *testing.T, e embed.Embedder) {
	want := mustEmbed(t, e, embed.Query, texts...)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			i := g % len(texts)
			got, err := e.Embed(context.Background(), embed.Query, texts[i:])
			if err != nil {
				t.Error(err)
				return
			}
			for k := range got {
				wantSame(t, texts[i+k], got[k], want[i+k])
			}
		})
	}
	wg.Wait()
}

// mustEmbed embeds and checks what holds for every result.
func mustEmbed(t *testing.T, e embed.Embedder, kind embed.Kind, texts ...string) [][]float32 {
	t.Helper()
	got, err := e.Embed(context.Background(), kind, texts)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(texts) {
		t.Fatalf("%d vectors for %d texts", len(got), len(texts))
	}
	for i, v := range got {
		if err := valid(v, e.Dim()); err != nil {
			t.Errorf("vector of %.40q: %v", texts[i], err)
		}
	}
	return got
}

// valid says what is wrong with v, or nothing.
func valid(v []float32, dim int) error {
	if len(v) != dim {
		return fmt.Errorf("length %d, want %d", len(v), dim)
	}
	var sq float64
	for _, x := range v {
		sq += float64(x) * float64(x)
	}
	if norm := math.Sqrt(sq); !(math.Abs(norm-1) < 1e-4) {
		return fmt.Errorf("norm %v, want 1", norm)
	}
	return nil
}

func wantSame(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if !same(got, want) {
		t.Errorf("%.40q: another vector than before", what)
	}
}

func same(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool {
		return math.Abs(float64(x)-float64(y)) <= tolerance
	})
}
