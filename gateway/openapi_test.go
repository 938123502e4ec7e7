package gateway_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/gateway"
)

// A description is what the tests look at in openapi.json.
type description struct {
	Paths      map[string]map[string]any
	Components struct {
		Schemas map[string]schema
	}
}

type schema struct {
	Type       string
	Ref        string `json:"$ref"`
	Enum       []any
	Properties map[string]schema
	Items      *schema
	MaxItems   int
	MaxLength  int
}

func describe(t *testing.T) description {
	t.Helper()
	g, _ := open(t, gateway.Config{}, nil)
	return parse[description](t, do(g, call{path: "/openapi.json"}).Body)
}

// Every field of what the service speaks is described, with its type, and
// nothing is described that is not there.
func TestOpenAPIFields(t *testing.T) {
	d := describe(t)
	seen := map[string]bool{"Hit": true, "Error": true} // types of the gateway, tested below
	var compare func(typ reflect.Type)
	compare = func(typ reflect.Type) {
		if seen[typ.Name()] {
			return
		}
		seen[typ.Name()] = true
		s, ok := d.Components.Schemas[typ.Name()]
		if !ok {
			t.Errorf("schema %s is missing", typ.Name())
			return
		}
		var fields []string
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			fields = append(fields, name)
			p, ok := s.Properties[name]
			if !ok {
				t.Errorf("%s.%s (%s) is not described", typ.Name(), f.Name, name)
				continue
			}
			describes(t, typ.Name()+"."+name, p, f.Type, compare)
		}
		for name := range s.Properties {
			if !slices.Contains(fields, name) {
				t.Errorf("%s.%s is described but not there", typ.Name(), name)
			}
		}
	}
	compare(reflect.TypeFor[kiveileder.Turn]())
	compare(reflect.TypeFor[kiveileder.Answer]())
	for name := range d.Components.Schemas {
		if !seen[name] {
			t.Errorf("schema %s is used by nothing", name)
		}
	}
}

// describes checks a property against a Go type, and goes on with structs.
func describes(t *testing.T, where string, p schema, typ reflect.Type, compare func(reflect.Type)) {
	t.Helper()
	want := ""
	switch typ.Kind() {
	case reflect.String:
		want = "string"
	case reflect.Bool:
		want = "boolean"
	case reflect.Int:
		want = "integer"
	case reflect.Float64:
		want = "number"
	case reflect.Map:
		want = "object"
	case reflect.Slice:
		want = "array"
		if p.Items == nil {
			t.Errorf("%s: items of what?", where)
			return
		}
		describes(t, where+"[]", *p.Items, typ.Elem(), compare)
	case reflect.Pointer:
		describes(t, where, p, typ.Elem(), compare)
		return
	case reflect.Struct:
		if p.Ref != "#/components/schemas/"+typ.Name() {
			t.Errorf("%s: $ref %q, want %s", where, p.Ref, typ.Name())
		}
		compare(typ)
		return
	}
	if p.Type != want && p.Type != "" { // enum and const need no type
		t.Errorf("%s: type %q, want %q", where, p.Type, want)
	}
}

// The two forms that the gateway adds are described as they are sent.
func TestOpenAPIOfTheGateway(t *testing.T) {
	d := describe(t)
	g, _ := open(t, gateway.Config{}, nil)
	hit := parse[struct{ Hits []map[string]any }](t, do(g, call{path: "/v1/search?q=x"}).Body).Hits[0]
	fail := parse[map[string]map[string]any](t, do(g, call{path: "/v1/search"}).Body)["error"]
	for name, c := range map[string]struct {
		sent      map[string]any
		described map[string]schema
	}{
		"Hit":   {hit, d.Components.Schemas["Hit"].Properties},
		"Error": {fail, d.Components.Schemas["Error"].Properties["error"].Properties},
	} {
		if diff := cmp.Diff(keys(c.sent), keys(c.described)); diff != "" {
			t.Errorf("%s (-sent +described):\n%s", name, diff)
		}
	}
}

func keys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// The limits and words in the description are those of the code.
func TestOpenAPIValues(t *testing.T) {
	s := describe(t).Components.Schemas
	if got := s["Answer"].Properties["citations"].MaxItems; got != kiveileder.MaxCitations {
		t.Errorf("citations: maxItems %d, want %d", got, kiveileder.MaxCitations)
	}
	if got := s["Citation"].Properties["quote"].MaxLength; got != kiveileder.MaxQuoteChars {
		t.Errorf("quote: maxLength %d, want %d", got, kiveileder.MaxQuoteChars)
	}
	for name, c := range map[string]struct {
		described []any
		want      []any
	}{
		"status":   {s["Answer"].Properties["status"].Enum, []any{"answered", "clarify", "escalate", "declined", "smalltalk"}},
		"language": {s["Answer"].Properties["language"].Enum, []any{"nb", "nn", "en"}},
		"error": {s["Error"].Properties["error"].Properties["code"].Enum, []any{
			string(kiveileder.CodeInvalid), string(kiveileder.CodeNotFound), string(kiveileder.CodeRateLimited),
			string(kiveileder.CodeUnavailable), string(kiveileder.CodeConflict), string(kiveileder.CodeInternal),
		}},
	} {
		if diff := cmp.Diff(c.want, c.described); diff != "" {
			t.Errorf("%s (-want +described):\n%s", name, diff)
		}
	}
}

// Every route for programs is described, and every described path is a route.
func TestOpenAPIRoutes(t *testing.T) {
	var routes []string
	for _, r := range registered(t) {
		method, path, _ := strings.Cut(r, " ")
		if strings.HasPrefix(path, "/v1/") || slices.Contains([]string{"/livez", "/readyz", "/metrics", "/openapi.json"}, path) {
			routes = append(routes, strings.ToLower(method)+" "+path)
		}
	}
	var described []string
	for path, methods := range describe(t).Paths {
		for m := range methods {
			described = append(described, m+" "+path)
		}
	}
	slices.Sort(routes)
	slices.Sort(described)
	if diff := cmp.Diff(routes, described); diff != "" {
		t.Errorf("(-routes +described):\n%s", diff)
	}
}

// registered reads the patterns in the function routes: a ServeMux does not
// tell them.
func registered(t *testing.T) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "gateway.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		if !ok || len(c.Args) != 2 {
			return true
		}
		if s, ok := c.Fun.(*ast.SelectorExpr); ok && strings.HasPrefix(s.Sel.Name, "Handle") {
			if l, ok := c.Args[0].(*ast.BasicLit); ok {
				pattern, err := strconv.Unquote(l.Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, pattern)
			}
		}
		return true
	})
	if len(out) < 10 {
		t.Fatalf("found only the routes %q", out)
	}
	return out
}

func TestOpenAPIReferences(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	b := do(g, call{path: "/openapi.json"}).Body
	whole := parse[map[string]any](t, b)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				var at any = whole
				for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
					m, _ := at.(map[string]any)
					at = m[part]
				}
				if at == nil {
					t.Errorf("%s leads nowhere", ref)
				}
			}
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(whole)
	if !json.Valid(b.Bytes()) {
		t.Error("no JSON")
	}
}
