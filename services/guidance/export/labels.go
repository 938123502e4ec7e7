package export

import (
	"cmp"
	_ "embed"

	"github.com/goccy/go-yaml"

	"kiveileder"
)

//go:embed labels.yaml
var labelsFile []byte

var labels = func() map[string]map[kiveileder.Language]string {
	var m map[string]map[kiveileder.Language]string
	if err := yaml.UnmarshalWithOptions(labelsFile, &m, yaml.Strict()); err != nil {
		panic("export: labels.yaml: " + err.Error()) // it is in the program, and a test reads it
	}
	return m
}()

// label gives a word in a language. A key without words stands for itself: a
// rule may know a kind of finding that is newer than the words.
func label(lang kiveileder.Language, key string) string {
	w := labels[key]
	return cmp.Or(w[lang], w[kiveileder.Bokmal], key)
}
