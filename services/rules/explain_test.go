package rules

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
)

func TestExplain(t *testing.T) {
	e, err := small(t).Explain(map[string]any{"purpose": []string{"research"}}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	title := Text{kiveileder.Bokmal: "ikke anonyme", kiveileder.Nynorsk: "ikkje anonyme", kiveileder.English: "not anonymous"}
	want := []Step{
		{Module: "approval", Purpose: "research", Rule: "A", State: Open, Open: []string{"consent"}},
		{Module: "approval", Purpose: "research", Rule: "B", State: Open, Open: []string{"consent"}},
		{Module: "approval", Purpose: "research", Rule: "C", State: Fired},
		{Module: "approval", Purpose: "research", Rule: "D", State: NotFired, False: []Clause{{Condition: "said(anonymous)"}}},
	}
	if diff := cmp.Diff(want, e.Trace); diff != "" {
		t.Error(diff)
	}
	changes := []Change{
		{Fact: "consent", To: "yes", Added: []string{"free"}, Removed: []string{}, Asked: true},
		{Fact: "consent", To: "no", Added: []string{"apply"}, Removed: []string{}, Asked: true},
		{Fact: "purpose", From: []string{"research"}, To: []string{"research", "care"}, Added: []string{"free"}, Removed: []string{}},
		{Fact: "anonymous", To: true, Added: []string{"doubt", "people"}, Removed: []string{}},
	}
	if diff := cmp.Diff(changes, e.Changes); diff != "" {
		t.Error(diff)
	}

	e, err = small(t).Explain(map[string]any{"purpose": []string{"research"}, "anonymous": true, "consent": "no"}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Clause{{Condition: "secret", Title: title}}, e.Trace[0].False); diff != "" {
		t.Error(diff)
	}
}

// The trace tells of every rule in force, whatever the facts.
func TestExplainBuiltin(t *testing.T) {
	s := builtin(t)
	e, err := s.Explain(map[string]any{"purpose": []string{"health_research"}, "consent": "no"}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range e.Trace {
		switch {
		case st.State == NotFired && len(st.False) == 0:
			t.Errorf("%s: no part of it is false", st.Rule)
		case st.State == Open && len(st.Open) == 0:
			t.Errorf("%s: waits for nothing", st.Rule)
		}
		if st.Rule == "R9" && (st.State != Open || !slices.Equal(st.Open, []string{"data_sources"})) {
			t.Errorf("R9: %+v", st)
		}
	}
	i := slices.IndexFunc(e.Changes, func(c Change) bool {
		return c.Fact == "data_sources" && cmp.Equal(c.To, any([]string{"patient_record"}))
	})
	if i < 0 {
		t.Fatalf("changes %v", e.Changes)
	}
	if c := e.Changes[i]; !c.Asked || !slices.Contains(c.Added, "rek_dispensation") || !slices.Contains(c.Removed, "confidentiality_exception") {
		t.Errorf("%+v", c)
	}
}

func TestDiff(t *testing.T) {
	files := smallFiles(t)
	change(t, files, "approval/rules.yaml", `when: p == "care" || consent == "yes"`, `when: p == "care"`)
	change(t, files, "approval/rules.yaml", "id: D", "id: E")
	change(t, files, "outcomes.yaml", "nb: Søk.", "nb: Dere må søke.")
	change(t, files, "agencies.yaml", "{nb: nemnda,", "{nb: nemnda vår,")
	change(t, files, "agencies.yaml", "- agency: board", "- agency: board\n  short: N")
	now, err := Load(files)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`~ rule B when: p == "care" || consent == "yes" -> p == "care"`,
		"- rule D",
		"+ rule E",
		"~ outcome apply text: other words",
		"~ agency board short:  -> N",
		"~ agency board mention: other words",
		"! case approval: anonyme data i 2031: -free",
		"! case approval: anonyme data i 2025: -free",
	}
	if diff := cmp.Diff(want, Diff(small(t), now)); diff != "" {
		t.Error(diff)
	}
	if got := Diff(now, now); len(got) > 0 {
		t.Errorf("a set differs from itself: %v", got)
	}
	if now.Hash() == small(t).Hash() {
		t.Error("other files, the same hash")
	}
}
