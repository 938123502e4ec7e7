package gateway_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"kiveileder/gateway"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// A schema is what the tests look at in a description of a form.
type schema struct {
	Type       string
	Format     string
	Ref        string `json:"$ref"`
	Enum       []any
	Const      any
	Properties map[string]schema
	Required   []string
	Items      *schema
	MaxItems   int
	MaxLength  int
}

// A comparison holds Go types against schemas.
type comparison struct {
	t       *testing.T
	schemas map[string]schema
	strict  bool            // required is compared as well
	other   string          // package whose types another file describes
	plain   string          // package whose types are described as objects, without their fields
	seen    map[string]bool // schemas that have been compared
}

// compare checks a struct against the schema of its name, and what it holds.
func (c *comparison) compare(typ reflect.Type) {
	c.t.Helper()
	if c.seen[described(typ)] {
		return
	}
	c.seen[described(typ)] = true
	s, ok := c.schemas[described(typ)]
	if !ok {
		c.t.Errorf("schema %s is missing", described(typ))
		return
	}
	var names, required []string
	for name, f := range jsonFields(typ) {
		names = append(names, name)
		if !strings.Contains(f.Tag.Get("json"), ",omit") {
			required = append(required, name)
		}
		p, ok := s.Properties[name]
		if !ok {
			c.t.Errorf("%s.%s (%s) is not described", typ.Name(), f.Name, name)
			continue
		}
		c.describes(typ.Name()+"."+name, p, f.Type)
	}
	for name := range s.Properties {
		if !slices.Contains(names, name) {
			c.t.Errorf("%s.%s is described but not there", typ.Name(), name)
		}
	}
	if slices.Sort(required); c.strict && !slices.Equal(required, slices.Sorted(slices.Values(s.Required))) {
		c.t.Errorf("%s: required %v, want %v", typ.Name(), s.Required, required)
	}
}

// described gives the name of a type's schema: its own, but for those that
// share it with another.
func described(typ reflect.Type) string {
	switch typ {
	case reflect.TypeFor[guidance.Answer](), reflect.TypeFor[queue.HandOver]():
		return "Case" + typ.Name()
	}
	return typ.Name()
}

// jsonFields gives a struct's fields by their names in JSON, with those of what
// is embedded in it.
func jsonFields(typ reflect.Type) map[string]reflect.StructField {
	out := map[string]reflect.StructField{}
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			for name, inner := range jsonFields(f.Type) {
				if _, hidden := out[name]; !hidden {
					out[name] = inner
				}
			}
		} else if name != "-" {
			out[name] = f
		}
	}
	return out
}

// describes checks a property against a Go type, and goes on with structs.
func (c *comparison) describes(where string, p schema, typ reflect.Type) {
	c.t.Helper()
	want, format := "", ""
	if typ == reflect.TypeFor[json.RawMessage]() { // anything
		return
	}
	switch typ.Kind() {
	case reflect.Interface: // of several types
		return
	case reflect.String:
		want = "string"
	case reflect.Bool:
		want = "boolean"
	case reflect.Int, reflect.Int64:
		want = "integer"
	case reflect.Float64:
		want = "number"
	case reflect.Map:
		want = "object"
	case reflect.Slice:
		want = "array"
		if p.Items == nil {
			c.t.Errorf("%s: items of what?", where)
			return
		}
		c.describes(where+"[]", *p.Items, typ.Elem())
	case reflect.Pointer:
		c.describes(where, p, typ.Elem())
		return
	case reflect.Struct:
		if typ == reflect.TypeFor[time.Time]() {
			want, format = "string", "date-time"
			break
		}
		if typ.PkgPath() == c.plain {
			want = "object"
			break
		}
		ref, elsewhere := "#/components/schemas/"+described(typ), c.other != "" && typ.PkgPath() == c.other
		if elsewhere {
			ref = "openapi.json" + ref
		}
		if p.Ref != ref {
			c.t.Errorf("%s: $ref %q, want %s", where, p.Ref, ref)
		}
		if !elsewhere {
			c.compare(typ)
		}
		return
	}
	closed := p.Enum != nil || p.Const != nil // which needs no type
	if p.Type != want && !(closed && p.Type == "") || p.Format != format {
		c.t.Errorf("%s: type %q %s, want %q %s", where, p.Type, p.Format, want, format)
	}
}

// unused finds schemas that describe nothing.
func (c *comparison) unused() {
	for name := range c.schemas {
		if !c.seen[name] {
			c.t.Errorf("schema %s is used by nothing", name)
		}
	}
}

// Every reference leads somewhere, also from one description to the other.
func TestReferences(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	files := map[string]any{}
	for _, name := range []string{"openapi.json", "asyncapi.json"} {
		files[name] = parse[any](t, do(g, call{path: "/" + name}).Body)
	}
	var walk func(file string, v any)
	walk = func(file string, v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(file, x)
			}
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				target, path, _ := strings.Cut(ref, "#/")
				if target == "" {
					target = file
				}
				at := files[target]
				for part := range strings.SplitSeq(path, "/") {
					m, _ := at.(map[string]any)
					at = m[strings.ReplaceAll(part, "~1", "/")]
				}
				if at == nil {
					t.Errorf("%s: %s leads nowhere", file, ref)
				}
			}
			for _, x := range v {
				walk(file, x)
			}
		}
	}
	for name, v := range files {
		walk(name, v)
	}
}
