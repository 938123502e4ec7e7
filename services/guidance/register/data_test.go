package register

import (
	"strings"
	"testing"
)

func TestLists(t *testing.T) {
	if _, err := read(lists); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"a key that is not there":  {"trusts:", "trust:", "trust"},
		"a pattern that is none":   {"find: '(\\p{Lu}", "find: '((\\p{Lu}", "missing closing )"},
		"one that does not find":   {"finds: [Kvam municipality]", "finds: [kvam]", `does not find "kvam"`},
		"one that finds too much":  {"ignores: [a municipality]", "ignores: [Kvam municipality]", "finds"},
		"a kind without words":     {`  kommune: "en kommune"`, "", "nothing for kommune"},
		"a name that stands twice": {"  - Ahus\n", "  - Ahus\n  - Ahus\n", `"Ahus" stands twice`},
	} {
		text := strings.Replace(string(lists), c.old, c.new, 1)
		if text == string(lists) {
			t.Errorf("%s: %q is not in the file", name, c.old)
		}
		if _, err := read([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
