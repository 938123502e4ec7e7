package corpus

import (
	"fmt"
	"io/fs"

	"kiveileder"
)

// Texts are the service's own words by key and language.
type Texts map[string]map[kiveileder.Language]string

// LoadTexts reads texts.yaml.
func LoadTexts(fsys fs.FS) (Texts, error) {
	t := Texts{}
	if err := decode(fsys, "texts.yaml", &t); err != nil {
		return nil, err
	}
	if len(t) == 0 {
		return nil, fmt.Errorf("texts.yaml: missing or empty")
	}
	return t, nil
}

// Get gives a text in a language, in bokmål when the language lacks it, with
// args put in as fmt.Sprintf does. An unknown key gives the key, which shows.
func (t Texts) Get(key string, lang kiveileder.Language, args ...any) string {
	s := t[key][lang]
	if s == "" {
		s = t[key][kiveileder.Bokmal]
	}
	if s == "" {
		return key
	}
	if len(args) > 0 {
		return fmt.Sprintf(s, args...)
	}
	return s
}

// Has reports whether there is a text for the key.
func (t Texts) Has(key string) bool { return len(t[key]) > 0 }
