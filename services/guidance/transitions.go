package guidance

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"

	"github.com/goccy/go-yaml"

	"kiveileder"
	"kiveileder/services/rules"
)

//go:embed transitions.yaml
var transitionsFile []byte

// A Transition is one thing that may happen to a case.
type Transition struct {
	Kind   Kind     `yaml:"kind"`
	From   []State  `yaml:"from"`
	To     State    `yaml:"to"`
	When   []string `yaml:"when,omitempty"`
	Roles  []Role   `yaml:"roles"`
	Guards []string `yaml:"guards"`
}

// A Flow is what transitions.yaml says.
type Flow struct {
	Open        []State               `yaml:"open"`
	Ends        []State               `yaml:"ends"`
	Quiet       []Kind                `yaml:"quiet"`
	Alongside   []Kind                `yaml:"alongside"`
	Anyway      []Kind                `yaml:"anyway"`
	Transitions []Transition          `yaml:"transitions"`
	Guards      map[string]rules.Text `yaml:"guards"`
}

// TheFlow is the one that the service follows.
var TheFlow = must(ParseFlow(transitionsFile))

func must(f *Flow, err error) *Flow {
	if err != nil {
		panic("guidance: transitions.yaml: " + err.Error()) // it is in the program, and a test reads it
	}
	return f
}

// ParseFlow reads a flow and lints it.
func ParseFlow(text []byte) (*Flow, error) {
	f := &Flow{}
	if err := yaml.UnmarshalWithOptions(text, f, yaml.Strict()); err != nil {
		return nil, err
	}
	for i := range f.Transitions {
		t := &f.Transitions[i]
		t.From = f.spread(t.From)
	}
	return f, f.Lint()
}

// spread puts the states that a short name stands for.
func (f *Flow) spread(from []State) (out []State) {
	for _, s := range from {
		switch s {
		case "open":
			out = append(out, f.Open...)
		case "any":
			out = append(out, States...)
		case beforeStates:
			out = append(out, None)
		default:
			out = append(out, s)
		}
	}
	return out
}

// Lint says what is wrong with a flow, all of it at once: a state that is not
// there, cannot be reached or is a dead end without being one of Ends; a kind
// that is unknown or unused; a transition that another hides; a condition or a
// guard that is unknown, unused, or without words in every language.
func (f *Flow) Lint() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	used := map[string]bool{"role": true, "state": true, "gone": true}
	kinds := map[Kind]bool{}
	for i, t := range f.Transitions {
		kinds[t.Kind] = true
		f.lintTransition(i, t, used, bad)
	}
	for k := range dataTypes {
		if !kinds[k] {
			bad("kind %s has no transition", k)
		}
	}
	for _, k := range slices.Concat(f.Quiet, f.Alongside, f.Anyway) {
		if dataTypes[k] == nil {
			bad("quiet, alongside or anyway: no kind %q", k)
		}
	}
	for _, s := range slices.Concat(f.Open, f.Ends) {
		if !slices.Contains(States, s) {
			bad("open or ends: no state %q", s)
		}
	}
	f.lintStates(bad)
	for name := range guards {
		if !used[name] {
			bad("guard %s is used by no transition", name)
		}
	}
	for name, words := range f.Guards {
		if !used[name] {
			bad("words for %q, which is no guard in use", name)
		}
		for _, lang := range kiveileder.Languages {
			if words[lang] == "" {
				bad("guard %s has no words in %s", name, lang)
			}
		}
	}
	for name := range used {
		if f.Guards[name] == nil {
			bad("guard %s has no words", name)
		}
	}
	return errors.Join(errs...)
}

