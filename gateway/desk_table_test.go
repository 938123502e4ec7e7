package gateway_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kiveileder/gateway/login"
	"kiveileder/internal/golden"
)

// public are the routes that anybody may use: of these it is known why nobody
// has to sign in.
var public = []string{
	"POST /v1/ask", "GET /v1/search", "POST /v1/rules/evaluate", "GET /v1/chat", "POST /v1/conversation",
	// proved by the conversation's id
	"GET /v1/conversation", "DELETE /v1/conversation", "GET /v1/conversation/export", "GET /v1/conversation/sheet", "GET /v1/conversation/events",
	"POST /v1/conversation/messages", "GET /v1/conversation/case-form", "GET /v1/conversation/cases", "POST /v1/conversation/cases",
	"POST /v1/conversation/cases/{case}/commands",
	// proved by a signature
	"POST /v1/mail/inbound", "POST /login/backchannel/{provider}",
	// on the way in
	"GET /login", "GET /login/callback/{provider}", "GET /login/demo",
	// what is published, and the service itself
	"GET /svar", "GET /svar/{number}", "GET /svar/feed.atom", "GET /v1/answers", "GET /v1/answers/{number}",
	"GET /{$}", "GET /regler", "GET /kilder", "GET /kilder/{id}", "GET /static/", "/",
	"GET /livez", "GET /readyz", "GET /metrics", "GET /openapi.json", "GET /asyncapi.json",
}

func permissions(t *testing.T) *login.Table {
	t.Helper()
	table, err := login.LoadTable()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// Every route is public on purpose or stands in permissions.yaml, never both,
// whichever file it is mounted in.
func TestEveryRouteIsThoughtAbout(t *testing.T) {
	table := permissions(t)
	var routes []string
	for _, pattern := range []string{"*.go", "login/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f, "_test.go") {
				routes = append(routes, patterns(t, f)...)
			}
		}
	}
	if len(routes) <= len(registered(t)) {
		t.Errorf("found only %q", routes)
	}
	for _, r := range routes {
		listed := slices.ContainsFunc(table.Routes, func(x login.Route) bool { return x.Route == r })
		if open := slices.Contains(public, r); open == listed {
			t.Errorf("%s: public %v, in permissions.yaml %v", r, open, listed)
		}
	}
}

// Who gets what: every route, and every command, for everybody of demo.yaml and
// nobody, on a case of hdir, of dmp, of both, of hdir that nobody has worked on,
// and on one that is not there.
func TestEveryRouteForEverybody(t *testing.T) {
	b := newBureau(t)
	cases := []string{"hdir", "dmp", "both", "fresh", "gone"}
	var out strings.Builder
	fmt.Fprintf(&out, "%-56s %-8s", "route", "who")
	for _, c := range cases {
		fmt.Fprintf(&out, " %-5s", c)
	}
	out.WriteString("\n")
	row := func(title, method, path, body string) {
		for _, key := range append([]string{"-"}, b.everybody()...) {
			who := b.people[key]
			if key == "-" {
				who = b.nobody()
			}
			fmt.Fprintf(&out, "%-56s %-8s", title, key)
			for _, c := range cases {
				w := who.ask(method, strings.ReplaceAll(path, "{case}", c), body)
				fmt.Fprintf(&out, " %-5d", w.Code)
				b.knowsNothing(w.Code, w.Body.String(), title, key, c)
				if !strings.Contains(path, "{case}") {
					break
				}
			}
			out.WriteString("\n")
		}
	}
	for _, r := range permissions(t).Routes {
		method, path, _ := strings.Cut(r.Route, " ")
		switch {
		case !slices.Contains(registered(t), r.Route), r.Route == "POST /v1/cases/{case}/commands": // of package login, of nobody yet; below
			continue
		}
		body := map[string]string{"PUT": `{"agencies":["hdir"],"reason":"r"}`, "POST": `{}`, "DELETE": `{"reason":"r"}`}[method]
		path = strings.NewReplacer("{key}", "view:mine", "{mail}", "m1").Replace(path)
		if strings.HasSuffix(path, "/export") {
			path += "?format=pdf"
		}
		if strings.HasSuffix(path, "/kept") {
			path += "?prefix=view:"
		}
		if strings.HasSuffix(path, "/dismiss") {
			body = `{"id":"a","reason":"r"}`
		}
		row(r.Route, method, path, body)
	}
	for _, c := range permissions(t).Commands {
		data := map[string]string{"noted": `{"agency":"hdir","text":"x"}`}[c.Command]
		if data == "" {
			data = "{}"
		}
		row("POST …/commands "+c.Command, "POST", "/v1/cases/{case}/commands", `{"id":"a","kind":"`+c.Command+`","data":`+data+`,"seen":1}`)
	}
	row("POST …/commands noted, for dmp", "POST", "/v1/cases/{case}/commands", `{"id":"a","kind":"noted","data":{"agency":"dmp","text":"x"},"seen":1}`)
	for _, kind := range []string{"received", "replied", "delivered", "dance", ""} {
		row("POST …/commands "+kind+" (nobody's)", "POST", "/v1/cases/{case}/commands", `{"id":"a","kind":"`+kind+`","seen":1}`)
	}
	golden.Check(t, "desk.txt", regexp.MustCompile(` +\n`).ReplaceAllString(out.String(), "\n"))
}

// knowsNothing checks that a refusal tells nothing of a case.
func (b *bureau) knowsNothing(status int, body, title, who, c string) {
	b.t.Helper()
	if status < 400 {
		return
	}
	for _, secret := range []string{"KI-2026-0001", "alert(1)", "kari@example.no", `"agencies"`} {
		if strings.Contains(body, secret) {
			b.t.Errorf("%s as %s on %s: status %d tells %q: %s", title, who, c, status, secret, body)
		}
	}
}

// Nothing changes for a page of another site, or without the token.
func TestChangesNeedTheToken(t *testing.T) {
	b := newBureau(t)
	who := b.people["leder"]
	for _, r := range permissions(t).Routes {
		method, path, _ := strings.Cut(r.Route, " ")
		if method == http.MethodGet || !slices.Contains(registered(t), r.Route) {
			continue
		}
		path = strings.NewReplacer("{case}", "hdir", "{key}", "view:mine", "{mail}", "m1").Replace(path)
		for name, header := range map[string][]string{
			"no token": {"X-CSRF-Token", ""}, "another's token": {"X-CSRF-Token", b.people["hdir"].csrf},
			"another site": {"Origin", "https://evil.example"}, "a neighbour": {"Sec-Fetch-Site", "same-site"}, "no origin": {"Origin", ""},
		} {
			if w := who.ask(method, path, "{}", header...); w.Code != http.StatusForbidden {
				t.Errorf("%s, %s: status %d", r.Route, name, w.Code)
			}
		}
	}
	if len(b.desk.did) > 0 || len(b.desk.kept) > 0 {
		t.Errorf("done: %v, %v", b.desk.did, b.desk.kept)
	}
}
