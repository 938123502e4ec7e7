package register_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"kiveileder"
	"kiveileder/retriever"
	"kiveileder/retriever/builtin"
	"kiveileder/retriever/embed/e5"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
)

// A given is a made-up published answer, with what the next ones ask.
type given struct {
	Title      string                           `yaml:"title"`
	Question   string                           `yaml:"question"`
	Answer     string                           `yaml:"answer"`
	Sections   []guidance.Section               `yaml:"sections"`
	References []string                         `yaml:"references"`
	Asked      map[kiveileder.Language][]string `yaml:"asked"`
	Near       []string                         `yaml:"near"` // it answers
	Miss       []string                         `yaml:"miss"` // it does not
}

// Published answers are given to those who ask the same in other words, and not
// to those who ask of something else in the same field. All of a set are
// published at once, and no question in other words is written to them.
func TestAskedAgain(t *testing.T) {
	if testing.Short() || os.Getenv("KIVEILEDER_REQUIRE") == "" {
		t.Skip("asks some hundred questions; scripts/test does it (KIVEILEDER_REQUIRE=1)")
	}
	model, err := e5.Default()
	if err != nil {
		t.Fatal(err)
	}
	s, err := builtin.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	e := &once{Embedder: model, made: map[string][]float32{}}
	for name, want := range map[string]struct {
		answered float64 // share of the near ones
		wrong    int     // of the others
	}{
		"asked":      {.72, 1},
		"asked-held": {.65, 1},
	} {
		t.Run(name, func(t *testing.T) {
			answers := readGiven(t, name)
			dir := t.TempDir()
			d := documents(t, "2026-11-22", entries(t, answers)...)
			put(t, dir, d, len(answers))
			r, _, err := retriever.Extend(context.Background(), s, e, holds(t, dir), retriever.Cache{})
			if err != nil {
				t.Fatal(err)
			}
			asks := func(q string) (source string, answered bool) {
				res, err := r.Search(context.Background(), retriever.Query{Text: q, K: 1})
				if err != nil || len(res.Hits) == 0 {
					t.Fatalf("%q: %d hits, %v", q, len(res.Hits), err)
				}
				return res.Hits[0].Passage.Source, res.Verdict.Class == retriever.Covered
			}
			near, first, answered, others, wrong := 0, 0, 0, 0, 0
			for i, g := range answers {
				own := strings.ToLower("svar-" + number(i))
				for _, q := range g.Near {
					near++
					source, ok := asks(q)
					if source == own {
						first++
					}
					switch {
					case source == own && ok:
						answered++
					case ok && strings.HasPrefix(source, "svar-"):
						t.Errorf("%q is answered by another: %s", q, source)
					default:
						t.Logf("not answered: %q", q)
					}
				}
				for _, q := range g.Miss {
					others++
					if source, ok := asks(q); ok && strings.HasPrefix(source, "svar-") {
						wrong++
						t.Logf("answered, and should not be: %q", q)
					}
				}
			}
			t.Logf("%d near: %d found first, %d answered; %d others: %d answered by a published answer", near, first, answered, others, wrong)
			if share := float64(answered) / float64(near); share < want.answered {
				t.Errorf("%.2f of the near ones are answered, want %.2f", share, want.answered)
			}
			if wrong > want.wrong {
				t.Errorf("%d of %d are answered by what does not answer them, want at most %d", wrong, others, want.wrong)
			}
		})
	}
}

func number(i int) string { return fmt.Sprintf("KI-2026-%04d", i+1) }

func readGiven(t *testing.T, name string) (out []given) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalWithOptions(b, &out, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return out
}

func entries(t *testing.T, answers []given) (out []register.Entry) {
	t.Helper()
	for i, g := range answers {
		out = append(out, entry(t, number(i), "2026-11-22", guidance.PublishedData{
			Title: g.Title, Question: g.Question, Answer: g.Answer, Sections: g.Sections, References: g.References, Asked: g.Asked, Agencies: []string{"hdir"},
		}))
	}
	return out
}
