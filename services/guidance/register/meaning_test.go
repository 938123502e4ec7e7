package register_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/goccy/go-yaml"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever"
	"kiveileder/retriever/builtin"
	"kiveileder/retriever/embed/e5"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
	"kiveileder/services/rules"
)

// With the real model: cases whose askers ask the same in other words are near
// to each other, and more of them than without their meaning.
func TestNearInMeaning(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the model")
	}
	ctx := t.Context()
	data, err := os.ReadFile("testdata/alike.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var groups [][]string
	if err := yaml.Unmarshal(data, &groups); err != nil {
		t.Fatal(err)
	}
	s, err := builtin.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	real, err := e5.Default()
	if err != nil {
		t.Fatal(err)
	}
	model := &once{Embedder: real, made: map[string][]float32{}}
	search, _, err := retriever.Extend(ctx, s, model, &corpus.Corpus{}, retriever.Cache{})
	if err != nil {
		t.Fatal(err)
	}
	meaning := retriever.NewMeaning(model, s)
	vectors, err := meaning.Vectors(ctx, slices.Concat(groups...))
	if err != nil {
		t.Fatal(err)
	}
	var with, without []register.Trace
	group := map[string]int{}
	for i, qs := range groups {
		for _, question := range qs {
			id := fmt.Sprint("c", len(with))
			c := guidance.Case{Received: guidance.ReceivedData{Question: question}}
			res, err := search.Search(ctx, retriever.Query{Text: question, K: kiveileder.MaxCitations})
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range res.Hits {
				c.Received.Passages = append(c.Received.Passages, kiveileder.Citation{Passage: h.Passage.ID})
			}
			trace := register.TraceCase(id, id, c)
			place := meaning.Place(vectors[len(with)])
			with, without = append(with, trace.Means(place)), append(without, trace)
			group[id] = i
		}
	}
	found := func(traces []register.Trace) (first, others, all int) {
		for _, of := range traces {
			near := register.Near(of, traces, nil)
			for i, m := range near[:min(3, len(near))] {
				if group[m.ID] == group[of.ID] {
					all++
					if i == 0 {
						first++
					}
				}
				if slices.ContainsFunc(m.Why, func(w rules.Text) bool { return w[kiveileder.Bokmal] == "nær i mening" }) && group[m.ID] != group[of.ID] {
					others++
				}
			}
		}
		return first, others, all
	}
	first, _, all := found(without)
	t.Logf("without: %d of 60 of the same group are among the first three, %d of 30 are first", all, first)
	first, others, now := found(with)
	t.Logf("with: %d of 60 of the same group are among the first three, %d of 30 are first; %d others are said to be near in meaning", now, first, others)
	if now < 40 || now < all+8 || first < 22 {
		t.Errorf("%d of the same group are near, %d without their meaning; %d first", now, all, first)
	}
	if meaning.Place(make([]float32, 3)) != nil {
		t.Error("a place for what is no vector")
	}
}
