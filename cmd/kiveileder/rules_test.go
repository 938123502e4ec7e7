package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kiveileder/services/rules"
)

// repository is the corpus in the repository.
const repository = "../../corpus"

// try runs a command and gives what it printed.
func try(t *testing.T, cmd interface{ Run(*run) error }) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := cmd.Run(&run{ctx: context.Background(), stdin: strings.NewReader(""), stdout: &out, stderr: &out})
	return out.String(), err
}

func TestRulesLintAndTest(t *testing.T) {
	here := ruleFolder{repository}
	out, err := try(t, &rulesLintCmd{here})
	if err != nil || !strings.HasSuffix(out, ": 0 problems\n") {
		t.Errorf("lint: %v\n%s", err, out)
	}
	out, err = try(t, &rulesTestCmd{here})
	if err != nil || !strings.Contains(out, " 0 failed; ") {
		t.Errorf("test: %v\n%s", err, out)
	}
}

func TestRulesExplain(t *testing.T) {
	here := ruleFolder{repository}
	out, err := try(t, &rulesExplainCmd{ruleFolder: here, Facts: `{"purpose": ["health_research"], "data_sources": ["patient_record"]}`})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"rek_prior_approval  [R1]", "missing      consent", "escalate     false", "waits for: consent", "change       consent: ? -> no: +rek_dispensation"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	out, err = try(t, &rulesExplainCmd{ruleFolder: here, Facts: `{"consent": "no"}`, AsOf: "2024-02-14", JSON: true})
	if err != nil {
		t.Fatal(err)
	}
	var e rules.Explanation
	if err := json.Unmarshal([]byte(out), &e); err != nil || e.Ask != "purpose" || e.AsOf != "2024-02-14" || len(e.Trace) == 0 {
		t.Errorf("%v: %+v", err, e.Result)
	}
	for _, bad := range []rulesExplainCmd{
		{ruleFolder: here, Facts: `purpose`},
		{ruleFolder: here, Facts: `{"purpose": ["fun"]}`},
		{ruleFolder: here, Facts: `{}`, AsOf: "yesterday"},
	} {
		if _, err := try(t, &bad); err == nil {
			t.Errorf("%s %s: no error", bad.Facts, bad.AsOf)
		}
	}
}

func TestRulesDiffAndFailures(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(repository)); err != nil {
		t.Fatal(err)
	}
	here := ruleFolder{dir}
	old := filepath.Join(repository, "rules")
	out, err := try(t, &rulesDiffCmd{here, old})
	if err != nil || strings.Count(out, "\n") != 1 {
		t.Errorf("no change: %v\n%s", err, out)
	}

	name := filepath.Join(dir, "rules", "research", "rules.yaml")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b = bytes.Replace(b, []byte(`when: p == "other_research"`), []byte(`when: p == "statistics"`), 1)
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err = try(t, &rulesDiffCmd{here, old})
	if err != nil || !strings.Contains(out, "~ rule R2 when: ") || !strings.Contains(out, "-rek_prior_approval_not_required") {
		t.Errorf("diff: %v\n%s", err, out)
	}
	out, err = try(t, &rulesLintCmd{here})
	if !errors.Is(err, errSilent) || !strings.Contains(out, "rule R2: can never hold") {
		t.Errorf("lint: %v\n%s", err, out)
	}
	out, err = try(t, &rulesTestCmd{here})
	if !errors.Is(err, errSilent) || !strings.Contains(out, "rule R2: holds in no case") || !strings.Contains(out, "must give rek_prior_approval_not_required") {
		t.Errorf("test: %v\n%s", err, out)
	}
}
