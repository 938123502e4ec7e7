package dialogue_test

import (
	"context"
	"io/fs"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever"
	"kiveileder/services/dialogue"
	"kiveileder/services/reading"
	"kiveileder/services/rules"
)

// A fakeSearcher gives the result that a test wants and remembers what it was
// asked.
type fakeSearcher struct {
	result retriever.Result
	err    error
	asked  []retriever.Query
}

func (f *fakeSearcher) Search(_ context.Context, q retriever.Query) (retriever.Result, error) {
	f.asked = append(f.asked, q)
	return f.result, f.err
}

// finds gives a searcher that judges a message so and finds these passages.
func finds(v retriever.Verdict, ps ...kiveileder.Passage) *fakeSearcher {
	f := &fakeSearcher{result: retriever.Result{Verdict: v}}
	for i, p := range ps {
		f.result.Hits = append(f.result.Hits, retriever.Hit{Passage: p, Score: 5 - float64(i)})
	}
	return f
}

var (
	// covered is the verdict of a question that the sources answer.
	covered = retriever.Verdict{Class: retriever.Covered, Answers: 0.91}

	guidance = kiveileder.Source{ID: "veiledning", Title: "Veiledning om formål", Updated: "2026-02-14", Published: "2020-01-01", Publisher: []string{"Helsedirektoratet", "DMP"}}
	report   = kiveileder.Source{ID: "rapport", Title: "Rapport om radiologi", Published: "2021-11-30"}

	approval = kiveileder.Passage{ID: "veiledning/rek-a1b2", Source: "veiledning", Section: []string{"Formål", "Helseforskning"}, Text: "Må ha forhåndsgodkjenning fra REK."}
	research = kiveileder.Passage{ID: "veiledning/annen-c3d4", Source: "veiledning", Section: []string{"Formål", "Annen forskning"}, Text: "Trenger ikke REK."}
	older    = kiveileder.Passage{ID: "rapport/rek-e5f6", Source: "rapport", Section: []string{"Godkjenning"}, Text: "Søk Direktoratet for e-helse."}
	unclear  = kiveileder.Passage{ID: "rapport/ansvar-g7h8", Source: "rapport", Section: []string{"Ansvar"}, Text: "Det er uklart hvem som har ansvaret."}
	tools    = kiveileder.Passage{ID: "rapport/verktoy-i9j0", Source: "rapport", Section: []string{"Verktøy"}, Restored: true, Lead: "Verktøyet skal:", Text: "• hjelpe helsepersonell"}
)

// library is a corpus of two sources with one known conflict.
func library(conflicts ...corpus.Conflict) *corpus.Library {
	if conflicts == nil {
		conflicts = []corpus.Conflict{{
			Key: "rek",
			Sides: []corpus.Side{
				{Source: "veiledning", Snippet: "forhåndsgodkjenning fra REK"},
				{Source: "rapport", Snippet: "Direktoratet for e-helse", Superseded: true},
			},
			Text: map[kiveileder.Language]string{"nb": "Kildene er uenige.", "en": "The sources disagree."},
		}}
	}
	return corpus.NewLibrary(&corpus.Corpus{
		Sources:   []corpus.Meta{{Source: guidance}, {Source: report}},
		Passages:  []kiveileder.Passage{approval, research, older, unclear, tools},
		Conflicts: conflicts,
		Glossary: corpus.Glossary{Agencies: []corpus.Agency{
			{Name: "Helsedirektoratet", Former: []corpus.Former{{Name: "Direktoratet for e-helse"}}},
		}},
	})
}

func texts(t rapid.TB) corpus.Texts {
	t.Helper()
	ts, err := loadTexts()
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

var loadTexts = sync.OnceValues(func() (corpus.Texts, error) { return corpus.LoadTexts(corpus.Files) })

var versions = kiveileder.Versions{Corpus: "c1", Model: "m1"}

// ruleSet gives the rules and the reader that ship.
func ruleSet(t rapid.TB) (*rules.Set, *reading.Reader) {
	t.Helper()
	r, err := loadRules()
	if err != nil {
		t.Fatal(err)
	}
	return r.set, r.reader
}

type loaded struct {
	set    *rules.Set
	reader *reading.Reader
}

var loadRules = sync.OnceValues(func() (l loaded, err error) {
	dir, err := fs.Sub(corpus.Files, "rules")
	if err != nil {
		return l, err
	}
	if l.set, err = rules.Load(dir); err != nil {
		return l, err
	}
	words, err := fs.Sub(dir, "reading")
	if err != nil {
		return l, err
	}
	l.reader, err = reading.Load(words)
	return l, err
})

func signals(t rapid.TB) corpus.Signals {
	t.Helper()
	s, err := corpus.LoadSignals(corpus.Files)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open gives a dialogue over a searcher and the example library.
func open(t testing.TB, s dialogue.Searcher, conflicts ...corpus.Conflict) *dialogue.Dialogue {
	t.Helper()
	set, reader := ruleSet(t)
	return dialogue.New(dialogue.Deps{
		Search: s, Library: library(conflicts...), Texts: texts(t), Signals: signals(t), Rules: set, Reader: reader,
		Versions: versions, Today: func() string { return "2026-11-22" },
	})
}

// ask makes a turn that must not fail.
func ask(t testing.TB, d dialogue.Turner, turn kiveileder.Turn) kiveileder.Answer {
	t.Helper()
	a, err := d.Turn(context.Background(), turn)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
