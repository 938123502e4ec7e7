package eval

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
)

// A rulebook says of a project that is research that it must be approved, and
// asks for consent unless that is given; of anything unclear it escalates.
type rulebook struct{}

func (rulebook) Judge(facts map[string]any) (outcomes, missing []string, escalate bool, err error) {
	switch facts["purpose"] {
	case "research":
		outcomes = []string{"approval", "advice"}
	case "unclear":
		return []string{"unclear"}, nil, true, nil
	case "broken":
		return nil, nil, false, errors.New("no such fact")
	}
	if facts["consent"] == nil {
		missing = []string{"sources", "consent"}
	}
	return outcomes, missing, false, nil
}

// A narrator understands the words of a text as facts, and judges them by the
// rulebook. "also" adds an outcome.
type narrator struct{}

func (narrator) Turn(_ context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	words := strings.Fields(t.Question)
	if slices.Contains(words, "away") {
		return kiveileder.Answer{}, errors.New("away")
	}
	facts := map[string]any{}
	for _, w := range []string{"research", "unclear"} {
		if slices.Contains(words, w) {
			facts["purpose"] = w
		}
	}
	if slices.Contains(words, "consent") {
		facts["consent"] = "yes"
	}
	outcomes, missing, escalate, err := rulebook{}.Judge(facts)
	if slices.Contains(words, "also") {
		outcomes = append(outcomes, "fee")
	}
	a := kiveileder.Answer{Status: kiveileder.Answered, Facts: facts, Missing: missing}
	if escalate {
		a.Status = kiveileder.Escalate
	}
	for _, o := range outcomes {
		a.Findings = append(a.Findings, kiveileder.Finding{Outcome: o, Quotes: []kiveileder.Citation{{Lead: "Prosjektet må:", Quote: "• ha god-\nkjenning1 fra komiteen"}}})
	}
	a.Citations = []kiveileder.Citation{{Quote: "Samtykke fra den enkelte"}}
	return a, err
}

// rule gives a case whose facts are a purpose and, perhaps, consent.
func rule(id, text, expect string, facts ...string) Case {
	c := Case{ID: id, Text: text, Facts: map[string]any{}}
	for i, f := range facts {
		c.Facts[[]string{"purpose", "consent"}[i]] = f
	}
	if expect != "" {
		c.Expect = []byte(expect)
	}
	return c
}

