package register

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/viterin/vek/vek32"

	"kiveileder"
	"kiveileder/internal/refusal"
	"kiveileder/retriever/lexical"
	"kiveileder/services/guidance"
	"kiveileder/services/rules"
)

// How much each likeness counts, at most. Together they are 1. What is not
// known of one of the two counts as unlike.
const (
	weightReferences = 0.22 // the same paragraphs of law
	weightFacts      = 0.15 // the same facts of the project
	weightUnclear    = 0.20 // the same outcomes that the sources leave open
	weightTopics     = 0.05 // the same topics: many have them
	weightPassages   = 0.13 // the same passages found: near in meaning
	weightWords      = 0.25 // the same words in the question

	// weightMeaning is how much of what is missing to 1 the meaning of the
	// question adds where it is known of both.
	weightMeaning = 0.60

	// nearMeaning is from where on two questions are told to ask of the same,
	// sameMeaning how alike rewordings are at best; by chance it is about 0. Set
	// on testdata/alike.yaml.
	nearMeaning, sameMeaning = 0.15, 0.25

	// leastNear is from which score on a person should look.
	leastNear = 0.12
	// leastWords is how alike words must be to be told of.
	leastWords = 0.25
)

// A Match is a case or an answer that is near, with what they share, in words.
type Match struct {
	ID     string       `json:"id,omitempty"`
	Number string       `json:"number"`
	Title  string       `json:"title"`
	Score  float64      `json:"score"` // 0 to 1
	Why    []rules.Text `json:"why"`
}

// A Trace is what a case or an answer is compared by.
type Trace struct {
	ID, Number, Title string

	references map[string]string // by their one form, as they are written
	facts      map[string]string // "fact=value", with the fact
	unclear    []string
	topics     []string
	passages   []string
	words      map[string]bool
	meaning    []float32
}

// Means gives the trace with what the question means: a retriever.Meaning's
// place.
func (t Trace) Means(place []float32) Trace {
	t.meaning = place
	return t
}

// TraceCase gives the trace of a case. For a question that is no case yet it
// is a case with Received alone.
func TraceCase(id, number string, c guidance.Case) Trace {
	t := Trace{ID: id, Number: number, Title: cmp.Or(c.Title, c.Received.Title), unclear: c.Received.Unclear, topics: c.Topics}
	if len(t.topics) == 0 {
		t.topics = c.Received.Topics
	}
	facts := c.Facts
	if facts == nil {
		facts = c.Received.Facts
	}
	t.facts = factsOf(facts)
	for _, p := range c.Received.Passages {
		t.passages = append(t.passages, p.Passage)
	}
	refs := References(c.Received.Question + "\n" + c.Received.Project)
	for _, f := range c.Received.Findings {
		if f.Kind == rules.Unclear {
			refs = append(refs, f.LegalBasis...)
		}
	}
	draft := c.Draft().Draft
	if n := len(c.Answers); n > 0 {
		draft = c.Answers[n-1].Draft
	}
	refs = append(refs, draft.References...)
	for _, s := range draft.Sections {
		refs = append(refs, References(s.Text)...)
	}
	for _, q := range draft.Quotes {
		t.passages = append(t.passages, q.Passage)
	}
	t.references = referencesOf(refs)
	t.words = wordsOf(c.Title, c.Received.Question)
	return t
}

// TraceEntry gives the trace of an entry.
func TraceEntry(e Entry) Trace {
	t := Trace{Number: e.Number, Title: e.Title, topics: e.Topics}
	refs := slices.Clone(e.References)
	text := []string{e.Title, e.Question}
	for _, s := range e.Sections {
		refs = append(refs, References(s.Text)...)
		text = append(text, s.Question)
	}
	for _, qs := range e.Asked {
		text = append(text, qs...)
	}
	for _, q := range e.Quotes {
		t.passages = append(t.passages, q.Passage)
	}
	// an answer that was found is near, as its quotes are
	for _, p := range e.Parts() {
		t.passages = append(t.passages, SourceID(e.Number)+"/"+p.Anchor)
	}
	t.references, t.words = referencesOf(refs), wordsOf(text...)
	return t
}

func referencesOf(refs []string) map[string]string {
	out := map[string]string{}
	for _, r := range refs {
		if key := canonical(r); strings.ContainsAny(key, "0123456789") { // a law alone is shared by too many
			if _, there := out[key]; !there {
				out[key] = r
			}
		}
	}
	return out
}

// factsOf gives what was said of a project; what nobody knows is left out.
func factsOf(facts map[string]any) map[string]string {
	out := map[string]string{}
	for k, v := range facts {
		switch v := v.(type) {
		case nil:
		case []any:
			for _, x := range v {
				out[fmt.Sprintf("%s=%v", k, x)] = k
			}
		case []string:
			for _, x := range v {
				out[k+"="+x] = k
			}
		default:
			if s := fmt.Sprint(v); s != "" && s != kiveileder.UnknownValue {
				out[k+"="+s] = k
			}
		}
	}
	return out
}

// wordsOf gives the letters of texts, without the words that many share.
func wordsOf(texts ...string) map[string]bool {
	out := map[string]bool{}
	text := strings.Join(texts, " ")
	for _, r := range References(text) { // they are compared as such
		text = strings.ReplaceAll(text, r, " ")
	}
	for w := range strings.FieldsSeq(lexical.Fold(text)) {
		if !common[w] {
			for _, t := range lexical.Terms(w) {
				out[t] = true
			}
		}
	}
	return out
}

var common = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range data.Common {
		m[lexical.Fold(w)] = true
	}
	return m
}()

