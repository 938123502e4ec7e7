package retriever

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"kiveileder"
	"kiveileder/corpus"
)

// An answer that was given to one question and published is judged by itself.
// The judge was learned on passages with many questions, and on questions that
// the sources do not answer: of those is the question that the answer was given
// to. What decides is whether the message asks the same as it.

//go:embed forms.yaml
var formsFile []byte

// forms is what forms.yaml says.
type forms struct {
	Forms   []form  `yaml:"forms"`
	Machine machine `yaml:"machine"`
}

// A form is a kind of question, by how it begins.
type form struct {
	Form    string   `yaml:"form"`
	Begins  string   `yaml:"begins"`
	Finds   []string `yaml:"finds"`
	Ignores []string `yaml:"ignores"`
	re      *regexp.Regexp
}

type machine struct {
	Words   string   `yaml:"words"`
	Finds   []string `yaml:"finds"`
	Ignores []string `yaml:"ignores"`
	re      *regexp.Regexp
}

var asked = func() *forms {
	f, err := readForms(formsFile)
	if err != nil {
		panic("retriever: forms.yaml: " + err.Error()) // it is in the program, and a test reads it
	}
	return f
}()

// readForms reads the forms and lints them: a pattern that does not do what it
// says is an error.
func readForms(text []byte) (*forms, error) {
	f := &forms{}
	if err := yaml.UnmarshalWithOptions(text, f, yaml.Strict()); err != nil {
		return nil, err
	}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for i := range f.Forms {
		x := &f.Forms[i]
		re, err := regexp.Compile(`(?i)^(?:` + plainWords(x.Begins) + `)`)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", x.Form, err)
		}
		x.re = re
	}
	re, err := regexp.Compile(`(?i)(?:^|[^\p{L}\d])(?:` + plainWords(f.Machine.Words) + `)(?:$|[^\p{L}\d])`)
	if err != nil {
		return nil, fmt.Errorf("machine: %w", err)
	}
	f.Machine.re = re
	for _, x := range f.Forms {
		for _, s := range x.Finds {
			if !slices.Contains(f.of(s), x.Form) {
				bad("%s: %q has the forms %v", x.Form, s, f.of(s))
			}
		}
		for _, s := range x.Ignores {
			if slices.Contains(f.of(s), x.Form) {
				bad("%s: %q has the form", x.Form, s)
			}
		}
	}
	for _, s := range f.Machine.Finds {
		if !f.speaksOfMachine(s) {
			bad("machine: not found in %q", s)
		}
	}
	for _, s := range f.Machine.Ignores {
		if f.speaksOfMachine(s) {
			bad("machine: found in %q", s)
		}
	}
	return f, errors.Join(errs...)
}

// plainWords lets \w of a pattern be any letter, and \b the end of a word: RE2
// knows those of English alone.
func plainWords(pattern string) string {
	return strings.NewReplacer(`\w`, `[\p{L}\d]`, `\b`, `(?:$|[^\p{L}\d])`).Replace(pattern)
}

var (
	clauses = regexp.MustCompile(`[,.!?:;–-]\s+`)
	// opening is what may stand before the word that a question begins with.
	opening = regexp.MustCompile(`(?i)^(?:(?:og|men|and|but|så|so)\s+)?(?:(?:fra|frå|til|i|på|hos|for|av|med|ved|from|to|in|at|by|with|for|of)\s+)?`)
)

// of gives the forms of what a text asks; none for what is answered by yes or
// no.
func (f *forms) of(text string) (out []string) {
	for _, clause := range clauses.Split(strings.TrimSpace(text), -1) {
		for _, s := range []string{clause, clause[len(opening.FindString(clause)):]} {
			i := slices.IndexFunc(f.Forms, func(x form) bool { return x.re.MatchString(s) })
			if i >= 0 {
				if !slices.Contains(out, f.Forms[i].Form) {
					out = append(out, f.Forms[i].Form)
				}
				break
			}
		}
	}
	return out
}

func (f *forms) speaksOfMachine(text string) bool { return f.Machine.re.MatchString(text) }

