package login_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"kiveileder/gateway/login"
	"kiveileder/services/guidance"
)

// What the flow lets people at the desk do has a permission, and nobody has a
// permission for what the flow never lets them do.
func TestCommandsFitTheFlow(t *testing.T) {
	t.Parallel()
	table, err := login.LoadTable()
	if err != nil {
		t.Fatal(err)
	}
	desk := []guidance.Role{guidance.Lawyer, guidance.Lead, guidance.Analyst, guidance.Admin}
	may := map[string]map[login.Role]bool{} // by the kind: who may ever do it
	for _, tr := range guidance.TheFlow.Transitions {
		for _, r := range tr.Roles {
			if tr.Kind == guidance.Received || !slices.Contains(desk, r) {
				continue // a case is opened by a hand-over
			}
			if may[string(tr.Kind)] == nil {
				may[string(tr.Kind)] = map[login.Role]bool{}
			}
			may[string(tr.Kind)][login.Role(r)] = true
		}
	}
	var have []string
	for _, c := range table.Commands {
		have = append(have, c.Command)
	}
	slices.Sort(have)
	if want := slices.Sorted(maps.Keys(may)); !slices.Equal(have, want) {
		t.Fatalf("commands of the table:\n%s\nof the flow:\n%s", strings.Join(have, " "), strings.Join(want, " "))
	}
	for kind, roles := range may {
		name, ok := table.Command(kind)
		if !ok {
			t.Errorf("%s: no permission", kind)
		}
		for _, role := range login.Roles {
			if table.Has(login.Person{ID: "me", Agency: "hdir", Roles: []login.Role{role}}, name) && !roles[role] {
				t.Errorf("%s: %s has %s, but the flow never lets that role do it", kind, role, name)
			}
		}
	}
	for _, kind := range []string{"received", "replied", "added", "withdrawn", "delivered", "undelivered", "", "Claimed", "claimed "} {
		if name, ok := table.Command(kind); ok || name != "" {
			t.Errorf("%q can be sent with %s", kind, name)
		}
	}
}

// Who may send what, on a case of one's own agency: read it as lawyers do.
func TestCommandsByRole(t *testing.T) {
	t.Parallel()
	table, err := login.LoadTable()
	if err != nil {
		t.Fatal(err)
	}
	on := login.Resource{Owner: "x", Members: []string{"x"}, Agencies: []string{"hdir"}}
	others := login.Resource{Owner: "x", Members: []string{"me"}, Agencies: []string{"dmp"}}
	for _, c := range []struct {
		kind string
		who  string // has it on a case of the own agency
	}{
		{"claimed", "lawyer lead"}, {"draft_saved", "lawyer lead"}, {"sent", "lawyer lead"}, {"noted", "lawyer lead"}, {"signed", "lawyer lead"},
		{"bypassed", "lead"}, {"extended", "lawyer lead"}, {"published", "lawyer lead"}, {"anonymised", "admin"},
	} {
		name, _ := table.Command(c.kind)
		var who []string
		for _, role := range login.Roles {
			p := login.Person{ID: "me", Agency: "hdir", Roles: []login.Role{role}}
			if table.May(p, name, on) {
				who = append(who, string(role))
			}
			if role != login.Admin && table.May(p, name, others) {
				t.Errorf("%s: %s on a case of another agency", c.kind, role)
			}
		}
		if got := strings.Join(who, " "); got != c.who {
			t.Errorf("%s: %s, want %s", c.kind, got, c.who)
		}
	}
}
