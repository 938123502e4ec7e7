package retriever

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever/embed"
	"kiveileder/retriever/lexical"
)

// A Cache gives vectors that were made before, so that a build embeds only
// what is new. The key is the kind and the text.
type Cache map[string][]float32

// CacheKey is the key of a text in a Cache.
func CacheKey(k embed.Kind, text string) string { return k.String() + ": " + text }

// entriesOf lists the texts of a corpus that get a vector.
func entriesOf(c *corpus.Corpus) ([]Entry, error) {
	var out []Entry
	number := map[string]int32{}
	for i, p := range c.Passages {
		n := int32(i)
		number[p.ID] = n
		out = append(out, Entry{Kind: PassageText, Ref: n, Text: passageText(p)})
		for _, s := range sentencesOf(p) {
			out = append(out, Entry{Kind: Sentence, Ref: n, Text: s})
		}
	}
	for _, q := range c.Questions {
		n, ok := number[q.Passage]
		if !ok {
			return nil, fmt.Errorf("question %q: no passage %q", q.Text, q.Passage)
		}
		out = append(out, Entry{Kind: Question, Ref: n, Lang: q.Lang, Text: q.Text})
	}
	topic := map[string]int32{}
	for i, t := range c.Topics {
		topic[t.Key] = int32(i)
	}
	for _, q := range c.Unanswered {
		out = append(out, Entry{Kind: Unanswered, Ref: topic[q.Topic], Lang: q.Lang, Text: q.Text})
	}
	for _, q := range c.Outside {
		out = append(out, Entry{Kind: Outside, Ref: topic[q.Topic], Lang: q.Lang, Text: q.Text})
	}
	for i, in := range c.Intents {
		for lang, ms := range in.Messages() {
			for _, m := range ms {
				out = append(out, Entry{Kind: IntentText, Ref: int32(i), Lang: lang, Text: m})
			}
		}
	}
	return out, nil
}

// passageText is what stands for a passage in the space of meanings: its
// nearest headings, the lead-in and the text.
func passageText(p kiveileder.Passage) string {
	h := p.Section
	if len(h) > 2 {
		h = h[len(h)-2:]
	}
	parts := append([]string{}, h...)
	if p.Lead != "" {
		parts = append(parts, p.Lead)
	}
	return strings.Join(append(parts, p.Text), "\n")
}

var sentenceSplit = regexp.MustCompile(`[.!?]["”»)]?\s+|\n+`)

// sentencesOf gives the sentences and items of a passage that say something by
// themselves, joined to at least 40 characters, each under the nearest heading.
func sentencesOf(p kiveileder.Passage) []string {
	var out []string
	text, from := p.Text, 0
	cuts := append(sentenceSplit.FindAllStringIndex(text, -1), []int{len(text), len(text)})
	for _, c := range cuts {
		s := strings.TrimSpace(text[from:c[1]])
		if utf8.RuneCountInString(s) < 40 && c[1] < len(text) {
			continue
		}
		from = c[1]
		if s == "" {
			continue
		}
		if n := len(p.Section); n > 0 {
			s = p.Section[n-1] + ": " + s
		}
		out = append(out, s)
	}
	if len(out) < 2 {
		return nil // the passage's own text says the same
	}
	return out
}

// fill gives every entry its vector, from the cache or the embedder, on all
// processors. progress may be nil.
func fill(ctx context.Context, e embed.Embedder, entries []Entry, cache Cache, progress func(done, total int)) error {
	var todo []int
	for i := range entries {
		if v := cache[CacheKey(entries[i].embedKind(), entries[i].Text)]; v != nil {
			entries[i].Vector = v
			continue
		}
		todo = append(todo, i)
	}
	var (
		next, done atomic.Int64
		wg         sync.WaitGroup
		mu         sync.Mutex
		first      error
	)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				k := int(next.Add(1)) - 1
				if k >= len(todo) || ctx.Err() != nil {
					return
				}
				en := &entries[todo[k]]
				vs, err := e.Embed(ctx, en.embedKind(), []string{en.Text})
				if err != nil {
					mu.Lock()
					if first == nil {
						first = fmt.Errorf("embed %q: %w", en.Text, err)
					}
					mu.Unlock()
					return
				}
				en.Vector = vs[0]
				if n := done.Add(1); progress != nil {
					progress(int(n), len(todo))
				}
			}
		})
	}
	wg.Wait()
	if first != nil {
		return first
	}
	return ctx.Err()
}

func (e Entry) embedKind() embed.Kind {
	if e.Kind.side() == passageSide {
		return embed.Passage
	}
	return embed.Query
}

// Build embeds a corpus and learns the space and the weights from its bank.
func Build(ctx context.Context, c *corpus.Corpus, e embed.Embedder, cache Cache, progress func(done, total int)) (*Retriever, error) {
	entries, err := entriesOf(c)
	if err != nil {
		return nil, err
	}
	if err := fill(ctx, e, entries, cache, progress); err != nil {
		return nil, err
	}
	var qs, ps [][]float32
	var class []int
	for _, en := range entries {
		switch {
		case en.Kind == Question:
			qs, class = append(qs, en.Vector), append(class, int(en.Ref))
		case en.Kind == PassageText:
			ps = append(ps, en.Vector)
		}
	}
	sp, err := learnSpace(e.Dim(), qs, class, ps)
	if err != nil {
		return nil, err
	}
	r := newRetriever(e, c, entries, sp, nil)
	r.weights = learnWeights(r.samples(), r.docOf, r.docs, 6)
	r.judgeModel = r.learnJudge()
	return r, nil
}

// samples makes each question of the bank a query with itself left out.
func (r *Retriever) samples() []sample {
	var at []int
	for i, e := range r.entries {
		if e.Kind == Question {
			at = append(at, i)
		}
	}
	out := make([]sample, len(at))
	each(len(at), func(k int) {
		w := r.workspaces.Get().(*workspace)
		defer r.workspaces.Put(w)
		e := &r.entries[at[k]]
		r.compare(w, e.Vector, e.Text)
		refs := lexical.References(e.Text)
		s := sample{f: make([]features, len(r.passages)), gold: make([]bool, len(r.passages)), doc: r.docOf[e.Ref]}
		for p := range r.passages {
			s.f[p] = r.featuresOf(w, p, refs, at[k])
		}
		s.gold[e.Ref] = true
		out[k] = s
	})
	return out
}

// each calls f with 0 to n-1 on all processors.
func each(n int, f func(i int)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				f(i)
			}
		})
	}
	wg.Wait()
}

func sortedKeys[V any](m map[uint32]V) []uint32 {
	return slices.Sorted(maps.Keys(m))
}
