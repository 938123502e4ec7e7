package login

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// claims are what a provider says of somebody.
type claims map[string]any

// values gives all that stands at a path: strings, numbers and truths, those
// in lists one by one.
func (c claims) values(path string) []string {
	at := []any{map[string]any(c)}
	for name := range strings.SplitSeq(path, " > ") {
		var next []any
		for _, v := range flat(at) {
			if m, ok := v.(map[string]any); ok {
				if inner, ok := m[name]; ok {
					next = append(next, inner)
				}
			}
		}
		at = next
	}
	var found []string
	for _, v := range flat(at) {
		switch v := v.(type) {
		case string:
			found = append(found, v)
		case json.Number:
			found = append(found, v.String())
		case bool:
			found = append(found, strconv.FormatBool(v))
		}
	}
	return found
}

// flat opens lists, and lists in them.
func flat(in []any) []any {
	var out []any
	for _, v := range in {
		if list, ok := v.([]any); ok {
			out = append(out, flat(list)...)
			continue
		}
		out = append(out, v)
	}
	return out
}

// fit says whether each path has one of its values.
func (c claims) fit(when map[string][]string) bool {
	for path, wanted := range when {
		if !slices.ContainsFunc(c.values(path), func(v string) bool { return slices.Contains(wanted, v) }) {
			return false
		}
	}
	return true
}

// person says who somebody is here. A refusal when something that is required
// is not there, when nothing gives a role, or when claims speak for several
// agencies: guessing one would show somebody another's cases.
func (p Provider) person(c claims) (Person, error) {
	if !c.fit(p.Require) {
		return Person{}, refusal("require", "login_not_strong")
	}
	var id, names []string
	for _, path := range p.ID {
		v := c.values(path)
		if len(v) != 1 || v[0] == "" {
			return Person{}, refusal("no_id", "login_failed")
		}
		id = append(id, v[0])
	}
	for _, path := range p.Name {
		if v := c.values(path); len(v) > 0 {
			names = append(names, v[0])
		}
	}
	who := Person{ID: personID(p.Issuer, strings.Join(id, "\x00")), Name: cleanName(strings.Join(names, " "))}
	roles := slices.Clone(p.Everyone)
	for _, g := range p.Grants {
		if !c.fit(g.When) {
			continue
		}
		if g.Agency != "" && who.Agency != "" && g.Agency != who.Agency {
			return Person{}, refusal("several_agencies", "login_several_agencies")
		}
		if g.Agency != "" {
			who.Agency = g.Agency
		}
		roles = append(roles, g.Roles...)
	}
	for _, r := range Roles { // in their order, each once
		if slices.Contains(roles, r) {
			who.Roles = append(who.Roles, r)
		}
	}
	if len(who.Roles) == 0 {
		return Person{}, refusal("no_role", "login_no_role")
	}
	return who, nil
}