// A given answer is a passage of a published answer: what is known of the
// questions that it was given to.
type given struct {
	forms   []string
	wants   [maxWants]bool
	machine bool
}

// learnGiven makes ready what is known of published answers among the passages
// from a number on.
func (r *Retriever) learnGiven(c *corpus.Corpus, from int) {
	answers := map[string]bool{}
	for _, m := range c.Sources {
		answers[m.ID] = m.Kind == kiveileder.KindAnswer
	}
	number := map[string]int{}
	for i, p := range c.Passages[from:] {
		if answers[p.Source] {
			number[p.ID] = from + i
			r.given[from+i] = &given{}
		}
	}
	if len(number) == 0 {
		return
	}
	for _, q := range c.Questions {
		n, ok := number[q.Passage]
		if !ok {
			continue
		}
		g := r.given[n]
		g.forms = append(g.forms, asked.of(q.Text)...)
		g.machine = g.machine || asked.speaksOfMachine(q.Text)
		for i, w := range r.wants {
			g.wants[i] = g.wants[i] || w.Asks.MatchString(q.Text)
		}
	}
}

// What tells whether a message asks the same as a published answer was given
// to. The weights are a logistic regression on made-up answers, near questions
// and near misses (services/guidance/register/testdata/asked.yaml), and on the
// bank's examples of what the sources do not answer.
const (
	gBias      = iota
	gBest      // learned cosine with the nearest question that it was given to
	gText      // learned cosine with its text or a sentence of it
	gOpen      // how much nearer it is than the nearest question that the sources do not answer
	gOthers    // how much nearer it is than the nearest question that a source answers
	gUnknown   // share of the message's terms that nobody knows
	gNoMachine // it is about a machine, the message is not
	gWants     // how many things the message asks for that it was not asked for
	nGiven
)

var givenWeights = [nGiven]float64{gBias: -3.47, gBest: 2.5, gText: 4.7, gOpen: 3.5, gOthers: 3.5, gUnknown: -2.8, gNoMachine: -3.7, gWants: -0.7}

// answersGiven gives the probability that a message is answered by the published
// answer that was found first; false when something else was.
func (r *Retriever) answersGiven(x exam, ranked []scored) (float64, bool) {
	f, same, ok := r.givenFeatures(x, ranked)
	if !ok {
		return 0, false
	}
	if !same {
		return 0, true
	}
	s := 0.0
	for i, v := range f {
		s += givenWeights[i] * float64(v)
	}
	return sigmoid(s), true
}

// givenFeatures gives what answersGiven weighs. same is false when what is asked
// has another form than all that was answered.
func (r *Retriever) givenFeatures(x exam, ranked []scored) (f [nGiven]float32, same, ok bool) {
	if r.given[ranked[0].passage] == nil {
		return f, false, false
	}
	doc := r.docOf[ranked[0].passage]
	var nearest *scored
	text, others := float32(0), float32(0)
	for i := range ranked {
		s := &ranked[i]
		switch {
		case r.docOf[s.passage] == doc:
			text = max(text, s.f[fPassage], s.f[fSentence])
			if nearest == nil || s.f[fBest] > nearest.f[fBest] {
				nearest = s
			}
		case r.given[s.passage] == nil: // several answers may say the same
			others = max(others, s.f[fBest])
		}
	}
	g, best := r.given[nearest.passage], nearest.f[fBest]
	f = [nGiven]float32{gBias: 1, gBest: best, gText: text, gOpen: best - x.near.cos[cUnanswered].top[0], gOthers: best - others, gUnknown: x.unknown}
	if g.machine && !asked.speaksOfMachine(x.text) {
		f[gNoMachine] = 1
	}
	for i, w := range r.wants {
		if w.Offers != nil && !g.wants[i] && w.Asks.MatchString(x.text) {
			f[gWants] = min(2, f[gWants]+1)
		}
	}
	is := asked.of(x.text)
	same = len(is) == 0 || slices.ContainsFunc(is, func(form string) bool { return slices.Contains(g.forms, form) })
	return f, same, true
}
