package main

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// metrics are names with their labels.
type metrics map[string][]string

func parseMetrics(text string) metrics {
	m := metrics{}
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 0 && !strings.HasPrefix(f[0], "#") {
			m[f[0]] = f[1:]
		}
	}
	return m
}

// addedLabels come from the scrape, not from the service.
var addedLabels = []string{"job", "instance", "le", "namespace", "pod"}

var (
	metricName = regexp.MustCompile(`\b(?:kiveileder|process|go)[_:][a-zA-Z0-9_:]+`)
	selector   = regexp.MustCompile(`\b((?:kiveileder|process|go)[_:][a-zA-Z0-9_:]+)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`([a-z_]+) *(?:=~|!~|!=|=)`)
	series     = regexp.MustCompile(`_(?:bucket|sum|count)$`)
)

// check gives what an expression uses that does not exist.
func (m metrics) check(where, expr string, rules []rule) []string {
	var problems []string
	recorded := func(name string) bool {
		return slices.ContainsFunc(rules, func(r rule) bool { return r.Record == name })
	}
	for _, name := range metricName.FindAllString(expr, -1) {
		if _, ok := m[series.ReplaceAllString(name, "")]; !ok && m[name] == nil && !recorded(name) {
			problems = append(problems, fmt.Sprintf("%s: metric %s is not in %s", where, name, metricsFile))
		}
	}
	for _, s := range selector.FindAllStringSubmatch(expr, -1) {
		labels, ok := m[series.ReplaceAllString(s[1], "")]
		if !ok {
			continue
		}
		for _, l := range matcher.FindAllStringSubmatch(s[2], -1) {
			if !slices.Contains(labels, l[1]) && !slices.Contains(addedLabels, l[1]) {
				problems = append(problems, fmt.Sprintf("%s: %s has no label %s", where, s[1], l[1]))
			}
		}
	}
	return problems
}

var made = regexp.MustCompile(`Name: *"(kiveileder_[a-z_]+)"`)

// checkMade finds metrics that no Go file makes.
func checkMade(repo fs.FS) ([]string, error) {
	b, err := fs.ReadFile(repo, metricsFile)
	if err != nil {
		return nil, err
	}
	missing := parseMetrics(string(b))
	maps.DeleteFunc(missing, func(name string, _ []string) bool { return !strings.HasPrefix(name, "kiveileder_") })
	for _, root := range []string{"gateway", "internal", "retriever", "services"} {
		err := fs.WalkDir(repo, root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			b, err := fs.ReadFile(repo, path)
			for _, m := range made.FindAllStringSubmatch(string(b), -1) {
				delete(missing, m[1])
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		problems = append(problems, fmt.Sprintf("%s: nothing makes %s", metricsFile, name))
	}
	return problems, nil
}

// A rule of Prometheus: an alarm or a recorded figure.
type rule struct {
	Alert       string            `yaml:"alert" json:"alert,omitempty"`
	Record      string            `yaml:"record" json:"record,omitempty"`
	Expr        string            `yaml:"expr" json:"expr"`
	For         string            `yaml:"for" json:"for,omitempty"`
	Labels      map[string]string `yaml:"labels" json:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations" json:"annotations,omitempty"`
}

func (r rule) name() string { return r.Alert + r.Record }

func parseRules(text string) ([]rule, error) {
	var f struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.UnmarshalWithOptions([]byte(text), &f, yaml.Strict()); err != nil {
		return nil, err
	}
	var out []rule
	for _, g := range f.Groups {
		out = append(out, g.Rules...)
	}
	return out, nil
}

// tested says whether an alarm has a test in which it rings, and one in which
// it does not.
type tested struct{ rings, silent bool }

func parseRuleTests(text string) (map[string]tested, error) {
	var f struct {
		Tests []struct {
			Alerts []struct {
				Name     string `yaml:"alertname"`
				Expected []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		} `yaml:"tests"`
	}
	if err := yaml.Unmarshal([]byte(text), &f); err != nil {
		return nil, err
	}
	out := map[string]tested{}
	for _, t := range f.Tests {
		for _, a := range t.Alerts {
			x := out[a.Name]
			x.rings = x.rings || len(a.Expected) > 0
			x.silent = x.silent || len(a.Expected) == 0
			out[a.Name] = x
		}
	}
	return out, nil
}

// A query of the dashboard.
type query struct{ panel, expr string }

func parseDashboard(text string) ([]query, error) {
	var d struct {
		Panels []struct {
			ID      int    `json:"id"`
			Title   string `json:"title"`
			Type    string `json:"type"`
			GridPos struct{ X, Y, W, H int }
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return nil, err
	}
	var out []query
	ids := map[int]string{}
	for _, p := range d.Panels {
		if other, ok := ids[p.ID]; ok {
			return nil, fmt.Errorf("panels %q and %q have the same id", other, p.Title)
		}
		ids[p.ID] = p.Title
		if p.GridPos.X+p.GridPos.W > 24 {
			return nil, fmt.Errorf("panel %q stands out to the right", p.Title)
		}
		if p.Type != "row" && len(p.Targets) == 0 {
			return nil, fmt.Errorf("panel %q asks for nothing", p.Title)
		}
		for _, t := range p.Targets {
			out = append(out, query{p.Title, t.Expr})
		}
	}
	return out, nil
}

// printQueries writes the dashboard's queries, its variables filled in, as
// rules that promtool can check.
func printQueries(w io.Writer, repo fs.FS) error {
	b, err := fs.ReadFile(repo, dashboardFile)
	if err != nil {
		return err
	}
	queries, err := parseDashboard(string(b))
	if err != nil {
		return err
	}
	fill := strings.NewReplacer("$__rate_interval", "5m", "$job", ".*", "$role", ".*")
	var rules []rule
	for i, q := range queries {
		rules = append(rules, rule{Record: fmt.Sprintf("dashboard:query:%d", i), Expr: fill.Replace(q.expr)})
	}
	return json.NewEncoder(w).Encode(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": rules}}})
}

var notAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// headingAnchors gives the anchors of a text's headings, as GitHub makes them.
func headingAnchors(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if h := strings.TrimLeft(line, "#"); h != line && strings.HasPrefix(h, " ") {
			a := notAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(h)), "")
			out = append(out, strings.ReplaceAll(a, " ", "-"))
		}
	}
	return out
}
