package gateway_test

import (
	"strings"
	"testing"
)

// A piece of a case's past is given to those who may see the case, and no page
// before what is no event.
func TestDeskPast(t *testing.T) {
	b := newBureau(t)
	for _, c := range []struct {
		who, before string
		status      int
		holds       string
	}{
		{"hdir", "7", 200, `"earlier":5`},
		{"hdir", "1", 200, `"log":`},
		{"hdir", "0", 400, "before"},
		{"hdir", "-1", 400, "before"},
		{"hdir", "x", 400, "before"},
		{"", "7", 401, ""},
	} {
		who := b.nobody()
		if c.who != "" {
			who = b.people[c.who]
		}
		w := who.ask("GET", "/v1/cases/hdir?before="+c.before, "")
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.holds) {
			t.Errorf("%q before %s: status %d, %.200s", c.who, c.before, w.Code, w.Body)
		}
	}
	if w := b.people["hdir"].ask("GET", "/v1/cases/dmp?before=7", ""); w.Code == 200 {
		t.Errorf("another agency's case: %.200s", w.Body)
	}
}
