package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// at is where something stands in its file.
type at struct{ line, col int }

// An Expr is a condition with its place.
type Expr struct {
	Text string
	at
}

// UnmarshalYAML takes the text and keeps the place.
func (e *Expr) UnmarshalYAML(n ast.Node) error {
	e.at = position(n)
	if _, block := n.(*ast.LiteralNode); block {
		e.at = at{e.line + 1, 1}
	}
	return yaml.NodeToValue(n, &e.Text, yaml.Strict())
}

func (f *Fact) UnmarshalYAML(n ast.Node) error {
	type plain Fact
	return located(n, (*plain)(f), &f.pos)
}

func (o *Outcome) UnmarshalYAML(n ast.Node) error {
	type plain Outcome
	return located(n, (*plain)(o), &o.pos)
}

func (a *Agency) UnmarshalYAML(n ast.Node) error {
	type plain Agency
	return located(n, (*plain)(a), &a.pos)
}

func (c *Condition) UnmarshalYAML(n ast.Node) error {
	type plain Condition
	return located(n, (*plain)(c), &c.pos)
}

func (r *Rule) UnmarshalYAML(n ast.Node) error {
	type plain Rule
	return located(n, (*plain)(r), &r.pos)
}

func (c *Case) UnmarshalYAML(n ast.Node) error {
	type plain Case
	return located(n, (*plain)(c), &c.pos)
}

// located decodes strictly and keeps where the node stands.
func located(n ast.Node, v any, where *at) error {
	err := yaml.NodeToValue(n, v, yaml.Strict())
	*where = position(n)
	return err
}

func position(n ast.Node) at {
	t := n.GetToken()
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		t = m.Values[0].Key.GetToken()
	}
	if t == nil || t.Position == nil {
		return at{}
	}
	return at{t.Position.Line, t.Position.Column}
}

// decode reads one YAML file strictly. A missing file leaves v as it is when
// optional. Errors begin with file, line and column.
func decode(fsys fs.FS, name string, v any, optional bool) error {
	b, err := fs.ReadFile(fsys, name)
	switch {
	case optional && errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	f, err := parser.ParseBytes(b, 0)
	if err != nil {
		return yamlError(name, err)
	}
	for _, d := range f.Docs {
		if d.Body == nil {
			continue
		}
		if len(f.Docs) > 1 {
			return fmt.Errorf("%s:%d: one document in a file; take \"---\" out", name, position(f.Docs[1].Body).line)
		}
		if err := yaml.NodeToValue(d.Body, v, yaml.Strict()); err != nil {
			return yamlError(name, err)
		}
	}
	return nil
}

var yamlPlace = regexp.MustCompile(`^\[(\d+):(\d+)\] (.*)`)

// yamlError puts the place in front, as editors read it, and leaves the copy
// of the lines out.
func yamlError(name string, err error) error {
	first, _, _ := strings.Cut(err.Error(), "\n")
	if m := yamlPlace.FindStringSubmatch(first); m != nil {
		return fmt.Errorf("%s:%s:%s: %s", name, m[1], m[2], m[3])
	}
	return fmt.Errorf("%s: %s", name, first)
}
