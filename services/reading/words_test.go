package reading

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

func TestRead(t *testing.T) {
	r := reader(t)
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"not text", "\xff\xfe\x00", ""},
		{"a question about consent sets nothing", "Må vi ha samtykke?", ""},
		{"a question that says there is none", "Kan vi bruke journaler uten samtykke?", "consent=no data_sources=patient_record"},
		{"undecided", "Vi vurderer å be om samtykke.", ""},
		{"some and not others", "Noen har samtykket, andre ikke.", "consent=partial"},
		{"a named register is of unknown scope", "Data fra Kreftregisteret", "data_sources=health_registry"},
		{"research in passing", "Dette er ikke forskning.", ""},
		{"earlier research", "Tidligere forskning viser at KI virker.", ""},
		{"typing error in a long word", "Vi henter pasientjornaler fra sykehuset", "data_sources=patient_record"},
		{"another in a compound", "helseforsknig på kols", "purpose=health_research"},
		{"accents decomposed", "Vi ber ikke pa\u030a noen ma\u030ate om samtykke", "consent=no"},
		{"ae, oe and aa", "Vi gjoer helseforskning paa kols", "purpose=health_research"},
		{"no is not nei in nynorsk", "Vi har no samtykke frå alle", "consent=yes"},
		{"a tool in use", "Vi bruker et ferdig trent KI-verktøy på pasientene.", "continuous_learning=no purpose=healthcare_use"},
		{"a tool developed", "Vi utvikler et klinisk beslutningsstøtteverktøy.", "purpose=clinical_decision_support"},
		{"an algorithm bettered for the clinic", "Kan vi bruke pasientjournalar til å betre ein algoritme som finn brot på røntgenbilete?", "data_sources=patient_record purpose=clinical_decision_support"},
		{"a model fine-tuned for the clinic", "Can we fine-tune the model our radiologists use on our own records?", "data_sources=patient_record purpose=clinical_decision_support"},
		{"an algorithm bettered, not said for what", "Kan vi bruke pasientjournalar til å betre ein algoritme?", "data_sources=patient_record"},
		{"care bettered with an algorithm", "Vi vil forbedre behandlingen med en algoritme.", "purpose=quality_improvement"},
		{"asked whether it is so", "Er verktøyet CE-merket?", ""},
		{"asked whether it is so, of data", "Blir opplysningene regnet som anonyme?", ""},
		{"told, and then asked", "Verktøyet er CE-merket, må vi søke?", "market_route=ce_marked"},
		{"consent, but not from all", "Vi har ikke samtykke fra alle.", "consent=partial"},
		{"not asked yet", "Vi har ikkje spurt pasientane enno, men skal gjere det.", ""},
		{"those who declined are out", "Ni av ti sa ja til samtykke. De som sa nei, er tatt ut.", "consent=yes"},
		{"a question in words alone", "Hvem har ansvaret når legen og algoritmen er uenige?", "question_topic=liability_disagreement"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := show(Merge(r.Read(c.text))); got != c.want {
				t.Errorf("%q: got %q, want %q", c.text, got, c.want)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	got := Merge([]Reading{
		{Fact: "purpose", Value: []string{"statistics"}},
		{Fact: "purpose", Value: []string{"procurement"}},
		{Fact: "purpose", Value: []string{"statistics"}},
		{Fact: "consent", Value: "no"},
		{Fact: "linkage", Value: false},
	})
	want := map[string]any{"purpose": []string{"statistics", "procurement"}, "consent": "no", "linkage": false}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Two values of one fact that contradict each other leave it out.
func TestContradiction(t *testing.T) {
	r := reader(t)
	if got := show(Merge(r.Read("Utstyret er i klasse I. Utstyret er i klasse III."))); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestHidden(t *testing.T) {
	for _, c := range []struct {
		stem, word string
		prefix     bool
		want       bool
	}{
		{"pasientjournal", "pasientjurnal", false, true},
		{"pasientjournal", "pasientjounral", false, true},
		{"pasientjournal", "pasientjornal", false, true},
		{"pasientjournal", "pasientjouurnal", false, true},
		{"pasientjournal", "pasientjornl", false, false},
		{"pasientjournal", "pasientjurnalen", true, true},
		{"pasientjournal", "pasientjurnalen", false, false},
		{"samtykke", "samtykkee", false, true},
		{"samtykke", "mamtykke", false, false},
	} {
		if got := (nearAtom{stem: c.stem, prefix: c.prefix}).hidden(c.word); got != c.want {
			t.Errorf("%s as %s (prefix %v): %v", c.stem, c.word, c.prefix, got)
		}
	}
}

// Problems come with file and line.
func TestLint(t *testing.T) {
	base := fstest.MapFS{
		"facts.yaml": {Data: []byte("set: {purpose: [statistics]}\none: {consent: [\"yes\", \"no\"]}\nbool: [linkage]\n")},
		"words.yaml": {Data: []byte("words:\n  consent: samtyk*\n  joins: og\n  others: andre\n  finite: er\n  deny: ikke\n  deny_after: ikke\n  deny_without: uten\n  doubt: kanskje\n")},
	}
	rule := func(body string) string {
		return "rules:\n  # a comment\n  - id: a\n" + body + "    yes: [x]\n    no: [y]\n"
	}
	for _, c := range []struct{ name, data, want string }{
		{"good", rule("    set: consent=yes\n    any: [\"<consent>\"]\n"), ""},
		{"unknown key", rule("    set: consent=yes\n    anny: [\"<consent>\"]\n"), "anny"},
		{"unknown fact", rule("    set: consnt=yes\n    any: [\"<consent>\"]\n"), "a.yaml:3: rule a: no fact \"consnt\""},
		{"unknown value", rule("    set: consent=maybe\n    any: [\"<consent>\"]\n"), "a.yaml:3: rule a: consent has no value \"maybe\""},
		{"unknown words", rule("    set: consent=yes\n    any: [\"<consnt>\"]\n"), "a.yaml:3: rule a: \"<consnt>\": no words for <consnt>"},
		{"bad gap", rule("    set: consent=yes\n    any: [\"..3 <consent>\"]\n"), "a.yaml:3: rule a: \"..3 <consent>\": a gap"},
		{"short star", rule("    set: consent=yes\n    any: [\"ab*\"]\n"), "too short for a star"},
		{"unknown guard", rule("    set: consent=yes\n    any: [\"<consent>\"]\n    ignore: [nothing]\n"), "a.yaml:3: rule a: no guard \"nothing\""},
		{"settle what nothing reads", rule("    set: consent=yes\n    any: [\"<consent>\"]\n") + "settle:\n  - {when: [linkage], drop: [consent]}\n", "a.yaml:9: nothing reads \"linkage\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := fstest.MapFS{"a.yaml": {Data: []byte(c.data)}}
			for k, v := range base {
				files[k] = v
			}
			_, err := Load(files)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
	if _, err := Load(fstest.MapFS{}); err == nil {
		t.Error("no files: no error")
	}
}

// Facts and values are those of the rule set, and each value can be read.
func TestFacts(t *testing.T) {
	r := reader(t)
	reads := map[string]bool{}
	for _, ru := range r.rules {
		reads[ru.Set] = true
		reads[ru.fact+"="+ru.Denied] = true
	}
	for _, s := range r.settle {
		for _, a := range s.Add {
			reads[a] = true
		}
	}
	for _, fs := range []map[string][]string{r.kinds.Set, r.kinds.One} {
		for f, vs := range fs {
			for _, v := range vs {
				if k := f + "=" + v; !reads[k] && !noEffect(k) {
					t.Errorf("nothing reads %s", k)
				}
			}
		}
	}
	for _, f := range r.kinds.Bool {
		if !reads[f+"=yes"] {
			t.Errorf("nothing reads %s=yes", f)
		}
	}
	b, err := fs.ReadFile(os.DirFS(filepath.Dir(data)), "facts.yaml")
	if err != nil {
		t.Skip("no facts.yaml of the rule set yet")
	}
	var facts []struct {
		Fact   string
		Type   string
		Values []struct{ Value string }
	}
	if err := yaml.Unmarshal(b, &facts); err != nil {
		t.Fatal(err)
	}
	for _, f := range facts {
		for _, v := range f.Values {
			value := strings.NewReplacer("true", "yes", "false", "no").Replace(v.Value)
			if err := r.kinds.check(f.Fact, value); err != nil {
				t.Error(err)
			}
		}
	}
}

// A long text of one sentence takes no more than its share: time grows with length.
func TestLongText(t *testing.T) {
	r := reader(t)
	for _, words := range []string{"uten samtykke ", "vi vil ikke koble register ", "bruke verktøy pasient ", "å", "ikke alle noen ", "kvalitetsregister? "} {
		start := time.Now()
		r.Read(strings.Repeat(words, maxText/len(words)))
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%q repeated: %v", words, d)
		} else {
			t.Logf("%q repeated: %v", words, d)
		}
	}
}
