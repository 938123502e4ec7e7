// Package refusal says no in the words of data: each text stands in a file, by
// a key, in every language of the service. Which of them a person reads is for
// the edge to choose, which knows who asks.
package refusal

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"kiveileder"
)

// Texts are texts by key and language, as in a refusals.yaml.
type Texts map[string]map[kiveileder.Language]string

// Must reads texts that are in the program, and panics at what is wrong with
// them; name is of the package.
func Must(name string, file []byte) Texts {
	t, err := Read(file)
	if err != nil {
		panic(name + ": " + err.Error())
	}
	return t
}

// Read reads and lints texts; all that is wrong is told at once: a language
// that lacks or is none, and one whose places (%d, %s, %[2]s) are not those of
// the others.
func Read(file []byte) (Texts, error) {
	t := Texts{}
	if err := yaml.UnmarshalWithOptions(file, &t, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("refusals: %w", err)
	}
	var problems []error
	for key, words := range t {
		for l := range words {
			if !slices.Contains(kiveileder.Languages, l) {
				problems = append(problems, fmt.Errorf("refusals: %s: no language %q", key, l))
			}
		}
		for _, l := range kiveileder.Languages {
			switch {
			case strings.TrimSpace(words[l]) == "":
				problems = append(problems, fmt.Errorf("refusals: %s: no words in %s", key, l))
			case !slices.Equal(places(words[l]), places(words[kiveileder.Bokmal])):
				problems = append(problems, fmt.Errorf("refusals: %s: %s has other places than bokmål", key, l))
			}
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return t, errors.Join(problems...)
}

var place = regexp.MustCompile(`%(\[\d\])?[a-z]`)

func places(text string) []string {
	out := place.FindAllString(strings.ReplaceAll(text, "%%", ""), -1)
	slices.Sort(out)
	return out
}

// Error makes an error of a text, with args put in as fmt.Sprintf does. An
// unknown key panics: a test holds that none is named.
func (t Texts) Error(code kiveileder.Code, key string, args ...any) *kiveileder.Error {
	words := t.Words(key, args...)
	return &kiveileder.Error{Code: code, Message: words[kiveileder.Bokmal], Texts: words}
}

// Because is Error with what caused it, for operators.
func (t Texts) Because(cause error, code kiveileder.Code, key string, args ...any) *kiveileder.Error {
	e := t.Error(code, key, args...)
	e.Err = cause
	return e
}

// Words gives a text in every language.
func (t Texts) Words(key string, args ...any) map[kiveileder.Language]string {
	words, ok := t[key]
	if !ok {
		panic("refusal: no text " + key)
	}
	if len(args) == 0 {
		return words
	}
	out := make(map[kiveileder.Language]string, len(words))
	for l, text := range words {
		out[l] = fmt.Sprintf(text, args...)
	}
	return out
}

//go:embed codes.yaml
var codesFile []byte

var codes = Must("internal/refusal", codesFile)

// Text gives what a person may read of an error in their language: its own
// words, else what its code means.
func Text(err error, l kiveileder.Language) string {
	var e *kiveileder.Error
	if !errors.As(err, &e) {
		return codes.of(kiveileder.CodeInternal, l)
	}
	switch {
	case e.Texts[l] != "":
		return e.Texts[l]
	case e.Message != "":
		return e.Message
	}
	return codes.of(e.Code, l)
}

func (t Texts) of(code kiveileder.Code, l kiveileder.Language) string {
	words := t[string(code)]
	if words == nil {
		words = t[string(kiveileder.CodeInternal)]
	}
	if words[l] == "" {
		l = kiveileder.Bokmal
	}
	return words[l]
}
