package e5

import (
	"context"
	"strings"
	"testing"

	"kiveileder/retriever/embed"
)

const (
	// 25 tokens with the prefix and the marks.
	benchQuery = "Kan vi bruke kunstig intelligens til å vurdere søknader fra studenter uten at de har samtykket?"
	// 11 times this is 200 tokens or so.
	benchSentence = "Den behandlingsansvarlige skal gjennomføre en vurdering av personvernkonsekvenser før behandlingen starter. "
)

func BenchmarkQuery(b *testing.B)   { benchmark(b, embed.Query, benchQuery) }
func BenchmarkPassage(b *testing.B) { benchmark(b, embed.Passage, strings.Repeat(benchSentence, 11)) }

func benchmark(b *testing.B, kind embed.Kind, text string) {
	for _, k := range kernels {
		b.Run(k.name(), func(b *testing.B) {
			m := openKernel(b, k.kernel)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Embed(context.Background(), kind, []string{text}); err != nil {
					b.Fatal(err)
				}
			}
			prefix, _ := prefixOf(kind)
			b.ReportMetric(float64(len(m.vocab.tokens(prefix+text))+2), "tokens")
		})
	}
}

// BenchmarkLoad is what the first call of Default does.
func BenchmarkLoad(b *testing.B) {
	file := make([]byte, len(modelFile))
	for b.Loop() {
		if err := unpack(file, packedModel); err != nil {
			b.Fatal(err)
		}
		if _, err := LoadPinned(file); err != nil {
			b.Fatal(err)
		}
	}
}
