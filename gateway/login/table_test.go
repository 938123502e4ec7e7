package login_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kiveileder/gateway/login"
	"kiveileder/internal/golden"
)

// Every route for every role, on a case that is one's own, that one is on,
// that one's agency has, and that is others'.
func TestEveryRouteRoleAgency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	things := []struct{ name, id string }{ // who asked @ agencies @ who is on it
		{"own", "me@dmp@x"}, {"member", "x@hdir+dmp@x+me"}, {"agency", "x@dmp+hdir@x"}, {"moved", "x@dmp@me"}, {"others", "x@dmp@x"}, {"nobody", "@@"},
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-46s %-9s", "route", "role")
	for _, thing := range things {
		fmt.Fprintf(&b, " %-6s", thing.name)
	}
	b.WriteString("\n")
	for _, route := range w.Table().Routes {
		for _, role := range append([]login.Role{""}, login.Roles...) {
			fmt.Fprintf(&b, "%-46s %-9s", route.Route, cmpOr(role, "-"))
			for _, thing := range things {
				fmt.Fprintf(&b, " %-6d", w.try(route.Route, role, thing.id))
			}
			b.WriteString("\n")
		}
	}
	golden.Check(t, "table.txt", regexp.MustCompile(` +\n`).ReplaceAllString(b.String(), "\n"))
}

func cmpOr(r login.Role, s string) string {
	if r == "" {
		return s
	}
	return string(r)
}

// try asks for a route as somebody of hdir with one role ("": nobody).
func (w *world) try(route string, role login.Role, thing string) int {
	w.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	path = strings.NewReplacer("{case}", thing, "{person}", "p", "{name}", "none", "{key}", "view:mine", "{mail}", "1").Replace(path)
	b := w.browser()
	if role != "" {
		agency := ""
		if slices.Contains([]login.Role{login.Lawyer, login.Lead, login.Analyst}, role) {
			agency = "hdir"
		}
		id, csrf := w.sessionFor(login.Person{ID: "me", Agency: agency, Roles: []login.Role{role}})
		b.plant(sessionCookie, id)
		b.plant(csrfCookie, csrf)
	}
	return b.change(method, path, nil).status
}

// sessionFor gives the cookies of somebody who never signed in.
func (w *world) sessionFor(p login.Person) (id, csrf string) {
	id, csrf, key := login.NewID()
	now := w.clock.now()
	if err := w.store.Add(w.t.Context(), login.Session{Key: key, Name: key[:8], Person: p, Began: now, Used: now}); err != nil {
		w.t.Fatal(err)
	}
	return id, csrf
}

// What must hold whatever the table says.
func TestTableHolds(t *testing.T) {
	t.Parallel()
	table, err := login.LoadTable()
	if err != nil {
		t.Fatal(err)
	}
	others := login.Resource{Owner: "x", Members: []string{"x"}, Agencies: []string{"dmp"}}
	empty := login.Resource{Agencies: []string{""}, Members: []string{""}}
	agencys := login.Resource{Owner: "x", Members: []string{"x"}, Agencies: []string{"hdir"}}
	for _, p := range table.Permissions {
		for _, role := range login.Roles {
			who := login.Person{ID: "me", Agency: "hdir", Roles: []login.Role{role}}
			about := p.On == "one"
			if about && (role == login.Lawyer || role == login.Lead || role == login.Asker) && table.May(who, p.Permission, others) {
				t.Errorf("%s: %s reaches other agencies' cases", p.Permission, role)
			}
			if about && role == login.Analyst && table.Has(who, p.Permission) {
				t.Errorf("%s: the analyst reaches cases", p.Permission)
			}
			if role == login.Asker && p.Permission != "account" && table.Has(who, p.Permission) {
				t.Errorf("%s: the asker has it", p.Permission)
			}
			if role == login.Admin && about && !slices.Contains([]string{"case.reassign", "case.anonymise", "mail.dismiss"}, p.Permission) && table.Has(who, p.Permission) {
				t.Errorf("%s: the administrator looks into cases", p.Permission)
			}
			if p.Permission == "case.contact" && table.May(who, p.Permission, agencys) {
				t.Errorf("%s sees contact details without being on the case", role)
			}
			if nameless := (login.Person{Roles: []login.Role{role}}); about && role != login.Admin && table.May(nameless, p.Permission, empty) {
				t.Errorf("%s: %s without a name is let in", p.Permission, role)
			}
		}
		if table.Has(login.Person{ID: "me", Agency: "hdir"}, p.Permission) || table.Has(login.Person{Roles: []login.Role{"system", ""}}, p.Permission) {
			t.Errorf("%s: somebody without a role has it", p.Permission)
		}
	}
}

