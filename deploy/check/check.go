package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Where things stand in the repository.
const (
	metricsFile   = "deploy/metrics.txt"
	rulesFile     = "deploy/prometheus/rules.yaml"
	rulesTestFile = "deploy/prometheus/rules_test.yaml"
	dashboardFile = "deploy/grafana/ki-veileder.json"
	runbookFile   = "docs/operations.md"
)

// check gives all problems. What is not given ("" or none) is not looked at.
func check(repo fs.FS, compose, variables string, rendered []string) ([]string, error) {
	problems, err := checkNames(repo)
	if err != nil {
		return nil, err
	}
	var known []string
	if variables != "" {
		b, err := os.ReadFile(variables)
		if err != nil {
			return nil, err
		}
		known = variableNames(string(b))
		more, err := checkVariables(repo, known)
		if err != nil {
			return nil, err
		}
		problems = append(problems, more...)
		more, err = checkMade(repo)
		if err != nil {
			return nil, err
		}
		problems = append(problems, more...)
		more, err = checkProviders(repo)
		if err != nil {
			return nil, err
		}
		problems = append(problems, more...)
	}
	if compose != "" {
		b, err := os.ReadFile(compose)
		if err != nil {
			return nil, err
		}
		more, err := checkCompose(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", compose, err)
		}
		problems = append(problems, more...)
	}
	for _, name := range rendered {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		more, err := checkManifests(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, p := range more {
			problems = append(problems, filepath.Base(name)+": "+p)
		}
	}
	return problems, nil
}

// checkNames holds rules, dashboard and runbook against each other.
func checkNames(repo fs.FS) ([]string, error) {
	files := map[string]string{}
	for _, name := range []string{metricsFile, rulesFile, rulesTestFile, dashboardFile, runbookFile} {
		b, err := fs.ReadFile(repo, name)
		if err != nil {
			return nil, err
		}
		files[name] = string(b)
	}
	m := parseMetrics(files[metricsFile])
	r, err := parseRules(files[rulesFile])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", rulesFile, err)
	}
	tested, err := parseRuleTests(files[rulesTestFile])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", rulesTestFile, err)
	}
	queries, err := parseDashboard(files[dashboardFile])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dashboardFile, err)
	}

	var problems []string
	for _, rule := range r {
		problems = append(problems, m.check(rulesFile+": "+rule.name(), rule.Expr, r)...)
	}
	for _, q := range queries {
		problems = append(problems, m.check(dashboardFile+": "+q.panel, q.expr, r)...)
	}
	anchors := headingAnchors(files[runbookFile])
	for _, rule := range r {
		if rule.Alert == "" {
			continue
		}
		problem := func(format string, args ...any) {
			problems = append(problems, rulesFile+": "+rule.Alert+": "+fmt.Sprintf(format, args...))
		}
		if s := rule.Labels["severity"]; s != "page" && s != "ticket" {
			problem("severity %q is neither page nor ticket", s)
		}
		if rule.Annotations["summary"] == "" {
			problem("no summary")
		}
		file, anchor, _ := strings.Cut(rule.Annotations["runbook_url"], "#")
		if file != runbookFile || !slices.Contains(anchors, anchor) {
			problem("runbook %q is no heading of %s", rule.Annotations["runbook_url"], runbookFile)
		}
		if !tested[rule.Alert].rings {
			problem("no test in which it rings")
		}
		if !tested[rule.Alert].silent {
			problem("no test in which it is silent")
		}
	}
	return problems, nil
}