//go:embed near.yaml
var nearFile []byte

var nearWords = refusal.Must("services/guidance/register: near", nearFile)

// reason gives why something is near, with what they share, in every language.
func reason(key string, what func(l kiveileder.Language) any) rules.Text {
	out := rules.Text{}
	for _, l := range kiveileder.Languages {
		if out[l] = nearWords[key][l]; what != nil {
			out[l] = fmt.Sprintf(out[l], what(l))
		}
	}
	return out
}

// Near gives those of others that are near to a case, the nearest first, and
// says why. set puts names to keys; nil: the keys. One with the same ID or
// number is the case itself.
func Near(of Trace, others []Trace, set *rules.Set) (out []Match) {
	for _, o := range others {
		if o.ID != "" && o.ID == of.ID || o.Number != "" && o.Number == of.Number {
			continue
		}
		m := Match{ID: o.ID, Number: o.Number, Title: o.Title}
		add := func(weight, share float64, key string, what func(l kiveileder.Language) any) {
			m.Score += weight * share
			if key != "" {
				m.Why = append(m.Why, reason(key, what))
			}
		}
		if keys := shared(of.references, o.references); len(keys) > 0 {
			var names []string
			for _, k := range keys {
				names = append(names, of.references[k])
			}
			add(weightReferences, worth(len(keys)), "paragraph", func(l kiveileder.Language) any { return listed(names, l) })
		}
		if keys := both(of.unclear, o.unclear); len(keys) > 0 {
			add(weightUnclear, worth(len(keys)), "unclear", func(l kiveileder.Language) any { return listed(outcomes(set, keys, l), l) })
		}
		if keys := shared(of.facts, o.facts); len(keys) > 0 {
			share := float64(len(keys)) / float64(len(of.facts)+len(o.facts)-len(keys))
			// one fact in common is soon there
			add(weightFacts, share*worth(len(keys)), "facts", func(l kiveileder.Language) any { return listed(factNames(set, keys, of.facts, l), l) })
		}
		if keys := both(of.topics, o.topics); len(keys) > 0 {
			add(weightTopics, 1, "topics", func(l kiveileder.Language) any { return listed(topics(set, keys, l), l) })
		}
		if keys := both(of.passages, o.passages); len(keys) > 0 {
			add(weightPassages, worth(len(keys)), "passages", func(kiveileder.Language) any { return len(keys) })
		}
		if share := dice(of.words, o.words); share > 0 {
			key := ""
			if share >= leastWords {
				key = "words"
			}
			add(weightWords, share, key, nil)
		}
		if alike := alikeIn(of.meaning, o.meaning); alike > 0 {
			m.Score += (1 - m.Score) * weightMeaning * min(alike/sameMeaning, 1)
			if alike >= nearMeaning {
				m.Why = append(m.Why, reason("meaning", nil))
			}
		}
		if m.Score = math.Round(m.Score*1000) / 1000; m.Score >= leastNear && len(m.Why) > 0 {
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(b.Number, a.Number))
	})
	return out
}

// alikeIn gives how alike two places are, 0 when one is not known.
func alikeIn(a, b []float32) float64 {
	if len(a) == 0 || len(a) != len(b) {
		return 0
	}
	return float64(vek32.Dot(a, b))
}

// worth gives what n things in common are worth: the first most, and never more
// than one together.
func worth(n int) float64 { return 1 - math.Pow(0.4, float64(n)) }

func dice(a, b map[string]bool) float64 {
	n := 0
	for k := range a {
		if b[k] {
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return 2 * float64(n) / float64(len(a)+len(b))
}

func shared(a, b map[string]string) (out []string) {
	for _, k := range slices.Sorted(maps.Keys(a)) {
		if _, ok := b[k]; ok {
			out = append(out, k)
		}
	}
	return out
}

func both(a, b []string) (out []string) {
	for _, k := range a {
		if k != "" && slices.Contains(b, k) && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// maxListed is how many things in common are named.
const maxListed = 3

func listed(names []string, l kiveileder.Language) string {
	if more := len(names) - maxListed; more > 0 {
		return fmt.Sprintf(nearWords["more"][l], strings.Join(names[:maxListed], ", "), more)
	}
	return strings.Join(names, ", ")
}

func outcomes(set *rules.Set, keys []string, l kiveileder.Language) (out []string) {
	for _, k := range keys {
		name := k
		if set != nil {
			if o, ok := set.Outcome(k); ok {
				name = "«" + strings.TrimSuffix(o.Text.Get(l), ".") + "»"
			}
		}
		out = append(out, name)
	}
	return out
}

func topics(set *rules.Set, keys []string, l kiveileder.Language) (out []string) {
	for _, k := range keys {
		name := k
		if set != nil {
			if i := slices.IndexFunc(set.Modules, func(m rules.Module) bool { return m.Name == k }); i >= 0 {
				name = set.Modules[i].Title.Get(l)
			}
		}
		out = append(out, name)
	}
	return out
}

func factNames(set *rules.Set, keys []string, facts map[string]string, l kiveileder.Language) (out []string) {
	for _, k := range keys {
		name := facts[k]
		value := strings.TrimPrefix(k, name+"=")
		if set != nil {
			if f, ok := set.Fact(name); ok {
				name = f.Label.Get(l)
				if i := slices.IndexFunc(f.Values, func(v rules.Value) bool { return v.Key == value }); i >= 0 {
					value = f.Values[i].Label.Get(l)
				}
			}
		}
		if value == "true" || value == "false" {
			value = nearWords[value][l]
		}
		out = append(out, name+": "+value)
	}
	return out
}