func TestTableLint(t *testing.T) {
	t.Parallel()
	good := "permissions:\n- {permission: a, why: w, on: one, roles: {lawyer: agency}}\nroutes:\n- {route: GET /a, permission: a}\n"
	if _, err := login.ReadTable([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"a role":           {"lawyer:", "boss:", `no role "boss"`},
		"a reach":          {"agency}", "all}", `no reach "all"`},
		"own of a lawyer":  {"agency}", "own}", "own is the asker's"},
		"an admin's":       {"lawyer:", "admin:", "admin has no agency"},
		"of nothing":       {"on: one", "on: nothing", "agency of nothing"},
		"on":               {"on: one", "on: two", "neither one nor nothing"},
		"nobody":           {"{lawyer: agency}", "{}", "nobody has it"},
		"no reason":        {"why: w", `why: ""`, "does not say why"},
		"twice":            {"routes:", "- {permission: a, why: w, on: one, roles: {lead: agency}}\nroutes:", "twice"},
		"unknown":          {"/a, permission: a", "/a, permission: b", `no permission "b"`},
		"never asked":      {"routes:", "- {permission: b, why: w, on: one, roles: {lead: agency}}\nroutes:", "no route and no command asks for it"},
		"a route twice":    {"routes:", "routes:\n- {route: GET /a, permission: a}", "twice"},
		"no method":        {"GET /a", "/a", "no pattern"},
		"routes that vie":  {"routes:", "routes:\n- {route: 'GET /{x}/b', permission: a}\n- {route: 'GET /c/{y}', permission: a}", "conflicts"},
		"an unknown field": {"why: w", "why: w, whom: me", "whom"},

		"a command of nobody": {"routes:", "commands: [{command: x, permission: b}]\nroutes:", `x: no permission "b"`},
		"a command twice":     {"routes:", "commands: [{command: x, permission: a}, {command: x, permission: a}]\nroutes:", "x: twice"},
		"no name":             {"routes:", "commands: [{command: X y, permission: a}]\nroutes:", "no command"},
		"a command on nothing": {
			"routes:", "- {permission: n, why: w, on: nothing, roles: {admin: any}}\ncommands: [{command: x, permission: n}]\nroutes:", "n is about nothing",
		},
	} {
		_, err := login.ReadTable([]byte(strings.Replace(good, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProtectPanics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	locate := func(*http.Request) (login.Resource, error) { return login.Resource{}, nil }
	for name, wire := range map[string]func(){
		"a route that is not in the table": func() { w.Protect("GET /secret", nil, nil) },
		"a case without a case":            func() { w.Protect("GET /desk/{case}", nil, nil) },
		"nothing with a case":              func() { w.Protect("GET /desk", locate, nil) },
		"a permission that is not there":   func() { w.Require("everything", nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: taken", name)
				}
			}()
			wire()
		}()
	}
}

// Who opens a page is sent to sign in, and comes back there; a program hears no.
func TestNotSignedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	page := b.do(http.MethodGet, "/desk/a?b=c", nil, map[string]string{"Accept": "text/html"})
	if page.status != http.StatusSeeOther || page.location != "/login?to=%2Fdesk%2Fa%3Fb%3Dc" {
		t.Error(page)
	}
	if a := b.get("/v1/cases"); a.status != http.StatusUnauthorized || !strings.Contains(a.body, `"unauthenticated"`) || a.header.Get("Cache-Control") != "no-store" {
		t.Error(a)
	}
	b.in()
	if there, away := b.get("/v1/cases/x@dmp@x"), b.get("/v1/cases/none"); there.status != http.StatusNotFound || there.body != away.body {
		t.Errorf("another's case is told from none: %v, %v", there.body, away.body)
	}
	w.clock.pass(time.Hour)
	if a := b.get("/v1/cases"); a.status != http.StatusUnauthorized {
		t.Error(a)
	}
}