func run(t *testing.T, cases ...Case) RuleRun {
	t.Helper()
	r, err := RunRules(t.Context(), rulebook{}, narrator{}, cases)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Outcomes are a part, missing and escalation are exact.
func TestRulesFromFacts(t *testing.T) {
	for _, c := range []struct {
		name         string
		of           Case
		right, exact bool
		want         Judged
	}{
		{"all right", rule("1", "", `{"must":["approval"],"must_not":["fee"],"missing":["consent","sources"]}`, "research"), true, true, Judged{}},
		{"nothing missing", rule("2", "", `{"must":["advice","approval"]}`, "research", "yes"), true, true, Judged{}},
		{"an outcome lacks", rule("3", "", `{"must":["approval","fee"]}`, "research", "yes"), false, false, Judged{Lacking: []string{"fee"}}},
		{"an outcome that must not be", rule("4", "", `{"must_not":["advice"]}`, "research", "yes"), false, false, Judged{Wrong: []string{"advice"}}},
		{"asks too much", rule("5", "", `{"missing":["consent"]}`, "research"), true, false, Judged{Missing: []string{"consent", "sources"}}},
		{"asks nothing", rule("6", "", `{"missing":["consent"]}`, "research", "yes"), true, false, Judged{Missing: []string{}}},
		{"should escalate", rule("7", "", `{"escalate":true}`, "research", "yes"), false, false, Judged{Escalate: true}},
		{"should not escalate", rule("8", "", `{"must":["unclear"]}`, "unclear"), false, false, Judged{Escalate: true}},
		{"escalates", rule("9", "", `{"must":["unclear"],"escalate":true}`, "unclear"), true, true, Judged{}},
		{"expects nothing in particular", rule("10", "", "", "research"), true, true, Judged{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, c.of)
			if len(r.Facts) != 1 || len(r.Words) != 0 {
				t.Fatalf("%d from facts, %d from words", len(r.Facts), len(r.Words))
			}
			got := r.Facts[0]
			if got.Right() != c.right || got.Exact() != c.exact {
				t.Errorf("right %v, exact %v; want %v, %v", got.Right(), got.Exact(), c.right, c.exact)
			}
			c.want.Case, c.want.Facts = c.of, c.of.Facts
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A case that expects something expects it of its words too; one that says
// nothing expects of its words exactly what follows from its facts.
func TestRulesFromWords(t *testing.T) {
	for _, c := range []struct {
		name, text, expect string
		right, exact       bool
		want               Judged
	}{
		{"the same", "research with consent", "", true, true, Judged{}},
		{"a fact is not read", "with consent", "", false, false, Judged{Lacking: []string{"approval", "advice"}}},
		{"only what to ask for differs", "research", "", true, false, Judged{Missing: []string{"consent", "sources"}}},
		{"more than follows", "also research with consent", "", false, false, Judged{Wrong: []string{"fee"}}},
		{"more than follows, where that is fine", "also research with consent", `{"must":["approval"]}`, true, true, Judged{}},
		{"something else", "unclear", "", false, false, Judged{Lacking: []string{"approval", "advice"}, Wrong: []string{"unclear"}, Escalate: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			of := rule("w", c.text, c.expect, "research", "yes")
			r := run(t, of)
			if !r.Facts[0].Exact() {
				t.Errorf("from facts: %+v", r.Facts[0])
			}
			got := r.Words[0]
			if got.Right() != c.right || got.Exact() != c.exact {
				t.Errorf("right %v, exact %v; want %v, %v", got.Right(), got.Exact(), c.right, c.exact)
			}
			got.Case, got.Facts = Case{}, nil
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Snippets count as quoted in the citations and in what findings rest on, with
// the lead-in of a list, whatever the line breaks and footnotes.
func TestRulesSnippets(t *testing.T) {
	c := rule("s", "research with consent", "", "research", "yes")
	c.Cite = []byte(`[{"doc":"004","snippet":"samtykke fra den enkelte"},{"snippet":"må ha godkjenning fra komiteen"},{"snippet":"et gebyr"}]`)
	got := run(t, c).Words[0]
	if got.Quoted != 2 || got.Cites != 3 {
		t.Errorf("%d of %d quoted", got.Quoted, got.Cites)
	}
	if from := run(t, c).Facts[0]; from.Cites != 0 {
		t.Errorf("facts alone are quoted nothing for: %+v", from)
	}
}

func TestRulesErrors(t *testing.T) {
	bad := rule("z3", "research", "", "research")
	bad.Cite = []byte(`{"snippet":1}`)
	for _, c := range []Case{
		rule("z1", "research", "", "broken"), rule("z2", "away", "", "research"), bad, rule("z4", "", `"escalate"`, "research"),
	} {
		if _, err := RunRules(t.Context(), rulebook{}, narrator{}, []Case{c}); err == nil || !strings.Contains(err.Error(), c.ID) {
			t.Errorf("%s: error %v, want the case's id", c.ID, err)
		}
	}
}

func TestRulesWrite(t *testing.T) {
	cited := rule("a", "research with consent", "", "research", "yes")
	cited.Cite = []byte(`[{"snippet":"samtykke fra den enkelte"},{"snippet":"et gebyr"}]`)
	r := run(t, cited, rule("b", "with consent", `{"must":["approval"],"missing":["consent","sources"]}`, "research"), rule("c", "", `{"escalate":true}`, "research", "yes"))
	var b strings.Builder
	r.Write(&b)
	r.Misses(&b)
	want := `  rules, from facts         3   outcomes and escalation right 2   with the facts to ask for 2
  rules, from words         2   outcomes and escalation right 1   with the facts to ask for 1   snippets quoted 1 of 2
  miss c from facts: lacking [], wrong [], asked [], escalation differs true | 
       facts consent=yes purpose=research
       read  consent=yes purpose=research
  miss b from words: lacking [approval], wrong [], asked [], escalation differs false | with consent
       facts purpose=research
       read  consent=yes
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	b.Reset()
	RuleRun{}.Write(&b)
	if !strings.Contains(b.String(), "from facts") || strings.Contains(b.String(), "from words") {
		t.Errorf("nothing run: %q", b.String())
	}
}
