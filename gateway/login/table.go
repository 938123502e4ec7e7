package login

import (
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml"
)

//go:embed permissions.yaml
var permissionsYAML []byte

// A Reach says on what a role has a permission.
type Reach string

const (
	Own    Reach = "own"    // what the person asked
	Member Reach = "member" // what the person is on
	Agency Reach = "agency" // what the person's agency is on
	Any    Reach = "any"
)

// A Resource is what a permission is asked about.
type Resource struct {
	Owner    string   // the ID of who asked; "" when nobody was signed in
	Members  []string // the IDs of those who are on it
	Agencies []string
}

// reaches says whether a person's reach takes in a resource. An empty name is
// nobody's.
func (r Reach) reaches(p Person, on Resource) bool {
	switch r {
	case Own:
		return p.ID != "" && p.ID == on.Owner
	case Member:
		return p.ID != "" && slices.Contains(on.Members, p.ID) && Agency.reaches(p, on)
	case Agency:
		return p.Agency != "" && slices.Contains(on.Agencies, p.Agency)
	}
	return r == Any
}

// A Table says who may do what, and which route or command asks for it.
type Table struct {
	Permissions []Permission `yaml:"permissions"`
	Routes      []Route      `yaml:"routes"`
	Commands    []Command    `yaml:"commands"`
}

// A Permission is something to be allowed, and by whom it is.
type Permission struct {
	Permission string         `yaml:"permission"`
	Why        string         `yaml:"why"`
	On         string         `yaml:"on"` // one, nothing
	Roles      map[Role]Reach `yaml:"roles"`
}

// A Route is a pattern of http.ServeMux and the permission that it needs.
type Route struct {
	Route      string `yaml:"route"`
	Permission string `yaml:"permission"`
}

// A Command is a kind of command to a case and the permission that it needs.
type Command struct {
	Command    string `yaml:"command"`
	Permission string `yaml:"permission"`
}

// LoadTable reads and lints the table of this package.
func LoadTable() (*Table, error) { return ReadTable(permissionsYAML) }

// ReadTable reads and lints a table.
func ReadTable(data []byte) (*Table, error) {
	var t Table
	if err := yaml.UnmarshalWithOptions(data, &t, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("login: permissions: %w", err)
	}
	return &t, t.lint()
}

var goodCommand = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)

var goodPattern = regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE) /`)

// lint says all that is wrong with a table.
func (t *Table) lint() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("login: permissions: "+format, args...))
	}
	permissions, routes, commands, used := map[string]Permission{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, p := range t.Permissions {
		if _, twice := permissions[p.Permission]; twice || p.Permission == "" {
			bad("%q: twice, or without a name", p.Permission)
		}
		permissions[p.Permission] = p
		if p.Why == "" {
			bad("%s: it does not say why", p.Permission)
		}
		if p.On != "one" && p.On != "nothing" {
			bad("%s: on: %q is neither one nor nothing", p.Permission, p.On)
		}
		if len(p.Roles) == 0 {
			bad("%s: nobody has it", p.Permission)
		}
		for role, reach := range p.Roles {
			switch {
			case !slices.Contains(Roles, role):
				bad("%s: no role %q", p.Permission, role)
			case !slices.Contains([]Reach{Own, Member, Agency, Any}, reach):
				bad("%s: %s: no reach %q", p.Permission, role, reach)
			case p.On == "nothing" && reach != Any:
				bad("%s: %s: %s of nothing", p.Permission, role, reach)
			case reach == Own && role != Asker:
				bad("%s: %s: own is the asker's", p.Permission, role)
			case (reach == Agency || reach == Member) && !role.ofAgency():
				bad("%s: %s has no agency", p.Permission, role)
			}
		}
	}
	for _, r := range t.Routes {
		if routes[r.Route] {
			bad("%s: twice", r.Route)
		}
		routes[r.Route], used[r.Permission] = true, true
		if !goodPattern.MatchString(r.Route) {
			bad("%s: no pattern", r.Route)
		}
		if _, ok := permissions[r.Permission]; !ok {
			bad("%s: no permission %q", r.Route, r.Permission)
		}
	}
	for _, c := range t.Commands {
		if commands[c.Command] {
			bad("%s: twice", c.Command)
		}
		commands[c.Command], used[c.Permission] = true, true
		if !goodCommand.MatchString(c.Command) {
			bad("%q: no command", c.Command)
		}
		switch p, ok := permissions[c.Permission]; {
		case !ok:
			bad("%s: no permission %q", c.Command, c.Permission)
		case p.On != "one":
			bad("%s: %s is about nothing, a command about a case", c.Command, c.Permission)
		}
	}
	for _, p := range t.Permissions {
		if !used[p.Permission] {
			bad("%s: no route and no command asks for it", p.Permission)
		}
	}
	if len(errs) == 0 {
		errs = append(errs, patternsFit(t.Routes))
	}
	return errors.Join(errs...)
}

// patternsFit says whether a mux takes all patterns; it panics at two that
// overlap.
func patternsFit(routes []Route) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("login: permissions: %v", v)
		}
	}()
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.Handle(r.Route, http.NotFoundHandler())
	}
	return nil
}

// permission gives a permission by its name.
func (t *Table) permission(name string) (Permission, bool) {
	i := slices.IndexFunc(t.Permissions, func(p Permission) bool { return p.Permission == name })
	if i < 0 {
		return Permission{}, false
	}
	return t.Permissions[i], true
}

// Command gives the permission that a kind of command needs, false for a kind
// that nobody may send. Whoever lets a command through asks May for it, on the
// case; of a note, on the agency whose it is, and no other.
func (t *Table) Command(kind string) (permission string, ok bool) {
	i := slices.IndexFunc(t.Commands, func(c Command) bool { return c.Command == kind })
	if i < 0 {
		return "", false
	}
	return t.Commands[i].Permission, true
}

// Has says whether any of a person's roles has a permission, on something.
func (t *Table) Has(p Person, permission string) bool {
	perm, ok := t.permission(permission)
	return ok && slices.ContainsFunc(p.Roles, func(r Role) bool { return perm.Roles[r] != "" })
}

// May says whether a person has a permission on one thing.
func (t *Table) May(p Person, permission string, on Resource) bool {
	perm, ok := t.permission(permission)
	return ok && slices.ContainsFunc(p.Roles, func(r Role) bool { return perm.Roles[r].reaches(p, on) })
}

// Of gives the permissions that a person has on something, for pages to show
// what there is to do. It allows nothing.
func (t *Table) Of(p Person) []string {
	names := []string{}
	for _, perm := range t.Permissions {
		if t.Has(p, perm.Permission) {
			names = append(names, perm.Permission)
		}
	}
	return names
}
