package register

import (
	"cmp"
	"slices"
	"strings"

	"kiveileder/retriever/lexical"
	"kiveileder/services/guidance"
)

// Newest sorts entries by when their words were published, the newest first.
func Newest(entries []Entry) []Entry {
	out := slices.Clone(entries)
	slices.SortFunc(out, func(a, b Entry) int {
		return cmp.Or(b.Current.Compare(a.Current), strings.Compare(b.Number, a.Number))
	})
	return out
}

// found is how much of the best that the words could score an entry needs.
const found = 0.30

// A Finder finds entries by words. It is made once for a register as it stands,
// and safe for concurrent use.
type Finder struct {
	all   []Entry
	whole *lexical.Index
	head  *lexical.Index // of title and question
}

// NewFinder gives what finds entries.
func NewFinder(entries []Entry) *Finder {
	f := &Finder{all: Newest(entries), whole: lexical.NewIndex(), head: lexical.NewIndex()}
	for _, e := range f.all {
		f.whole.Add(lexical.Terms(e.words()))
		f.head.Add(lexical.Terms(e.Title + " " + e.Question))
	}
	return f
}

// Find gives the entries that words find, the best first; all of them, the
// newest first, when there are no words. Case, accents and small errors do not
// count, æ, ø and å are found as they are or as ae, oe, aa. A number finds its
// entry alone. Those that are withdrawn come last, whatever they score: they
// are there to be found, not to answer.
func (f *Finder) Find(words string) []Entry {
	all := slices.Clone(f.all)
	if number := strings.ToUpper(strings.TrimSpace(words)); isNumber(number) {
		return slices.DeleteFunc(all, func(e Entry) bool { return e.Number != number })
	}
	terms := lexical.Terms(words)
	if len(terms) == 0 {
		return all
	}
	scores, heads := make([]float32, len(all)), make([]float32, len(all))
	f.whole.Score(terms, scores)
	f.head.Score(terms, heads)
	slices.Sort(terms)
	terms = slices.Compact(terms)
	has := make([]int, len(all)) // how many of the terms
	for _, t := range terms {
		for _, p := range f.whole.Postings(t) {
			has[p.Doc]++
		}
	}
	order := make([]int, 0, len(all))
	for i := range all {
		if scores[i] >= found || has[i] == len(terms) { // all of them, however common they are
			order = append(order, i)
		}
	}
	worth := func(i int) float32 { return scores[i] + heads[i] }
	slices.SortStableFunc(order, func(a, b int) int {
		gone := func(i int) int {
			if all[i].Status == guidance.Retracted {
				return 1
			}
			return 0
		}
		return cmp.Or(gone(a)-gone(b), cmp.Compare(worth(b), worth(a)))
	})
	out := make([]Entry, 0, len(order))
	for _, i := range order {
		out = append(out, all[i])
	}
	return out
}

// words is what a search looks through.
func (e Entry) words() string {
	parts := []string{e.Number, e.Title, e.Question, e.Answer}
	for _, s := range e.Sections {
		parts = append(parts, s.Question, s.Text)
	}
	for _, q := range e.Quotes {
		parts = append(parts, q.Text)
	}
	parts = append(parts, e.References...)
	for _, r := range e.References {
		parts = append(parts, canonical(r))
	}
	parts = append(parts, e.Topics...)
	for _, qs := range e.Asked {
		parts = append(parts, qs...)
	}
	return strings.Join(parts, "\n")
}

// ByChange sorts entries by when anything of them last changed.
func ByChange(entries []Entry) []Entry {
	out := slices.Clone(entries)
	slices.SortFunc(out, func(a, b Entry) int {
		return cmp.Or(b.Updated.Compare(a.Updated), strings.Compare(b.Number, a.Number))
	})
	return out
}
