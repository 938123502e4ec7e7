package register

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/services/guidance"
	"kiveileder/services/rules"
)

// A Ground is what answers lean on: the sources and the rules of one version.
// It is made once for a version, and safe for concurrent use.
type Ground struct {
	library *corpus.Library
	words   map[string][]passage // by source
	others  []passage            // of the sources that are no published answers
	rules   map[string]string    // hash by rule
}

type passage struct {
	id, words string
	old       bool // a newer source is known to speak of the same
}

// NewGround makes the ground of a library and of rules, which may be nil.
func NewGround(l *corpus.Library, set *rules.Set) *Ground {
	g := &Ground{library: l, words: map[string][]passage{}, rules: hashes(set)}
	for _, s := range l.Sources() {
		g.others = append(g.others, g.source(s.ID)...)
		g.words[s.ID] = g.source(s.ID)
	}
	return g
}

func (g *Ground) source(id string) (out []passage) {
	if ps, ok := g.words[id]; ok {
		return ps
	}
	for _, p := range g.library.Passages(id) {
		x := passage{id: p.ID, words: plain(p.Lead + " " + p.Text)}
		for _, cf := range g.library.ConflictsOf(p.ID) {
			x.old = x.old || slices.ContainsFunc(cf.Sides, func(s corpus.FoundSide) bool { return s.Passage.ID == p.ID && s.Superseded })
		}
		out = append(out, x)
	}
	return out
}

// plain gives the words of a text, whatever stands between them.
func plain(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n\u00a0•", r) }), " ")
}

// quoted says how a quote stands: found where it was said to be, or at least in
// some source; and whether that one is superseded.
func (g *Ground) quoted(q rules.Quote) (found, old bool) {
	words := plain(q.Text)
	has := func(p passage) bool { return strings.Contains(p.words, words) }
	own := g.source(q.Source)
	if i := slices.IndexFunc(own, func(p passage) bool { return p.id == q.Passage && has(p) }); i >= 0 {
		return true, own[i].old
	}
	if i := slices.IndexFunc(own, has); i >= 0 {
		return true, own[i].old
	}
	if i := slices.IndexFunc(g.others, has); i >= 0 {
		return true, g.others[i].old
	}
	return false, false
}

// Verbatim reports whether a quote stands word for word in the passage that it
// names: for guidance.Config.
func (g *Ground) Verbatim(q rules.Quote) bool {
	words := plain(q.Text)
	return words != "" && slices.ContainsFunc(g.source(q.Source), func(p passage) bool { return p.id == q.Passage && strings.Contains(p.words, words) })
}

// Leans gives what an answer rests on as it is now: its quotes, and the rules
// that judged the case when it was handed over, or that it leant on when it was
// published before.
func (g *Ground) Leans(c guidance.Case, quotes []rules.Quote) (out []guidance.Lean) {
	for _, q := range quotes {
		l := guidance.Lean{Source: q.Source, Passage: q.Passage}
		found, old := g.quoted(q)
		if l.Old = old; found {
			l.Hash = hashOf(plain(q.Text))
		}
		out = append(out, l)
	}
	var ids []string
	for _, f := range c.Received.Findings {
		for id := range strings.SplitSeq(f.Rule, ",") {
			ids = append(ids, strings.TrimSpace(id))
		}
	}
	if c.Publication != nil {
		for _, l := range c.Publication.Leans {
			ids = append(ids, l.Rule)
		}
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if id != "" {
			out = append(out, guidance.Lean{Rule: id, Hash: g.rules[id]})
		}
	}
	return out
}

// Fill puts into the data of a publication, or of the end of a review, what the
// service sets: what the answer leans on now. Other data are given back as they
// are.
func (g *Ground) Fill(c guidance.Case, data any) any {
	switch d := data.(type) {
	case guidance.PublishedData:
		d.Leans = g.Leans(c, d.Quotes)
		return d
	case guidance.ReviewEndedData:
		d.Leans = nil
		if c.Publication != nil {
			d.Leans = g.Leans(c, c.Publication.Quotes)
		}
		return d
	}
	return data
}

