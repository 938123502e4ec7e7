package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/services/rules"
)

type rulesCmd struct {
	Lint    rulesLintCmd    `cmd:"" help:"Check the rules: words in all languages, quotes word for word, no rule that can never hold."`
	Test    rulesTestCmd    `cmd:"" help:"Run the cases beside the rules; every rule must be covered."`
	Explain rulesExplainCmd `cmd:"" help:"Judge facts and say why, rule by rule."`
	Diff    rulesDiffCmd    `cmd:"" help:"Compare with another folder of rules: what changed, and which cases turn out otherwise."`
}

// ruleFolder is where the rules stand.
type ruleFolder struct {
	Dir string `help:"Folder of the corpus." default:"corpus" type:"existingdir"`
}

func (f ruleFolder) load() (*rules.Set, error) {
	return rules.Load(os.DirFS(filepath.Join(f.Dir, "rules")))
}

type rulesLintCmd struct{ ruleFolder }

// Run prints each problem and fails when there are any.
func (c *rulesLintCmd) Run(r *run) error {
	s, err := c.load()
	if err != nil {
		return err
	}
	cp, err := corpus.Load(os.DirFS(c.Dir))
	if err != nil {
		return err
	}
	problems := rules.Lint(s, cp.Passages)
	for _, p := range problems {
		fmt.Fprintln(r.stdout, p)
	}
	n := 0
	for _, m := range s.Modules {
		n += len(m.Rules)
	}
	fmt.Fprintf(r.stdout, "%d modules, %d rules, %d facts, %d outcomes: %d problems\n", len(s.Modules), n, len(s.Facts), len(s.Outcomes), len(problems))
	if len(problems) > 0 {
		return errSilent
	}
	return nil
}

type rulesTestCmd struct{ ruleFolder }

// Run prints what failed and which rules no case covers, and fails when there
// are any.
func (c *rulesTestCmd) Run(r *run) error {
	s, err := c.load()
	if err != nil {
		return err
	}
	rep := s.RunCases()
	for _, p := range append(rep.Failed, rep.Uncovered...) {
		fmt.Fprintln(r.stdout, p)
	}
	fmt.Fprintf(r.stdout, "%d cases, %d failed; %d of %d rules covered\n", rep.Cases, rep.FailedCases(), rep.Rules-len(rep.Uncovered), rep.Rules)
	if len(rep.Failed)+len(rep.Uncovered) > 0 {
		return errSilent
	}
	return nil
}

type rulesExplainCmd struct {
	ruleFolder
	Facts string `help:"The facts as JSON, for example '{\"purpose\": [\"health_research\"]}'." required:""`
	AsOf  string `help:"Judge by the rules in force on this day, as in 2024-02-14." placeholder:"DATE"`
	JSON  bool   `help:"Print everything as JSON."`
	All   bool   `help:"Also the rules that do not hold."`
}

// Run prints the outcomes with their rules, what is missing, and what would
// change the result.
func (c *rulesExplainCmd) Run(r *run) error {
	s, err := c.load()
	if err != nil {
		return err
	}
	var facts map[string]any
	if err := json.Unmarshal([]byte(c.Facts), &facts); err != nil {
		return fmt.Errorf("the facts are no JSON object: %w", err)
	}
	var day time.Time
	if c.AsOf != "" {
		if day, err = time.Parse(time.DateOnly, c.AsOf); err != nil {
			return fmt.Errorf("%q is no date; write 2024-02-14", c.AsOf)
		}
	}
	e, err := s.Explain(facts, day)
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(r.stdout)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(e)
	}
	c.print(r, s, e)
	return nil
}

func (c *rulesExplainCmd) print(r *run, s *rules.Set, e rules.Explanation) {
	out := func(format string, args ...any) { fmt.Fprintf(r.stdout, format+"\n", args...) }
	for _, f := range e.Findings {
		o, _ := s.Outcome(f.Outcome)
		out("%-12s %s  [%s]", f.Kind, f.Outcome, strings.Join(f.Rules, " "))
		out("             %s", o.Text.Get(kiveileder.Bokmal))
	}
	if len(e.Missing) > 0 {
		f, _ := s.Fact(e.Ask)
		out("missing      %s", strings.Join(e.Missing, ", "))
		out("ask          %s", f.Ask.Get(kiveileder.Bokmal))
	}
	out("escalate     %v", e.Escalate)
	for _, st := range e.Trace {
		if st.State == rules.NotFired && !c.All {
			continue
		}
		rule, _, _ := s.Rule(st.Rule)
		line := fmt.Sprintf("%-12s %s %s", strings.ReplaceAll(st.State, "_", " "), st.Rule, rule.Title.Get(kiveileder.Bokmal))
		if st.Purpose != "" {
			line += " (" + st.Purpose + ")"
		}
		for _, f := range st.False {
			line += "; false: " + f.Condition
		}
		if len(st.Open) > 0 {
			line += "; waits for: " + strings.Join(st.Open, ", ")
		}
		out("%s", line)
	}
	for _, ch := range e.Changes {
		if !ch.Asked && ch.From == nil && !c.All {
			continue
		}
		out("change       %s: %s -> %s: %s", ch.Fact, plain(ch.From), plain(ch.To), plusMinus(ch.Added, ch.Removed))
	}
	out("rules        %s", e.Rules)
}

func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return "?"
	case []string:
		return strings.Join(v, "+")
	}
	return fmt.Sprint(v)
}

func plusMinus(added, removed []string) string {
	var out []string
	for _, o := range added {
		out = append(out, "+"+o)
	}
	for _, o := range removed {
		out = append(out, "-"+o)
	}
	return strings.Join(out, " ")
}

type rulesDiffCmd struct {
	ruleFolder
	Old string `arg:"" help:"The other folder of rules, such as corpus/rules of an older version." type:"existingdir"`
}

// Run prints the differences; that there are some is no failure.
func (c *rulesDiffCmd) Run(r *run) error {
	now, err := c.load()
	if err != nil {
		return err
	}
	old, err := rules.Load(os.DirFS(c.Old))
	if err != nil {
		return err
	}
	for _, d := range rules.Diff(old, now) {
		fmt.Fprintln(r.stdout, d)
	}
	fmt.Fprintf(r.stdout, "%s -> %s\n", old.Hash(), now.Hash())
	return nil
}
