package gateway_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

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
