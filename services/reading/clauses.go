package reading

// How many words after a joining word its verb stands at most: "og verktøyet
// er", and after a comma "and the tool that we bought is".
const (
	verbWithin     = 3
	verbAfterComma = 5
	verbAfterBut   = 8
)

// mainClauses numbers, by token, the main clauses of a text. One begins with a
// sentence, and at a joining word ("og", "men") that a verb follows: what is
// denied in the one ("vi har ikke samtykke") is not denied in the next ("og
// verktøyet er CE-merket"). In a list no verb follows ("ikke NPR og KPR").
func (r *Reader) mainClauses(d *document) []int {
	out := make([]int, len(d.tokens))
	n := 0
	for i := 1; i < len(d.tokens); i++ {
		switch before, t := d.tokens[i-1], d.tokens[i]; {
		case t.sentence != before.sentence:
			n++
		case i+1 < len(d.tokens) && (d.has(r.others, i+1) || d.has(r.not, i+1)): // "men andre har ikke", "men ikke alle" are of the same matter
		case t.word == "og" && t.clause != before.clause: // Norwegian has no comma before the last of a list
			n++
		case d.has(r.joins, i) && r.verbFollows(d, i, t.clause != before.clause):
			n++
		}
		out[i] = n
	}
	return out
}

// verbFollows reports whether a clause of its own begins after the joining word
// at i.
func (r *Reader) verbFollows(d *document, i int, comma bool) bool {
	within, but := verbWithin, r.lex.breaks[d.tokens[i].word]
	switch {
	case but: // "men på juss og ikke på helse" is none
		within = verbAfterBut
	case comma:
		within = verbAfterComma
	}
	for k := i + 1; k < len(d.tokens) && k <= i+within; k++ {
		switch {
		case d.tokens[k].clause != d.tokens[i].clause || !but && d.has(r.joins, k):
			return false
		case d.has(r.finite, k):
			return true
		}
	}
	return false
}

// leaks reports whether a match of words that follow one another takes a denial
// or a doubt from one main clause of a sentence to what stands in another.
func (r *Reader) leaks(d *document, p pattern, s span) bool {
	return len(p.parts) == 1 && d.main[s.first] != d.main[s.last] &&
		d.tokens[s.first].sentence == d.tokens[s.last].sentence && d.holds(s, r.denials)
}

// elsewhere reports whether a denial or a doubt stands in none of the main
// clauses of a match.
func (r *Reader) elsewhere(d *document, denial, s span) bool {
	return (d.main[denial.last] < d.main[s.first] || d.main[denial.first] > d.main[s.last]) && d.holds(denial, r.denials)
}
