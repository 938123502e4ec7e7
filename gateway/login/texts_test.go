package login

import (
	"os"
	"regexp"
	"testing"

	"kiveileder"
)

// Every text that is named in the code is there, in all languages, and no other.
func TestTexts(t *testing.T) {
	t.Parallel()
	all := said
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{"internal": true}
	quoted := regexp.MustCompile(`"(login_[a-z_]+|not_[a-z_]+)"`)
	for _, f := range files {
		if !regexp.MustCompile(`^[a-z]+\.go$`).MatchString(f.Name()) {
			continue
		}
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range quoted.FindAllStringSubmatch(string(b), -1) {
			if m[1] != "not_here" && m[1] != "not_there" { // reasons
				named[m[1]] = true
			}
		}
	}
	for key := range named {
		for _, lang := range kiveileder.Languages {
			if all[key][lang] == "" {
				t.Errorf("%s: no text in %s", key, lang)
			}
		}
	}
	for key := range all {
		if !named[key] {
			t.Errorf("%s: nobody says it", key)
		}
	}
}
