package reading

import (
	"slices"
	"strings"
)

// A guard takes away readings near its words: a denial, a doubt, a question.
type guard struct {
	Guard   string   `yaml:"guard"`
	Words   string   `yaml:"words"` // name of the concept
	Before  int      `yaml:"before"`
	After   int      `yaml:"after"`
	Inside  bool     `yaml:"inside"` // also between the words that were matched
	Start   bool     `yaml:"start"`  // only where they begin a clause of a question
	In      string   `yaml:"in"`     // clause or sentence
	Stop    string   `yaml:"stop"`   // concept that ends its reach
	For     []string `yaml:"for"`    // facts; none: all but those of except
	Except  []string `yaml:"except"`
	Why     string   `yaml:"why"`
	concept int
	file    string
	stop    int // -1 for none
}

// concerns reports whether the guard watches a rule.
func (g guard) concerns(ru *rule) bool {
	if slices.Contains(ru.Ignore, g.Guard) || slices.Contains(ru.Ignore, "all") {
		return false
	}
	if len(g.For) > 0 {
		return slices.Contains(g.For, ru.fact)
	}
	return !slices.Contains(g.Except, ru.fact)
}

func (r *Reader) guarded(d *document, ru *rule, s span) bool {
	for _, g := range r.guards {
		if g.concerns(ru) && g.reaches(d, d.places[g.concept], s) {
			return true
		}
	}
	return false
}

// deniedOnly reports whether of all guards only the denial reaches the span.
func (r *Reader) deniedOnly(d *document, ru *rule, s span) bool {
	for _, g := range r.guards {
		if !strings.HasPrefix(g.Guard, denial) && g.concerns(ru) && g.reaches(d, d.places[g.concept], s) {
			return false
		}
	}
	return true
}

// denial begins the names of the guards whose opposite a rule may read.
const denial = "denied"

// reaches reports whether one of the guard's words stands near enough.
func (g guard) reaches(d *document, at []span, s span) bool {
	first, _ := slices.BinarySearchFunc(at, s.first-g.Before-8, func(a span, n int) int { return a.first - n })
	for _, w := range at[first:] {
		if w.first > s.last+g.After {
			return false
		}
		if g.Start && !d.opens(w.first) {
			continue
		}
		switch {
		case w.last < s.first:
			if s.first-w.last <= g.Before && d.joined(w.last, s.first, g) {
				return true
			}
		case w.first > s.last:
			if w.first-s.last <= g.After && d.joined(s.last, w.first, g) {
				return true
			}
		case g.Inside:
			return true
		}
	}
	return false
}

// opens reports whether token i begins a clause of a sentence that asks: "er
// verktøyet CE-merket?", but not "verktøyet er CE-merket, må vi søke?".
func (d *document) opens(i int) bool {
	return d.clause[i].first == i && d.tokens[d.sentence[i].last].word == "?"
}

// joined reports whether a guard's reach goes from token a to token b.
func (d *document) joined(a, b int, g guard) bool {
	if d.tokens[a].sentence != d.tokens[b].sentence || g.In == "clause" && d.tokens[a].clause != d.tokens[b].clause {
		return false
	}
	if g.stop < 0 {
		return true
	}
	for i := a + 1; i < b; i++ {
		if d.has(g.stop, i) {
			return false
		}
	}
	return true
}
