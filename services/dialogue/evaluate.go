package dialogue

import (
	"time"

	"kiveileder"
	"kiveileder/services/rules"
)

// An Evaluation is what the rules say of facts, for other systems.
type Evaluation struct {
	Outcomes []string              `json:"outcomes"`
	Findings []kiveileder.Finding  `json:"findings"`
	Purposes []rules.Judged        `json:"purposes"` // what holds for each purpose alone
	Missing  []string              `json:"missing"`
	Ask      *kiveileder.Ask       `json:"ask,omitempty"`
	Escalate bool                  `json:"escalate"`
	Facts    map[string]any        `json:"facts"`
	Read     []kiveileder.FactRead `json:"facts_read"`
	Trace    []rules.Step          `json:"trace"`
	Changes  []rules.Change        `json:"changes"` // single facts that would change the outcomes
	Versions kiveileder.Versions   `json:"versions"`
	AsOf     string                `json:"as_of,omitempty"`
}

// Evaluate judges facts by the rules in force on a day, the zero time for
// today's. Facts that the rules do not know are a *kiveileder.Error of
// CodeInvalid; a service without rules gives CodeNotFound.
func (d *Dialogue) Evaluate(facts map[string]any, asOf time.Time, l kiveileder.Language) (Evaluation, error) {
	if d.rules == nil {
		return Evaluation{}, kiveileder.Errorf(kiveileder.CodeNotFound, "%s", d.texts.Get("error_not_found", l))
	}
	e, err := d.rules.Explain(d.normal(facts), asOf)
	if err != nil {
		return Evaluation{}, err
	}
	out := Evaluation{
		Outcomes: e.Outcomes, Findings: []kiveileder.Finding{}, Purposes: e.Purposes, Missing: e.Missing, Escalate: e.Escalate,
		Facts: e.Facts, Trace: e.Trace, Changes: e.Changes, Versions: d.versions, AsOf: e.AsOf,
	}
	out.Read, _ = d.chips(project{facts: e.Facts}, l)
	for _, f := range e.Findings {
		out.Findings = append(out.Findings, d.finding(f, e.Facts, l))
	}
	if len(e.Missing) > 0 {
		out.Ask = d.ask(e.Missing[0], l)
	}
	if out.Read == nil {
		out.Read = []kiveileder.FactRead{}
	}
	return out, nil
}