// Changed reports whether an entry that is valid should be looked at again, and
// why: a quote is in no current source any more, its source was superseded, a
// rule has changed or is gone. What a person has seen and found in order when
// they published it, or ended a review, is no reason.
func (g *Ground) Changed(e Entry) (reason rules.Text, changed bool) {
	if e.Status != guidance.Valid {
		return nil, false
	}
	var why []rules.Text
	for _, q := range e.Quotes {
		was := guidance.Lean{Hash: hashOf(plain(q.Text))}
		if i := slices.IndexFunc(e.Leans, func(l guidance.Lean) bool {
			return l.Rule == "" && l.Source == q.Source && l.Passage == q.Passage && (l.Hash == was.Hash || l.Hash == "")
		}); i >= 0 {
			was = e.Leans[i]
		}
		found, old := g.quoted(q.Quote)
		switch {
		case !found && was.Hash != "":
			why = append(why, say.Words("quote_gone", g.name(q.Source)))
		case found && old && !was.Old:
			why = append(why, say.Words("superseded", g.name(q.Source)))
		}
	}
	for _, l := range e.Leans {
		now := g.rules[l.Rule]
		switch {
		case l.Rule == "" || now == l.Hash:
		case now == "":
			why = append(why, say.Words("rule_gone", l.Rule))
		default:
			why = append(why, say.Words("rule_changed", l.Rule))
		}
	}
	if len(why) == 0 {
		return nil, false
	}
	inOrder := func(a, b rules.Text) int { return strings.Compare(a[kiveileder.Bokmal], b[kiveileder.Bokmal]) }
	slices.SortFunc(why, inOrder)
	why = slices.CompactFunc(why, func(a, b rules.Text) bool { return inOrder(a, b) == 0 })
	if more := len(why) - maxReasons; more > 0 {
		why = append(why[:maxReasons], say.Words("more", more))
	}
	reason = rules.Text{}
	for _, l := range kiveileder.Languages {
		var all []string
		for _, text := range why {
			all = append(all, text[l])
		}
		r := []rune(strings.Join(all, " "))
		reason[l] = string(r[:min(len(r), guidance.MaxReason)])
	}
	return reason, true
}

// maxReasons is how many changes are named: a reason is to be read.
const maxReasons = 10

func (g *Ground) name(source string) string {
	if s, ok := g.library.Source(source); ok && s.Title != "" {
		return "«" + s.Title + "» (" + source + ")"
	}
	return source
}

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:12])
}

var word = regexp.MustCompile(`[A-Za-z_][A-Za-z_0-9]*`)

// hashes gives each rule's: of all that decides when it holds and what it says,
// with the conditions that it names and its quotes. Its title and its notes are
// for readers.
func hashes(set *rules.Set) map[string]string {
	out := map[string]string{}
	if set == nil {
		return out
	}
	conditions := map[string]string{}
	for _, c := range set.Shared.Conditions {
		conditions[c.Name] = c.When.Text
	}
	for _, m := range set.Modules {
		for _, r := range m.Rules {
			parts := []any{r.ID, m.Each, m.For, r.Group, r.Outcomes, r.Ask, r.Cites, r.From, r.To, r.Inferred}
			named := map[string]bool{}
			var expand func(text string)
			expand = func(text string) {
				parts = append(parts, text)
				for _, w := range word.FindAllString(text, -1) {
					if c, ok := conditions[w]; ok && !named[w] {
						named[w] = true
						expand(c)
					}
				}
			}
			expand(m.When.Text)
			expand(r.When.Text)
			for _, key := range r.Outcomes {
				if o, ok := set.Outcome(key); ok {
					parts = append(parts, o.Kind, o.Authority, o.Text[kiveileder.Bokmal], o.Prepare[kiveileder.Bokmal], o.LegalBasis, o.Quotes)
				}
				for _, b := range set.Shared.Beats {
					if b.Outcome == key {
						parts = append(parts, b.By)
					}
				}
			}
			b, err := json.Marshal(parts)
			if err != nil {
				panic(err) // texts and lists of them
			}
			out[r.ID] = hashOf(string(b))
		}
	}
	return out
}
