package register

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"

	"kiveileder/retriever/lexical"
)

//go:embed lists.yaml
var lists []byte

// known is what lists.yaml says.
type known struct {
	Laws     map[string]string `yaml:"laws"`     // short names to full ones, both folded when read
	Places   []string          `yaml:"places"`   // towns, counties, municipalities that are no other word
	Trusts   []string          `yaml:"trusts"`   // health trusts and hospitals by name
	Systems  []string          `yaml:"systems"`  // products and systems of health care
	Keep     []string          `yaml:"keep"`     // names that point to nobody: agencies, laws, abbreviations of the field
	Patterns []pattern         `yaml:"patterns"` // by form
	Suggest  map[string]string `yaml:"suggest"`  // what could stand instead, by kind
	Begins   []string          `yaml:"begins"`   // words that often begin a sentence before a name
	Common   []string          `yaml:"common"`   // words that say how something is asked
}

// A pattern finds by form what points to somebody. Its first group is marked,
// or all of it when it has none.
type pattern struct {
	Kind    string   `yaml:"kind"`
	Find    string   `yaml:"find"`
	Finds   []string `yaml:"finds"`   // texts that it must find something in
	Ignores []string `yaml:"ignores"` // texts that it must not
	re      *regexp.Regexp
}

var data = func() known {
	k, err := read(lists)
	if err != nil {
		panic("register: lists.yaml: " + err.Error()) // it is in the program, and a test reads it
	}
	return k
}()

// read reads the lists and lints them: a pattern that does not do what it says,
// a kind without words to put instead, a name that stands twice.
func read(text []byte) (known, error) {
	var k known
	if err := yaml.UnmarshalWithOptions(text, &k, yaml.Strict()); err != nil {
		return k, err
	}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	laws := map[string]string{}
	for short, full := range k.Laws {
		laws[lexical.Fold(short)] = lexical.Fold(full)
	}
	k.Laws = laws
	kinds := map[string]bool{kindPlace: true, kindTrust: true, kindSystem: true, kindOwn: true, kindMarker: true}
	for i := range k.Patterns {
		p := &k.Patterns[i]
		kinds[p.Kind] = true
		re, err := regexp.Compile(p.Find)
		if err != nil {
			bad("%s: %w", p.Kind, err)
			continue
		}
		p.re = re
		if len(p.Finds) == 0 {
			bad("%s: no text that it must find: %s", p.Kind, p.Find)
		}
		for _, s := range p.Finds {
			if !re.MatchString(s) {
				bad("%s: does not find %q", p.Kind, s)
			}
		}
		for _, s := range p.Ignores {
			if m := re.FindString(s); m != "" {
				bad("%s: finds %q in %q", p.Kind, m, s)
			}
		}
	}
	for kind := range kinds {
		if k.Suggest[kind] == "" {
			bad("suggest: nothing for %s", kind)
		}
	}
	seen := map[string]bool{}
	for _, list := range [][]string{k.Places, k.Trusts, k.Systems, k.Keep} {
		for _, name := range list {
			if seen[name] || strings.TrimSpace(name) != name || name == "" {
				bad("%q stands twice, or with blanks around it", name)
			}
			seen[name] = true
		}
	}
	return k, errors.Join(errs...)
}
