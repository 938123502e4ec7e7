package queue

import (
	_ "embed"

	"github.com/goccy/go-yaml"

	"kiveileder"
)

//go:embed modules.yaml
var modulesYAML []byte

// modules are pieces of text that lawyers begin with.
var modules = func() []Module {
	m, err := ReadModules(modulesYAML)
	if err != nil {
		panic(err) // a test reads it
	}
	return m
}()

// ReadModules reads pieces of text and refuses those that are not there in
// every language.
func ReadModules(data []byte) ([]Module, error) {
	var out []Module
	if err := yaml.UnmarshalWithOptions(data, &out, yaml.Strict()); err != nil {
		return nil, err
	}
	keys := map[string]bool{}
	for _, m := range out {
		if m.Key == "" || keys[m.Key] {
			return nil, kiveileder.Errorf(kiveileder.CodeInvalid, "modules.yaml: key %q is empty or there twice", m.Key)
		}
		keys[m.Key] = true
		for _, l := range kiveileder.Languages {
			if m.Title[l] == "" || m.Text[l] == "" {
				return nil, kiveileder.Errorf(kiveileder.CodeInvalid, "modules.yaml: %s has no words in %s", m.Key, l)
			}
		}
	}
	return out, nil
}
