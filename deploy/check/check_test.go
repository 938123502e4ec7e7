package main

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// The repository's own alarms, dashboard and runbook fit each other.
func TestRepository(t *testing.T) {
	problems, err := checkNames(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

// The examples of login providers are ones that the service takes.
func TestProviders(t *testing.T) {
	repo := os.DirFS("../..")
	if got, err := checkProviders(repo); err != nil || len(got) > 0 {
		t.Error(got, err)
	}
	wrong := fstest.MapFS{
		agenciesFile:   {Data: []byte("- {agency: hdir, in_service: true}\n- {agency: rek}\n")},
		productionFile: {Data: []byte("login: {providers: \"\"}")},
		providersFile: {Data: []byte("- {provider: a, preset: plain, issuer: \"https://a.example.no\", client_id: a, " +
			"grants: [{when: {a: [b]}, agency: rek, roles: [lawyer]}]}")},
	}
	got, err := checkProviders(wrong)
	if err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(got, "\n"); len(got) != 2 || !strings.Contains(all, `no agency "rek"`) || !strings.Contains(all, "no providers") {
		t.Error(all)
	}
}

func TestMetrics(t *testing.T) {
	m := parseMetrics("# comment\nkiveileder_turn_seconds\nkiveileder_turns_total status\n")
	rules := []rule{{Record: "kiveileder:turns:rate"}}
	for _, test := range []struct {
		name, expr string
		want       []string
	}{
		{"a counter by its label", `rate(kiveileder_turns_total{status="answered"}[5m])`, nil},
		{"a histogram's series", `rate(kiveileder_turn_seconds_bucket{le="5",job="x"}[5m])`, nil},
		{"a recorded figure", `kiveileder:turns:rate > 1`, nil},
		{"no such metric", `kiveileder_turn_total`, []string{"here: metric kiveileder_turn_total is not in deploy/metrics.txt"}},
		{"no such figure", `kiveileder:turns:p95`, []string{"here: metric kiveileder:turns:p95 is not in deploy/metrics.txt"}},
		{"no such label", `kiveileder_turns_total{state=~"a.*"}`, []string{"here: kiveileder_turns_total has no label state"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, m.check("here", test.expr, rules)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVariables(t *testing.T) {
	known := variableNames("KIVEILEDER_ADDR=x   --addr   Listen, see KIVEILEDER_OTHER\nKIVEILEDER_SECRET=********\nKIVEILEDER_A=\nKIVEILEDER_B=\nKIVEILEDER_C=\n")
	repo := fstest.MapFS{
		"docker-compose.yml":     {Data: []byte("KIVEILEDER_ADDR: x\nKIVEILEDER_PORT: 1\n")},
		"docs/operations.md":     {Data: []byte("KIVEILEDER_OTHER")},
		"deploy/helm/x.yaml":     {Data: []byte("KIVEILEDER_SECRET_FILE KIVEILEDER_SECRETS KIVEILEDER_SECRETS")},
		"deploy/check/main.go":   {Data: []byte("KIVEILEDER_WHATEVER")},
		"scripts/somewhere/else": {Data: []byte("KIVEILEDER_WHATEVER")},
	}
	got, err := checkVariables(repo, known)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"docs/operations.md: KIVEILEDER_OTHER is no variable of the service",
		"deploy/helm/x.yaml: KIVEILEDER_SECRETS is no variable of the service",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCompose(t *testing.T) {
	const good = `"restart": "always", "read_only": true, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"], "pids_limit": 9,
		"deploy": {"resources": {"limits": {"memory": "1"}}}`
	for _, test := range []struct{ name, service, want string }{
		{"as it should be", good + `, "image": "redis:7.2", "healthcheck": {}, "ports": [{"host_ip": "127.0.0.1"}]`, ""},
		{"our health check comes with the image", good + `, "image": "ki-veileder:local", "ports": [{"host_ip": "127.0.0.1"}]`, ""},
		{"open to all", good + `, "image": "redis:7.2", "healthcheck": {}, "ports": [{"published": "80"}]`, "open beyond 127.0.0.1"},
		{"no port", good + `, "image": "redis:7.2", "healthcheck": {}`, "0 ports are published"},
		{"any version", good + `, "image": "localhost:5000/redis", "healthcheck": {}, "ports": [{"host_ip": "127.0.0.1"}]`, "no fixed tag"},
		{"nothing set", `"image": "redis:7.2", "healthcheck": {}, "ports": [{"host_ip": "127.0.0.1"}]`, "keeps capabilities"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := checkCompose([]byte(`{"services": {"a": {` + test.service + `}}}`))
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(got, "\n"); (test.want == "") != (all == "") || !strings.Contains(all, test.want) {
				t.Errorf("got %q, want %q", all, test.want)
			}
		})
	}
}

func TestManifests(t *testing.T) {
	const good = `
kind: Deployment
metadata: {name: a}
spec:
  template:
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: c
          image: a:1
          livenessProbe: {}
          readinessProbe: {}
          resources: {requests: {cpu: "1"}, limits: {memory: 1Gi}}
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
`
	for _, test := range []struct{ name, from, to, want string }{
		{"as it should be", "", "", ""},
		{"a token", "automountServiceAccountToken: false", "", "has a token of the cluster"},
		{"root", "runAsNonRoot: true, ", "", "may be root"},
		{"system calls", "RuntimeDefault", "Unconfined", "may be root, or make any system call"},
		{"a newest image", "image: a:1", "image: a", "no fixed tag"},
		{"capabilities", "drop: [ALL]", "drop: [CHOWN]", "may gain privileges"},
		{"no probe", "livenessProbe: {}", "", "a probe is missing"},
		{"no limit", "limits: {memory: 1Gi}", "limits: {}", "no limit of memory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := checkManifests([]byte(strings.Replace(good, test.from, test.to, 1)))
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(got, "\n"); (test.want == "") != (all == "") || !strings.Contains(all, test.want) {
				t.Errorf("got %q, want %q", all, test.want)
			}
		})
	}
}

func TestHeadingAnchors(t *testing.T) {
	got := headingAnchors("# Operations\n\n### KiveilederErrors\n#no heading\n## Backup and restore, æøå\n")
	if diff := cmp.Diff([]string{"operations", "kiveiledererrors", "backup-and-restore-æøå"}, got); diff != "" {
		t.Error(diff)
	}
}
