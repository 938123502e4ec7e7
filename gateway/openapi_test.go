package gateway_test

import (
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
	"kiveileder/gateway/login"
	"kiveileder/services/dialogue"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
	"kiveileder/services/queue"
	"kiveileder/services/rules"
)

// A description is what the tests look at in openapi.json.
type description struct {
	Paths      map[string]map[string]operation
	Components struct {
		Schemas map[string]schema
	}
}

type operation struct {
	Responses map[string]any
	Security  []map[string][]string
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
	c := comparison{t: t, schemas: d.Components.Schemas, plain: reflect.TypeFor[rules.Step]().PkgPath(), seen: map[string]bool{
		"Turn": true, "Hit": true, "Error": true, "Opening": true, "Page": true, "Post": true, "Exchange": true, "RefusedCommand": true, // of the gateway, tested below
	}}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[kiveileder.Answer](), reflect.TypeFor[dialogue.Evaluation](),
		reflect.TypeFor[queue.Form](), reflect.TypeFor[queue.HandOver](), reflect.TypeFor[queue.AskerCase](), reflect.TypeFor[queue.Refusal](),
		reflect.TypeFor[queue.Desk](), reflect.TypeFor[queue.DeskPage](), reflect.TypeFor[queue.DeskCase](), reflect.TypeFor[queue.DeskPast](), reflect.TypeFor[queue.DeskResult](),
		reflect.TypeFor[queue.Similar](), reflect.TypeFor[queue.Proposal](), reflect.TypeFor[queue.BeatResult](),
		reflect.TypeFor[guidance.Mail](), reflect.TypeFor[register.Entry](),
	} {
		c.compare(typ)
	}
	c.unused()
	// of a turn the gateway reads these; the others are between services
	turn := d.Components.Schemas["Turn"]
	if got := keys(turn.Properties); !slices.Equal(got, []string{"conversation", "facts", "history", "language", "question"}) {
		t.Errorf("Turn has %v", got)
	}
	for name, p := range turn.Properties {
		c.describes("Turn."+name, p, jsonFields(reflect.TypeFor[kiveileder.Turn]())[name].Type)
	}
}

// The forms that the gateway adds are described as they are sent.
func TestOpenAPIOfTheGateway(t *testing.T) {
	s := describe(t).Components.Schemas
	g, _ := open(t, gateway.Config{}, nil)
	hit := parse[struct{ Hits []map[string]any }](t, do(g, call{path: "/v1/search?q=x"}).Body).Hits[0]
	fail := parse[map[string]map[string]any](t, do(g, call{path: "/v1/search"}).Body)["error"]
	opening := parse[map[string]any](t, do(g, call{method: "POST", path: "/v1/conversation"}).Body)
	key := map[string]string{"Authorization": "Bearer " + opening["conversation"].(string)}
	exchange := parse[map[string]any](t, do(g, call{method: "POST", path: "/v1/conversation/messages", header: key,
		body: `{"id":"a","question":"Hei","facts":{"purpose":"statistics"},"language":"nb"}`}).Body)
	page := parse[map[string]any](t, do(g, call{path: "/v1/conversation", header: key}).Body)
	for name, c := range map[string]struct {
		sent      map[string]any
		described map[string]schema
	}{
		"Hit":      {hit, s["Hit"].Properties},
		"Error":    {fail, s["Error"].Properties["error"].Properties},
		"Opening":  {opening, s["Opening"].Properties},
		"Page":     {page, s["Page"].Properties},
		"Exchange": {exchange, s["Exchange"].Properties},
		"Post":     {map[string]any{"id": 0, "question": 0, "facts": 0, "language": 0}, s["Post"].Properties},
	} {
		if diff := cmp.Diff(keys(c.sent), keys(c.described)); diff != "" {
			t.Errorf("%s (-sent +described):\n%s", name, diff)
		}
	}
}

// A conversation's requests need its key, those of people who are signed in
// their session, with a token when they change something; and they say so.
func TestOpenAPISecurity(t *testing.T) {
	table, err := login.LoadTable()
	if err != nil {
		t.Fatal(err)
	}
	for path, methods := range describe(t).Paths {
		for method, op := range methods {
			var needed []string
			switch {
			case strings.HasPrefix(path, "/v1/conversation") && method+path != "post/v1/conversation":
				needed = []string{"conversation"}
			case path == "/v1/mail/inbound":
				needed = []string{"mail"}
			case !slices.ContainsFunc(table.Routes, func(r login.Route) bool { return r.Route == strings.ToUpper(method)+" "+path }):
			case method == "get":
				needed = []string{"session"}
			default:
				needed = []string{"csrf", "session"}
			}
			var got []string
			if len(op.Security) == 1 {
				got = keys(op.Security[0])
			}
			if !slices.Equal(got, needed) {
				t.Errorf("%s %s: security %v, want %v", method, path, op.Security, needed)
			}
			if _, ok := op.Responses["401"]; ok != (needed != nil) {
				t.Errorf("%s %s: 401 described %v, want %v", method, path, ok, needed)
			}
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
	table, err := login.LoadTable() // has those that package login adds
	if err != nil {
		t.Fatal(err)
	}
	all := registered(t)
	for _, r := range table.Routes {
		if !slices.Contains(all, r.Route) {
			all = append(all, r.Route)
		}
	}
	var routes []string
	for _, r := range all {
		method, path, _ := strings.Cut(r, " ")
		if strings.HasPrefix(path, "/v1/") || slices.Contains([]string{"/livez", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json"}, path) {
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
	out := patterns(t, "gateway.go")
	if len(out) < 10 {
		t.Fatalf("found only the routes %q", out)
	}
	return out
}

// patterns reads those that a file mounts.
func patterns(t *testing.T, file string) (out []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
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
	return out
}
