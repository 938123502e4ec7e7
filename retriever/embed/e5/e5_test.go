package e5

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"kiveileder/retriever/embed"
	"kiveileder/retriever/embed/embedtest"
)

func TestContract(t *testing.T) {
	if raceDetector {
		t.Skip("too slow under the race detector; TestConcurrent looks for races")
	}
	embedtest.Test(t, func(t *testing.T) embed.Embedder {
		m, err := Default()
		if err != nil {
			t.Fatal(err)
		}
		return m
	})
}

// The portable kernel rounds what goes into a product to eight bits, as the
// reference does; vek rounds nothing. Both stay far above these bounds.
var kernels = []struct {
	kernel
	minCosine float64
	every     int // how many of the reference texts are tried, to save time
}{
	{portableKernel{}, 0.9985, 7},
	{vekKernel{}, 0.9995, 1},
}

// openKernel loads the model with one kernel, or skips the test if this
// processor does not run it.
func openKernel(tb testing.TB, k kernel) *Model {
	tb.Helper()
	if _, err := kernelFor(k.name()); err != nil {
		tb.Skip(err)
	}
	if _, err := Default(); err != nil { // unpacks the file
		tb.Fatal(err)
	}
	m, err := load(modelFile[:], k)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// TestReference compares with the vectors of the engine the weights were made
// for, on its whole vocabulary, or every fourth of its texts where not all is
// asked for (KIVEILEDER_REQUIRE=1, as scripts/test does). scripts/model -ref
// writes them.
func TestReference(t *testing.T) {
	for _, k := range kernels {
		t.Run(k.name(), func(t *testing.T) {
			m := openKernel(t, k.kernel)
			refs := readReferences(t, k.every)
			lowest := 1.0
			for kind, list := range refs {
				texts := make([]string, len(list))
				for i, r := range list {
					texts[i] = r.Text
				}
				got := mustEmbed(t, m, kind, texts...)
				for i, r := range list {
					cos := dot(got[i], r.Vector)
					lowest = min(lowest, cos)
					if cos < k.minCosine {
						t.Errorf("%s %s %.60q: cosine %.6f, want %.4f", r.Kind, r.Lang, r.Text, cos, k.minCosine)
					}
				}
			}
			t.Logf("lowest cosine: %.6f", lowest)
		})
	}
}

type reference struct {
	Kind, Lang, Text string
	Vector           []float32
}

// readReferences returns every nth reference, by kind.
func readReferences(t *testing.T, n int) map[embed.Kind][]reference {
	t.Helper()
	b, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []reference
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	refs := map[embed.Kind][]reference{}
	switch {
	case raceDetector:
		n *= 12
	case os.Getenv("KIVEILEDER_REQUIRE") == "" && n == 1:
		t.Log("every fourth text; scripts/test takes all (KIVEILEDER_REQUIRE=1)")
		n = 4
	}
	for i, r := range all {
		if i%n != 0 {
			continue
		}
		kind := embed.Query
		if r.Kind == embed.Passage.String() {
			kind = embed.Passage
		}
		refs[kind] = append(refs[kind], r)
	}
	return refs
}

// TestAloneAndSpread pins that neither the number of workers nor what else is
// in the call changes a single bit.
func TestAloneAndSpread(t *testing.T) {
	const text = "Hvem har ansvaret når et system tar feil?"
	for _, k := range kernels {
		t.Run(k.name(), func(t *testing.T) {
			m := openKernel(t, k.kernel)
			m.slots = make(chan struct{}, 3)
			spread := mustEmbed(t, m, embed.Query, text)[0]
			m.slots = make(chan struct{}, 1)
			if alone := mustEmbed(t, m, embed.Query, text)[0]; !slices.Equal(alone, spread) {
				t.Error("one worker gives another vector than three")
			}
			if batch := mustEmbed(t, m, embed.Query, "x", text)[1]; !slices.Equal(batch, spread) {
				t.Error("a batch gives another vector")
			}
		})
	}
}

func TestConcurrent(t *testing.T) {
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	want := mustEmbed(t, m, embed.Query, "a", "b")
	results := make(chan error)
	const callers = 6
	for i := range callers {
		go func() {
			got, err := m.Embed(context.Background(), embed.Query, []string{"a", "b"}[i%2:][:1])
			if err == nil && !slices.Equal(got[0], want[i%2]) {
				err = fmt.Errorf("caller %d got another vector", i)
			}
			results <- err
		}()
	}
	for range callers {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

// TestCancelMidway ends the context while long texts are being read.
func TestCancelMidway(t *testing.T) {
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	long := strings.Repeat("Et avvik meldes innen 72 timer. ", 1000)
	got, err := m.Embed(ctx, embed.Passage, slices.Repeat([]string{long}, 20))
	if !errors.Is(err, context.DeadlineExceeded) || got != nil {
		t.Errorf("Embed = %d vectors, %v; want nil and the context's error", len(got), err)
	}
}

func TestIdentity(t *testing.T) {
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if want := "e5-small-nordic-q4@" + ModelSHA256[:12]; m.ID() != want {
		t.Errorf("ID is %q, want %q", m.ID(), want)
	}
	if m.Dim() != 384 {
		t.Errorf("Dim is %d, want 384", m.Dim())
	}
}

func TestWrongFile(t *testing.T) {
	if _, err := Default(); err != nil { // unpacks the file
		t.Fatal(err)
	}
	modelFile := modelFile[:]
	changed := func(at int, v byte) []byte {
		b := bytes.Clone(modelFile)
		b[at] = v
		return b
	}
	shape := func(at int, v uint32) []byte {
		b := bytes.Clone(modelFile)
		binary.LittleEndian.PutUint32(b[at:], v)
		return b
	}
	for _, tc := range []struct {
		name string
		file []byte
		want string
	}{
		{"nothing", nil, "not a KIE5 model file"},
		{"another file", []byte(strings.Repeat("hello", 100)), "not a KIE5 model file"},
		{"a Git LFS pointer", []byte("version https://git-lfs.github.com/spec/v1\n" + strings.Repeat("x", 90)), "not a KIE5 model file"},
		{"header only", modelFile[:headerSize], "cut short or damaged"},
		{"cut short", modelFile[:len(modelFile)-1], "cut short or damaged"},
		{"too long", append(bytes.Clone(modelFile), 0), "cut short or damaged"},
		{"newer version", changed(4, 2), "version 2, this program reads 1"},
		{"other shape", shape(8, 1<<30), "shapes this program does not run"},
		{"more layers", shape(12, 13), "sections are longer than the file"},
		{"fewer layers", shape(12, 11), "bytes left after the last section"},
		{"more tokens", shape(24, 60_000), "token list ends too early"},
		{"one weight changed", changed(len(modelFile)-100_000, modelFile[len(modelFile)-100_000]^1), "want " + ModelSHA256},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := LoadPinned(tc.file)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want it to say %q", err, tc.want)
			}
		})
	}
}

