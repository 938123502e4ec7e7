package eval

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/internal/golden"
)

// A ranking finds the gold of "first" at once, of "third" in the third place,
// of "sixth" in the sixth, and of "never" not at all.
type ranking struct{}

func (ranking) Find(_ context.Context, question string, _ []string, k int) ([]Quote, error) {
	if question == "broken" {
		return nil, errors.New("away")
	}
	place := map[string]int{"first": 1, "third": 3, "sixth": 6}[question]
	var out []Quote
	for i := 1; i <= min(k, 8); i++ {
		q := Quote{Passage: "p" + string(rune('0'+i)), Text: "other"}
		if place > 0 && (i == place || i == place+1) { // only the first right one counts
			q.Text = "it is gold here"
		}
		out = append(out, q)
	}
	return out, nil
}

var searches = []Case{
	{ID: "a", Q: "first", Gold: []string{"gold"}, Lang: "nb", Doc: "004", Style: "formal"},
	{ID: "b", Q: "third", Gold: []string{"gold"}, Lang: "nn", Doc: "004", Style: "everyday"},
	{ID: "c", Q: "sixth", Gold: []string{"gold"}, Lang: "nb", Doc: "003"},
	{ID: "d", Q: "never", Gold: []string{"gold"}, Lang: "en", Doc: "003", Style: "formal"},
}

func TestRetrievalFigures(t *testing.T) {
	r, err := RunRetrieval(context.Background(), ranking{}, searches)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Rank, []int{1, 3, 6, 0}) || r.First[3] != "p1" {
		t.Errorf("ranks %v, first %v", r.Rank, r.First)
	}
	for _, c := range []struct {
		name string
		keep func(Case) bool
		want Figures
	}{
		{"all", func(Case) bool { return true }, Figures{4, 0.25, 0.5, 0.5, (1 + 1.0/3 + 1.0/6) / 4}},
		{"bokmål", func(c Case) bool { return c.Lang == "nb" }, Figures{2, 0.5, 0.5, 0.5, (1 + 1.0/6) / 2}},
		{"none", func(Case) bool { return false }, Figures{}},
	} {
		if diff := cmp.Diff(c.want, r.Figures(c.keep)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	var b strings.Builder
	r.Write(&b)
	r.Misses(&b, 3)
	golden.Check(t, "retrieval.txt", b.String())

	if _, err := RunRetrieval(context.Background(), ranking{}, []Case{{ID: "z9", Q: "broken"}}); err == nil || !strings.Contains(err.Error(), "z9") {
		t.Errorf("error %v, want the case's id", err)
	}
}

// A router gives each message the status that it names, and repeats it.
type router struct{}

func (router) Turn(_ context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	status, rest, _ := strings.Cut(t.Question, " ")
	if status == "broken" {
		return kiveileder.Answer{}, errors.New("away")
	}
	a := kiveileder.Answer{Status: kiveileder.Status(status), Confidence: 0.65}
	if strings.Contains(rest, "sure") {
		a.Confidence = 0.95
	}
	if strings.Contains(rest, "leak") {
		a.Lead = rest
	}
	return a, nil
}

var messages = []Case{
	{ID: "1", Q: "answered sure", Expect: []byte(`"answer"`)},
	{ID: "2", Q: "escalate", Expect: []byte(`"answer"`)},
	{ID: "3", Q: "answered", Expect: []byte(`"escalate"`)}, // the worst that can happen
	{ID: "4", Q: "escalate", Expect: []byte(`"escalate"`), PII: []string{"01013870000"}},
	{ID: "5", Q: "escalate leak 01013870000", Expect: []byte(`"escalate"`), PII: []string{"01013870000", "Kari"}},
	{ID: "6", Q: "declined", Expect: []byte(`"decline"`)},
	{ID: "7", Q: "smalltalk", Expect: []byte(`"decline"`), Also: []string{"smalltalk"}},
	{ID: "8", Q: "answered sure", Expect: []byte(`"clarify"`), Also: []string{"answer"}}, // as good, and in neither rate
	{ID: "9", Q: "clarify", Expect: []byte(`"smalltalk"`)},
}

func TestRouting(t *testing.T) {
	r, err := RunRouting(context.Background(), router{}, messages)
	if err != nil {
		t.Fatal(err)
	}
	answered := func(i int) bool { return r.Got[i] == kiveileder.Answered }
	if falsely, not, truly, covered := r.counts(answered); falsely != 1 || not != 6 || truly != 1 || covered != 2 {
		t.Errorf("falsely answered %d of %d, covered answered %d of %d; want 1 of 6, 1 of 2", falsely, not, truly, covered)
	}
	if !slices.Equal(r.Leaks, []string{"5"}) {
		t.Errorf("leaks %v", r.Leaks)
	}
	var b strings.Builder
	r.Write(&b)
	r.Misses(&b)
	golden.Check(t, "routing.txt", b.String())

	if _, err := RunRouting(context.Background(), router{}, []Case{{ID: "z9", Q: "broken"}}); err == nil || !strings.Contains(err.Error(), "z9") {
		t.Errorf("error %v, want the case's id", err)
	}
}
