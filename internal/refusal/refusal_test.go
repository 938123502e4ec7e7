package refusal_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kiveileder"
	"kiveileder/internal/refusal"
)

const root = "../.."

// What is no language's, or never reaches a person who asks.
var plain = []string{
	"%s", "draft:…, view:…, note:…",
	"no session", // between roles
	"modules.yaml: key %q is empty or there twice", "modules.yaml: %s has no words in %s", // at the start
	"Denne kildesamlingen har ingen regler.", // the command line's
}

// parameter is what a parameter of a request looks like, as in "limit: 1–100".
var parameter = regexp.MustCompile(`^[A-Za-z_-]+: [^ ]+(, [a-z]+(: [^ ]+)?)*$`)

// unsaid are the codes whose own words the edge says instead.
func unsaid(code ast.Expr) bool {
	return isName(code, "kiveileder", "CodeUnavailable") || isName(code, "kiveileder", "CodeInternal")
}

// A file is a parsed one.
type file struct {
	path string
	*ast.File
}

// program gives the files of the program, by folder: neither tests nor what is
// only run by those who build it.
func program(t *testing.T) map[string][]file {
	t.Helper()
	out := map[string][]file{}
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && rel != "." || slices.Contains([]string{"node_modules", "testdata", "scripts", "deploy"}, d.Name()) || strings.HasSuffix(d.Name(), "test") && d.Name() != "test"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		out[filepath.Dir(rel)] = append(out[filepath.Dir(rel)], file{rel, f})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// literal gives a text as it stands in the code; false for what is none.
func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(l.Value)
	return s, err == nil
}

func isName(e ast.Expr, pkg, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg
}

// No text for people stands in the code, where it would be in one language.
func TestNoWordsInCode(t *testing.T) {
	used := map[string]bool{}
	check := func(where, text string) {
		used[text] = true
		if !slices.Contains(plain, text) && !parameter.MatchString(text) {
			t.Errorf("%s: %q is in one language; put it into a refusals.yaml", where, text)
		}
	}
	for dir, files := range program(t) {
		if dir == "." || strings.HasPrefix(dir, "corpus") || strings.HasPrefix(dir, "retriever/index") || dir == "internal/refusal" {
			continue
		}
		for _, f := range files {
			ast.Inspect(f.File, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if isName(n.Fun, "kiveileder", "Errorf") && len(n.Args) > 1 && !unsaid(n.Args[0]) {
						if s, ok := literal(n.Args[1]); ok {
							check(f.path, s)
						}
					}
				case *ast.CompositeLit:
					if !isName(n.Type, "kiveileder", "Error") {
						return true
					}
					quiet := slices.ContainsFunc(n.Elts, func(e ast.Expr) bool {
						kv, ok := e.(*ast.KeyValueExpr)
						return ok && fmt.Sprint(kv.Key) == "Code" && unsaid(kv.Value)
					})
					for _, e := range n.Elts {
						if kv, ok := e.(*ast.KeyValueExpr); ok && fmt.Sprint(kv.Key) == "Message" && !quiet {
							if s, ok := literal(kv.Value); ok {
								check(f.path, s)
							}
						}
					}
				}
				return true
			})
		}
	}
	for _, s := range plain {
		if !used[s] {
			t.Errorf("nobody says %q any more", s)
		}
	}
}

// Every text that is named in a folder stands in its file, in all languages,
// and none stands there for nothing.
func TestEveryTextIsThere(t *testing.T) {
	n := 0
	for dir, files := range program(t) {
		b, err := os.ReadFile(filepath.Join(root, dir, "refusals.yaml"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		texts, err := refusal.Read(b)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		n += len(texts)
		named := map[string]bool{}
		for _, f := range files {
			ast.Inspect(f.File, func(n ast.Node) bool {
				if e, ok := n.(ast.Expr); ok {
					if s, ok := literal(e); ok {
						named[s] = true
					}
				}
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				at, ok := map[string]int{"Error": 1, "Because": 2, "Words": 0}[calledOn(call, "say")]
				if !ok || at >= len(call.Args) {
					return true
				}
				if key, ok := literal(call.Args[at]); ok && texts[key] == nil {
					t.Errorf("%s: no text %q", f.path, key)
				}
				return true
			})
		}
		for key := range texts {
			if !named[key] {
				t.Errorf("%s: nobody says %q", dir, key)
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d texts were found", n)
	}
}

func calledOn(call *ast.CallExpr, name string) string {
	if s, ok := call.Fun.(*ast.SelectorExpr); ok {
		if x, ok := s.X.(*ast.Ident); ok && x.Name == name {
			return s.Sel.Name
		}
	}
	return ""
}

// An error of any code says something in every language.
func TestEveryCodeHasWords(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "error.go"), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(f, func(node ast.Node) bool {
		v, ok := node.(*ast.ValueSpec)
		if !ok || len(v.Names) != 1 || !strings.HasPrefix(v.Names[0].Name, "Code") {
			return true
		}
		code, _ := literal(v.Values[0])
		n++
		seen := map[string]bool{}
		for _, l := range kiveileder.Languages {
			seen[refusal.Text(&kiveileder.Error{Code: kiveileder.Code(code)}, l)] = true
		}
		internal := refusal.Text(errors.New("x"), kiveileder.English)
		if len(seen) != len(kiveileder.Languages) || seen[""] || code != string(kiveileder.CodeInternal) && seen[internal] {
			t.Errorf("%s: %v", code, seen)
		}
		return true
	})
	if n < 6 {
		t.Errorf("only %d codes were found", n)
	}
}

func TestText(t *testing.T) {
	texts, err := refusal.Read([]byte(`many: {nb: "Høyst %d tegn.", nn: "Høgst %d teikn.", en: "At most %d characters."}`))
	if err != nil {
		t.Fatal(err)
	}
	err = fmt.Errorf("ask: %w", texts.Error(kiveileder.CodeInvalid, "many", 7))
	for l, want := range map[kiveileder.Language]string{kiveileder.Bokmal: "Høyst 7 tegn.", kiveileder.Nynorsk: "Høgst 7 teikn.", kiveileder.English: "At most 7 characters."} {
		if got := refusal.Text(err, l); got != want {
			t.Errorf("%s: %q", l, got)
		}
	}
	if kiveileder.ErrorMessage(err) != "Høyst 7 tegn." || kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
		t.Errorf("%v", err)
	}
	if got := refusal.Text(kiveileder.Errorf(kiveileder.CodeInvalid, "k: 1–100"), kiveileder.English); got != "k: 1–100" {
		t.Errorf("what is the same in all languages: %q", got)
	}
	cause := errors.New("cause")
	if e := texts.Because(cause, kiveileder.CodeInvalid, "many", 7); !errors.Is(e, cause) || strings.Contains(refusal.Text(e, kiveileder.English), "cause") {
		t.Errorf("%v", e)
	}
}

func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`a: {nb: "Nei.", nn: "Nei."}`:                                   "a: no words in en",
		`a: {nb: "Nei.", nn: " ", en: "No."}`:                           "a: no words in nn",
		`a: {nb: "Nei.", nn: "Nei.", en: "No.", se: "Ii."}`:             `a: no language "se"`,
		`a: {nb: "%d tegn.", nn: "%s teikn.", en: "%d characters."}`:    "nn has other places",
		`a: {nb: "%s og %d.", nn: "%d og %s.", en: "%[2]d and %[1]s."}`: "en has other places",
		`a: [nb]`: "refusals:",
	} {
		if _, err := refusal.Read([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
