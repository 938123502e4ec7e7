package courier

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"kiveileder"
	"kiveileder/services/rules"
)

//go:embed courier.yaml
var dataFile []byte

type data struct {
	Quotes     rules.Text `yaml:"quotes"`
	References rules.Text `yaml:"references"`
	Cut        rules.Text `yaml:"cut"`
	OneFile    rules.Text `yaml:"one_file"`
	Files      rules.Text `yaml:"files"`
	Nameless   rules.Text `yaml:"nameless"`
	More       rules.Text `yaml:"more"`
}

// loadData reads what is in the binary; a test holds that it is right.
var loadData = sync.OnceValues(func() (*data, error) { return readData(dataFile) })

// readData reads and lints; all that is wrong is told at once.
func readData(b []byte) (*data, error) {
	d := &data{}
	if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(d); err != nil {
		return nil, fmt.Errorf("courier: %w", err)
	}
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf("courier: "+format, args...)) }
	for name, w := range map[string]struct {
		text   rules.Text
		places string
	}{
		"quotes": {d.Quotes, ""}, "references": {d.References, ""}, "cut": {d.Cut, ""}, "nameless": {d.Nameless, ""},
		"one_file": {d.OneFile, "{files}"}, "files": {d.Files, "{n} {files}"}, "more": {d.More, "{n}"},
	} {
		for _, lang := range kiveileder.Languages {
			if strings.TrimSpace(w.text[lang]) == "" {
				bad("%s: no words in %s", name, lang)
			}
			for _, p := range strings.Fields(w.places) {
				if !strings.Contains(w.text[lang], p) {
					bad("%s: no %s in %s", name, p, lang)
				}
			}
		}
	}
	return d, errors.Join(problems...)
}

// language is the one that a case is spoken in.
func language(l kiveileder.Language) kiveileder.Language {
	for _, known := range kiveileder.Languages {
		if l == known {
			return l
		}
	}
	return kiveileder.Bokmal
}
