package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/gateway/login"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// An administrator finds cases by number, whoever's they are, and learns
// nothing of what is in them.
func TestDeskHeads(t *testing.T) {
	b := newBureau(t)
	for _, number := range []string{"KI-2026-0042", "KI-2026-0142", "KI-2025-0042", "KI-2026-0007"} {
		row := guidance.Row{ID: "x", Number: number, Title: "Kari Nordmanns saker 0042", Topics: []string{"hemmelig"}, Agencies: []string{"dmp"}, State: guidance.Assessment}
		b.desk.rows = append(b.desk.rows, queue.DeskRow{Row: row, Late: true})
	}
	for _, c := range []struct {
		number string
		text   string // that is looked for
		found  []string
	}{
		{"", "", []string{"KI-2026-0042", "KI-2026-0142", "KI-2025-0042", "KI-2026-0007"}},
		{"KI-2026-0042", "KI-2026-0042", []string{"KI-2026-0042"}},
		{"+ki-2026-0042+", "KI-2026-0042", []string{"KI-2026-0042"}},
		{"2026-0042", "2026-0042", []string{"KI-2026-0042"}},
		{"42", "-0042", []string{"KI-2026-0042", "KI-2025-0042"}},
		{"9", "-0009", nil},
	} {
		w := b.people["drift"].ask("GET", "/v1/desk/heads?number="+c.number, "")
		var got struct{ Cases []struct{ Number string } }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%q: status %d, %s", c.number, w.Code, w.Body)
		}
		var numbers []string
		for _, h := range got.Cases {
			numbers = append(numbers, h.Number)
		}
		if !slices.Equal(numbers, c.found) || b.desk.query.Text != c.text || b.desk.who.Role != guidance.Admin {
			t.Errorf("%q: found %v by %q as %s", c.number, numbers, b.desk.query.Text, b.desk.who.Role)
		}
		if strings.Contains(w.Body.String(), "Nordmann") || strings.Contains(w.Body.String(), "hemmelig") {
			t.Errorf("%q tells what is in a case: %s", c.number, w.Body)
		}
	}
	b.desk.query.Text = "before"
	for _, words := range []string{"Nordmann", "saker+0042", "%25", "KI-", "1234567890123", "0042%00"} {
		if w := b.people["drift"].ask("GET", "/v1/desk/heads?number="+words, ""); w.Code != http.StatusBadRequest || b.desk.query.Text != "before" {
			t.Errorf("%q: status %d, looked for %q", words, w.Code, b.desk.query.Text)
		}
	}
}

// Who is signed in at the desk is told to administrators alone, and not who
// only asks; logging somebody out takes them off.
func TestDeskPeople(t *testing.T) {
	b := newBureau(t)
	people := func() (names []string) {
		t.Helper()
		var got struct {
			People []struct {
				login.Person
				Sessions int
			}
		}
		w := b.people["drift"].ask("GET", "/v1/people", "")
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err, w.Body)
		}
		for _, p := range got.People {
			if p.Sessions < 1 || len(p.Roles) == 0 {
				t.Errorf("%+v", p)
			}
			names = append(names, p.Name)
		}
		return names
	}
	if got := people(); !slices.Equal(got, []string{"Ada Drift", "Mari Jurist", "Liv Leder", "Nils Innsikt", "Ola Jurist"}) {
		t.Errorf("signed in: %v", got)
	}
	for _, key := range []string{"spor", "hdir", "leder", "innsikt"} {
		if w := b.people[key].ask("GET", "/v1/people", ""); w.Code != http.StatusForbidden {
			t.Errorf("%s: status %d", key, w.Code)
		}
	}
	var me struct{ Person login.Person }
	if err := json.Unmarshal(b.people["hdir"].ask("GET", "/v1/me", "").Body.Bytes(), &me); err != nil {
		t.Fatal(err)
	}
	if w := b.people["drift"].ask("DELETE", "/v1/people/"+me.Person.ID+"/sessions", ""); w.Code != http.StatusOK {
		t.Fatalf("status %d, %s", w.Code, w.Body)
	}
	if got := people(); slices.Contains(got, "Ola Jurist") {
		t.Errorf("still signed in: %v", got)
	}
}

// The page says what there is to do on it; an administrator and an analyst get
// it too, without cases.
func TestDeskPageForEverybody(t *testing.T) {
	b := newBureau(t)
	for key, want := range map[string][2]bool{"hdir": {true, false}, "leder": {true, false}, "drift": {false, true}, "innsikt": {false, false}} {
		w := b.people[key].ask("GET", "/desk", "", "Accept", "text/html")
		body := w.Body.String()
		may, _, _ := strings.Cut(body[strings.Index(body, "data-may=")+1:], ">")
		if w.Code != http.StatusOK || strings.Contains(may, "case.list") != want[0] || strings.Contains(may, "case.head") != want[1] {
			t.Errorf("%s: status %d, %s", key, w.Code, may)
		}
	}
}

// A mail that was given up is told with the number of its case, to those as
// well who do not read the case.
func TestDeadMailNumbers(t *testing.T) {
	b := newBureau(t)
	for _, key := range []string{"drift", "leder"} {
		w := b.people[key].ask("GET", "/v1/mails/dead", "")
		if got := strings.Count(w.Body.String(), `"number":"KI-dmp"`); w.Code != http.StatusOK || got != 2 {
			t.Errorf("%s: status %d, %s", key, w.Code, w.Body)
		}
	}
}