func (f *Flow) lintTransition(i int, t Transition, used map[string]bool, bad func(string, ...any)) {
	what := fmt.Sprintf("transition %d (%s)", i+1, t.Kind)
	if dataTypes[t.Kind] == nil {
		bad("%s: no such kind", what)
	}
	for _, s := range t.From {
		if s != None && !slices.Contains(States, s) {
			bad("%s: no state %q", what, s)
		}
	}
	if t.To != sameState && !slices.Contains(States, t.To) {
		bad("%s: no state %q", what, t.To)
	}
	if len(t.From) == 0 || len(t.Roles) == 0 {
		bad("%s: nobody can ever do it", what)
	}
	for _, r := range t.Roles {
		if !slices.Contains(Roles, r) {
			bad("%s: no role %q", what, r)
		}
	}
	for _, w := range t.When {
		if conditions[w] == nil {
			bad("%s: no condition %q", what, w)
		}
	}
	for _, g := range t.Guards {
		used[g] = true
		if guards[g] == nil {
			bad("%s: no guard %q", what, g)
		}
	}
	for _, s := range t.From {
		for _, r := range t.Roles {
			if hidden(f.Transitions[:i], t.Kind, s, r) {
				bad("%s: from %q as %s an earlier one is always taken", what, s, r)
			}
		}
		for _, e := range f.Transitions[:i] {
			if e.Kind == t.Kind && len(e.When) == 0 && slices.Contains(e.From, s) && e.To != t.To {
				bad("%s: from %q it leads elsewhere for other roles: who did it must not decide where a case stands", what, s)
			}
		}
	}
}

// hidden reports whether an earlier transition without a condition takes all.
func hidden(earlier []Transition, k Kind, s State, r Role) bool {
	return slices.ContainsFunc(earlier, func(e Transition) bool {
		return e.Kind == k && len(e.When) == 0 && slices.Contains(e.From, s) && slices.Contains(e.Roles, r)
	})
}

func (f *Flow) lintStates(bad func(string, ...any)) {
	reached := map[State]bool{None: true}
	for more := true; more; {
		more = false
		for _, t := range f.Transitions {
			from := func(s State) bool { return reached[s] }
			if t.To != sameState && !reached[t.To] && slices.ContainsFunc(t.From, from) {
				reached[t.To], more = true, true
			}
		}
	}
	for _, s := range States {
		if !reached[s] {
			bad("state %s is never reached", s)
		}
		leaves := func(t Transition) bool { return slices.Contains(t.From, s) && t.To != sameState && t.To != s }
		if !slices.Contains(f.Ends, s) && !slices.ContainsFunc(f.Transitions, leaves) {
			bad("state %s is a dead end", s)
		}
	}
}

// next gives where an event leads, false when it may not happen from where the
// case stands. The case has the event already, but for its state. Roles do not
// count: who may do what can change, what was done stays.
func (f *Flow) next(c *Case, e Event) (State, bool) {
	for _, t := range f.Transitions {
		switch {
		case t.Kind != e.Kind || !slices.Contains(t.From, c.State) || !holdAll(t.When, c, e):
		case t.To == sameState:
			return c.State, true
		default:
			return t.To, true
		}
	}
	return None, false
}

// allowed gives the transition that somebody may take, without regard to
// conditions and guards; or the name of what is against it.
func (f *Flow) allowed(c *Case, kind Kind, role Role) (Transition, string) {
	why := "state"
	for _, t := range f.Transitions {
		switch {
		case t.Kind != kind || !slices.Contains(t.From, c.State):
		case !slices.Contains(t.Roles, role):
			why = "role"
		default:
			return t, ""
		}
	}
	return Transition{}, why
}

func holdAll(when []string, c *Case, e Event) bool {
	return !slices.ContainsFunc(when, func(w string) bool { return !conditions[w](c, e) })
}

// A condition reads the log alone: the fold must come out alike for ever.
var conditions = map[string]func(c *Case, e Event) bool{
	"returned":    func(_ *Case, e Event) bool { d, _ := e.Data.(SignedData); return d.Verdict == Return },
	"tasks_left":  func(c *Case, _ Event) bool { return slices.ContainsFunc(c.Tasks, Task.Open) },
	"in_time":     func(c *Case, e Event) bool { return c.Closing != nil && c.Closing.InTime(e.At) },
	"draft_there": func(c *Case, _ Event) bool { return len(c.Drafts) > 0 },
}