func TestKernelFor(t *testing.T) {
	best, err := kernelFor("")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("this processor runs %s", best.name())
	if k, err := kernelFor("portable"); err != nil || k.name() != "portable" {
		t.Errorf("portable: got %v, %v", k, err)
	}
	if _, err := kernelFor("fastest"); err == nil || !strings.Contains(err.Error(), "want portable, vek or nothing") {
		t.Errorf("unknown name: error is %v", err)
	}
}

func TestWindows(t *testing.T) {
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		tokens  int
		lengths []int // without the two marks
	}{
		{0, []int{0}},
		{1, []int{1}},
		{510, []int{510}},
		{511, []int{510, 1}},
		{8 * 510, slices.Repeat([]int{510}, 8)},
		{100*510 + 7, append(slices.Repeat([]int{510}, 7), 7)},
	} {
		ids := make([]int32, tc.tokens)
		for i := range ids {
			ids[i] = int32(i)
		}
		var lengths []int
		for _, w := range m.windows(0, ids) {
			n := len(w.ids)
			lengths = append(lengths, n-2)
			if w.ids[0] != 0 || w.ids[n-1] != 2 {
				t.Errorf("%d tokens: window starts with %d and ends with %d", tc.tokens, w.ids[0], w.ids[n-1])
			}
		}
		if !slices.Equal(lengths, tc.lengths) {
			t.Errorf("%d tokens: windows of %v, want %v", tc.tokens, lengths, tc.lengths)
		}
	}
}

func mustEmbed(tb testing.TB, m *Model, kind embed.Kind, texts ...string) [][]float32 {
	tb.Helper()
	got, err := m.Embed(context.Background(), kind, texts)
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

func dot(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
