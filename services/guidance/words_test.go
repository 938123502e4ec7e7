package guidance_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/mail"
)

// Whatever a case can be, have and come through has its words on the pages, in
// every language: at the desk, and, of what askers see, in the conversation.
func TestPagesHaveWords(t *testing.T) {
	words := map[string]map[kiveileder.Language]string{}
	for _, name := range []string{"texts.json", "texts-case.json", "texts-desk.json"} {
		b, err := os.ReadFile("../../web/" + name)
		if err != nil {
			t.Fatal(err)
		}
		more := map[string]map[kiveileder.Language]string{}
		if err := json.Unmarshal(b, &more); err != nil {
			t.Fatal(err)
		}
		for k, v := range more {
			words[k] = v
		}
	}
	wants := func(format string, what any) {
		t.Helper()
		key := fmt.Sprintf(format, what)
		for _, l := range kiveileder.Languages {
			if words[key][l] == "" {
				t.Errorf("no words for %s in %s", key, l)
			}
		}
	}
	kinds := map[guidance.Kind]bool{}
	for _, x := range guidance.TheFlow.Transitions {
		if !kinds[x.Kind] {
			kinds[x.Kind] = true
			wants("desk_event_%s", x.Kind)
		}
	}
	for _, s := range guidance.States {
		wants("desk_state_%s", s)
		if seen := guidance.ForAsker("", guidance.Case{State: s}).State; seen == s {
			wants("case_state_%s", s)
			wants("case_next_%s", s)
		}
	}
	for _, k := range mail.Kinds {
		wants("desk_mail_%s", k)
	}
	for _, s := range []guidance.MailStatus{guidance.MailQueued, guidance.MailSent, guidance.MailKept, guidance.MailDead, guidance.MailDropped} {
		wants("desk_mail_%s", s)
	}
	for _, r := range mail.Reasons {
		wants("desk_why_%s", r)
	}
	for key, text := range words {
		for l := range text {
			if !slices.Contains(kiveileder.Languages, l) {
				t.Errorf("%s: no language %q", key, l)
			}
		}
		wants("%s", key)
	}
}

// bokmål are words that nynorsk does not have.
var bokmal = regexp.MustCompile(`(?i)(^|[^\pL])(ikke|hva|hvor|hvem|hvordan|hvorfor|hvilke[nt]?|hvis|jeg|noe|noen|også|mer|være|bare|uten|gjør|ble|nå|siden|kommer|gjelder|finnes|selv|saken|kilden|kilder|opplysninger|begynner|fra|hun|dere|gjennom|spørre|svaret ditt er|først og fremst at)([^\pL]|$)`)

var nynorsk = regexp.MustCompile(`nn"?: *"?([^"\n}]+)`)

// What says that it is nynorsk is. The list of words is short, but those are the
// ones that are left behind.
func TestNynorsk(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../../web/texts*.json", "../../corpus/texts.yaml", "../../gateway/login/*.yaml", "../queue/*.yaml", "../conversation/*.yaml", "../rules/*.yaml", "*.yaml", "*/*.yaml", "../../internal/refusal/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	n := 0
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range nynorsk.FindAllSubmatch(b, -1) {
			n++
			text := strings.ReplaceAll(string(m[1]), "ki.veiledning", "")
			if w := bokmal.FindStringSubmatch(text); w != nil {
				t.Errorf("%s: %q is bokmål in %q", name, w[2], text)
			}
		}
	}
	if n < 900 {
		t.Errorf("only %d texts were found", n)
	}
}