// An administrator finds cases by the asker's address, which stands in the body
// of the request alone: no log line, no metric and no answer has it.
func TestFindHeads(t *testing.T) {
	core, logs := observer.New(zapcore.DebugLevel)
	reg := prometheus.NewRegistry()
	b := newBureau(t, func(d *gateway.Deps) { d.Log, d.Metrics = zap.New(core), reg })
	b.desk.rows = []queue.DeskRow{{Row: guidance.Row{ID: "x", Number: "KI-2026-0042", Title: "Kari Nordmanns saker", Topics: []string{"hemmelig"}, State: guidance.Answered}}}
	b.desk.sealed = []string{"KI-2026-0001"}
	const address = "kari.nordmann@example.no"
	drift := b.people["drift"]
	w := drift.ask("POST", "/v1/desk/heads", `{"email":"`+address+`"}`)
	var got struct {
		Cases  []struct{ Number string }
		Sealed []string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK || len(got.Cases) != 1 || got.Cases[0].Number != "KI-2026-0042" || !slices.Equal(got.Sealed, b.desk.sealed) {
		t.Errorf("status %d, %s", w.Code, w.Body)
	}
	if body := w.Body.String(); strings.Contains(body, "Nordmann") || strings.Contains(body, "hemmelig") || strings.Contains(strings.ToLower(body), address) {
		t.Errorf("it tells what is in a case: %s", body)
	}
	if b.desk.email != address || b.desk.who.Role != guidance.Admin || b.desk.who.ID != drift.ID {
		t.Errorf("looked for %q as %+v", b.desk.email, b.desk.who)
	}
	for _, body := range []string{"", "[]", `{"email":1}`, `{"email":"` + strings.Repeat("a", 70<<10) + `"}`} {
		if w := drift.ask("POST", "/v1/desk/heads", body); w.Code != http.StatusBadRequest {
			t.Errorf("%.30q: status %d", body, w.Code)
		}
	}
	b.desk.err = guidance.ErrNoCase // any that has words of its own
	b.people["leder"].ask("POST", "/v1/desk/heads", `{"email":"`+address+`"}`)
	for range 10 {
		if w := drift.ask("POST", "/v1/desk/heads", `{"email":"`+address+`"}`); strings.Contains(w.Body.String(), "kari") {
			t.Errorf("a refusal tells the address: %s", w.Body)
		}
	}
	silent(t, logs, address, "kari", "nordmann")
	figures, err := reg.Gather()
	if err != nil || len(figures) == 0 || strings.Contains(fmt.Sprint(figures), "kari") {
		t.Errorf("figures: %v, %v", figures, err)
	}
}

// A mail that was given up is dismissed by a command of its case, with a
// reason, by who does not read the case.
func TestDismissMail(t *testing.T) {
	b := newBureau(t)
	drift := b.people["drift"]
	const path = "/v1/cases/dmp/mails/m1/dismiss"
	w := drift.ask("POST", path, `{"id":"d1","reason":"Ringt i stedet."}`)
	want := guidance.Command{
		ID: "d1", Kind: guidance.Dismissed, Data: guidance.DismissedData{Mail: "m1", Reason: "Ringt i stedet."},
		Actor: guidance.Actor{ID: drift.ID, Name: "Ada Drift", Role: guidance.Admin, Agency: drift.Agency},
	}
	if w.Code != http.StatusNoContent || w.Body.Len() > 0 || len(b.desk.did) != 1 || b.desk.did[0] != want {
		t.Errorf("status %d, %s, did %+v", w.Code, w.Body, b.desk.did)
	}
	for name, c := range map[string]struct {
		path, body string
		status     int
	}{
		"no id":         {path, `{"reason":"r"}`, 400},
		"a bad id":      {path, `{"id":"a b","reason":"r"}`, 400},
		"no JSON":       {path, `{`, 400},
		"a bad mail":    {"/v1/cases/dmp/mails/m%201/dismiss", `{"id":"a","reason":"r"}`, 404},
		"no such case":  {"/v1/cases/gone/mails/m1/dismiss", `{"id":"a","reason":"r"}`, 404},
		"an odd case":   {"/v1/cases/a%20b/mails/m1/dismiss", `{"id":"a","reason":"r"}`, 404},
		"a long reason": {path, `{"id":"a","reason":"` + strings.Repeat("a", 70<<10) + `"}`, 400},
	} {
		if w := drift.ask("POST", c.path, c.body); w.Code != c.status {
			t.Errorf("%s: status %d, %s", name, w.Code, w.Body)
		}
	}
	if len(b.desk.did) != 1 {
		t.Errorf("did %+v", b.desk.did)
	}
	b.desk.result.Refused = &queue.Refusal{Code: kiveileder.CodeInvalid, Guard: "reason", Text: guidance.TheFlow.Guards["reason"], Events: []guidance.Event{{Seq: 1}}}
	w = drift.ask("POST", path, `{"id":"d2","reason":""}`, "Accept-Language", "nn")
	if body := w.Body.String(); w.Code != 400 || !strings.Contains(body, "Skriv ei grunngjeving") || strings.Contains(body, "KI-2026") || strings.Contains(body, "events") {
		t.Errorf("status %d, %s", w.Code, body)
	}
	b.Gateway, _ = open(t, gateway.Config{}, func(d *gateway.Deps) { d.Login, d.Desk = b.login, lostMail{b.desk} })
	if w := drift.ask("POST", path, `{"id":"d3","reason":"r"}`, "Accept-Language", "en"); w.Code != 409 || !strings.Contains(w.Body.String(), "in other hands") {
		t.Errorf("one that was sent after all: status %d, %s", w.Code, w.Body)
	}
}

// lostMail says of each mail that it is in other hands.
type lostMail struct{ *fakeDesk }

func (d lostMail) About(context.Context, string) (queue.About, error) { return queue.About{}, nil }

func (d lostMail) Do(context.Context, string, guidance.Command) (queue.DeskResult, error) {
	return queue.DeskResult{}, guidance.ErrLost
}
