package register_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
	"kiveileder/services/rules"
)

// sources gives a library of two sources that people quote.
func sources(change func(c *corpus.Corpus)) *corpus.Library {
	c := &corpus.Corpus{
		Sources: []corpus.Meta{{Source: kiveileder.Source{ID: "a", Title: "Rundskriv"}}, {Source: kiveileder.Source{ID: "b"}}},
		Passages: []kiveileder.Passage{
			{ID: "a/1", Source: "a", Text: "Dere må:\n• søke REK\n• vente på svar"}, {ID: "a/2", Source: "a", Text: "Ellers ikke."},
			{ID: "b/1", Source: "b", Text: "Noe annet."},
		},
	}
	if change != nil {
		change(c)
	}
	return corpus.NewLibrary(c)
}

func superseded(c *corpus.Corpus) {
	c.Conflicts = []corpus.Conflict{{Key: "x", Sides: []corpus.Side{{Source: "a", Snippet: "søke REK", Superseded: true}, {Source: "b", Snippet: "Noe annet"}}}}
}

func TestChanged(t *testing.T) {
	set := ruleSet(t)
	id := set.Modules[0].Rules[0].ID
	c := guidance.Case{Received: guidance.ReceivedData{Findings: []kiveileder.Finding{{Rule: id + ", NOT-THERE"}, {Rule: id}}}}
	quote := rules.Quote{Source: "a", Passage: "a/1", Text: "Dere må: søke REK vente"}
	ground := register.NewGround(sources(nil), set)
	if !ground.Verbatim(quote) || ground.Verbatim(rules.Quote{Source: "a", Passage: "a/2", Text: quote.Text}) || ground.Verbatim(rules.Quote{Source: "a", Passage: "a/2"}) {
		t.Error("what is verbatim is told wrongly")
	}
	d := ground.Fill(c, guidance.PublishedData{Title: "T", Question: "Q", Answer: "A", Quotes: []rules.Quote{quote}}).(guidance.PublishedData)
	if len(d.Leans) != 3 || d.Leans[0].Hash == "" || d.Leans[1].Rule != id && d.Leans[2].Rule != id {
		t.Fatalf("it leans on %+v", d.Leans)
	}
	e := entry(t, "KI-2026-0042", "2026-11-22", d)
	for name, w := range map[string]struct {
		ground *register.Ground
		entry  func(*register.Entry)
		want   string
	}{
		"nothing":              {ground, nil, ""},
		"only where it stands": {register.NewGround(sources(func(c *corpus.Corpus) { c.Passages[0].ID, c.Passages[0].Source = "b/9", "b" }), set), nil, ""},
		"the quote is gone": {register.NewGround(sources(func(c *corpus.Corpus) { c.Passages[0].Text = "Dere må søke." }), set), nil,
			"Et sitat står ikke lenger i kilden «Rundskriv» (a)."},
		"the source is gone": {register.NewGround(sources(func(c *corpus.Corpus) { c.Sources, c.Passages = c.Sources[1:], c.Passages[2:] }), set), nil,
			"Et sitat står ikke lenger i kilden a."},
		"the source is superseded": {register.NewGround(sources(superseded), set), nil, "Kilden «Rundskriv» (a) er avløst av en nyere."},
		"no rules any more":        {register.NewGround(sources(nil), nil), nil, "Regelen " + id + " finnes ikke lenger."},
		"another rule": {ground, func(e *register.Entry) {
			i := slices.IndexFunc(e.Leans, func(l guidance.Lean) bool { return l.Rule == id })
			e.Leans[i].Hash = "old"
		}, "Regelen " + id + " er endret."},
		"under review already": {register.NewGround(sources(nil), nil), func(e *register.Entry) { e.Status = guidance.UnderReview }, ""},
		"nobody said what it leans on": {register.NewGround(sources(superseded), set), func(e *register.Entry) { e.Leans = nil },
			"Kilden «Rundskriv» (a) er avløst av en nyere."},
	} {
		x := e
		x.Leans = slices.Clone(e.Leans)
		if w.entry != nil {
			w.entry(&x)
		}
		why, changed := w.ground.Changed(x)
		for _, l := range kiveileder.Languages {
			if changed && (why[l] == "" || l != kiveileder.Bokmal && why[l] == why[kiveileder.Bokmal]) {
				t.Errorf("%s: in %s %q", name, l, why[l])
			}
		}
		if why[kiveileder.Bokmal] != w.want || changed != (w.want != "") {
			t.Errorf("%s: %q, %v; want %q", name, why, changed, w.want)
		}
		// who has looked at it is not asked again for the same
		after := guidance.Case{Received: c.Received, Publication: &guidance.Publication{PublishedData: d}}
		x.Leans = w.ground.Fill(after, guidance.ReviewEndedData{}).(guidance.ReviewEndedData).Leans
		if why, changed := w.ground.Changed(x); changed {
			t.Errorf("%s: after a review, again %q", name, why)
		}
	}
	if got := ground.Fill(c, guidance.AddedData{Text: "x"}); got != any(guidance.AddedData{Text: "x"}) {
		t.Errorf("other data became %+v", got)
	}
}

// Every rule has a hash, and no two the same.
func TestRuleHashes(t *testing.T) {
	set := ruleSet(t)
	seen := map[string]string{}
	for _, m := range set.Modules {
		for _, r := range m.Rules {
			c := guidance.Case{Received: guidance.ReceivedData{Findings: []kiveileder.Finding{{Rule: r.ID}}}}
			l := register.NewGround(sources(nil), set).Leans(c, nil)
			if len(l) != 1 || l[0].Hash == "" || seen[l[0].Hash] != "" {
				t.Fatalf("rule %s: %+v", r.ID, l)
			}
			seen[l[0].Hash] = r.ID
		}
		if len(seen) > 20 {
			break
		}
	}
}

// Hundreds of answers are looked at when a version is taken up.
func TestChangedIsCheap(t *testing.T) {
	ground := register.NewGround(sources(func(c *corpus.Corpus) {
		for i := range 600 {
			c.Passages = append(c.Passages, kiveileder.Passage{ID: fmt.Sprint("b/", i+9), Source: "b", Text: strings.Repeat("helseopplysninger ", 50)})
		}
	}), ruleSet(t))
	d := chest
	d.Quotes = []rules.Quote{{Source: "b", Passage: "b/1", Text: "Noe annet."}, {Source: "b", Text: "finnes ikke"}}
	e := entry(t, "KI-2026-0042", "2026-11-22", d)
	begin := time.Now()
	for range 500 {
		ground.Changed(e)
	}
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("500 answers took %v", took)
	} else {
		t.Logf("500 answers took %v", took)
	}
}
