package corpus

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"kiveileder"
	"kiveileder/corpus/ingest"
)

// openSource reads a source with its original, as it is in the repository.
func openSource(t *testing.T, dir string) (*Original, []kiveileder.Passage) {
	t.Helper()
	m, err := parseMeta(readFile(t, filepath.Join(dir, "meta.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	o, err := NewOriginal(m, readFile(t, filepath.Join(dir, "original.txt")))
	if err != nil {
		t.Fatal(err)
	}
	ps, err := parsePassages(readFile(t, filepath.Join(dir, "passages.jsonl")))
	if err != nil {
		t.Fatal(err)
	}
	return o, ps
}

// sabotages are the ways in which a text could say what its source does not.
// Each gives the text changed, or the same text where it does not apply.
var sabotages = []struct {
	name   string
	change func(p, far kiveileder.Passage) string
}{
	{"one word changed", func(p, _ kiveileder.Passage) string {
		w := middle(p.Text)
		return strings.Replace(p.Text, " "+w+" ", " "+w+"x ", 1)
	}},
	{"one word dropped", func(p, _ kiveileder.Passage) string {
		return strings.Replace(p.Text, " "+middle(p.Text)+" ", " ", 1)
	}},
	{"an Ikke at the start dropped", func(p, _ kiveileder.Passage) string { return strings.TrimPrefix(p.Text, "• Ikke ") }},
	{"an ikke dropped", func(p, _ kiveileder.Passage) string { return strings.Replace(p.Text, " ikke ", " ", 1) }},
	{"an ikke added", func(p, _ kiveileder.Passage) string { return strings.Replace(p.Text, " skal ", " skal ikke ", 1) }},
	{"two sentences swapped", func(p, _ kiveileder.Passage) string {
		a, b, ok := strings.Cut(p.Text, ". ")
		if !ok || utf8.RuneCountInString(b) < 20 {
			return p.Text
		}
		return strings.TrimSuffix(b, ".") + ". " + a + "."
	}},
	{"case changed", func(p, _ kiveileder.Passage) string { return strings.ToUpper(p.Text) }},
	{"a year changed", func(p, _ kiveileder.Passage) string { return strings.Replace(p.Text, "2021", "2022", 1) }},
	{"a section changed", func(p, _ kiveileder.Passage) string { return strings.Replace(p.Text, "§ 2", "§ 3", 1) }},
	{"a far passage glued on", func(p, far kiveileder.Passage) string { return p.Text + "\n" + far.Text }},
}

func middle(text string) string {
	words := strings.Fields(text)
	for _, w := range words[len(words)/2:] {
		if len(words) > 5 && utf8.RuneCountInString(w) > 3 && carriesWord(w) {
			return w
		}
	}
	return "\x00"
}

func carriesWord(w string) bool {
	runes, _ := reduce(w)
	return len(runes) > 0
}

// TestVerbatimSources proves that every passage stands in its original, and
// that it would show if it were tampered with.
func TestVerbatimSources(t *testing.T) {
	tried := map[string]int{}
	for _, dir := range sourceDirs(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			o, ps := openSource(t, dir)
			for i, p := range ps {
				if err := o.Verbatim(p); err != nil {
					t.Error(err)
				}
				far := ps[(i+len(ps)/2)%len(ps)]
				for _, s := range sabotages {
					bad := p
					if bad.Text = s.change(p, far); bad.Text == p.Text {
						continue
					}
					tried[s.name]++
					if o.Verbatim(bad) == nil {
						t.Errorf("%s: %s is not noticed: %q", p.ID, s.name, bad.Text)
					}
				}
			}
		})
	}
	for _, s := range sabotages {
		if tried[s.name] == 0 {
			t.Errorf("%s: applied nowhere", s.name)
		}
	}
}

func TestVerbatimNextPassageIsNotFar(t *testing.T) {
	// two passages of one section that follow each other are one run; over a
	// heading they are not
	m := Meta{Format: "plain"}
	o, err := NewOriginal(m, []byte("En setning her.\n\nOg en til her.\n\nOverskrift\n\nTredje setning her.\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Verbatim(kiveileder.Passage{Text: "En setning her.\nOg en til her."}); err != nil {
		t.Error(err)
	}
	if o.Verbatim(kiveileder.Passage{Text: "Og en til her.\nTredje setning her."}) == nil {
		t.Error("a heading was passed over")
	}
}

func TestVerbatimPageFoot(t *testing.T) {
	const original = ` Forord 

Etatene skal1 samarbeide om HelseOmsorg212 og rapporten 20203 når det 

er lagret i en sky. 4 I Norge gjelder fra 2014 
1 Jf. mandatet for arbeidet med planen, 
som ble vedtatt. 
2 https://a.no/ho21 
3 Rapporten. 
4 https://a.no/sky 

Testing er det som produsenten gjør. 
https://a.no/ho21
 2 av 9 
loven for alle. Forskriften gjelder 

Validering er noe annet. 
også. 
`
	o, err := NewOriginal(Meta{Format: "pdftext", Hints: []ingest.Hint{{Box: "Testing er", Until: "produsenten gjør."}}}, []byte(original))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		p    kiveileder.Passage
		ok   bool
	}{
		{"over the page, marks dropped", kiveileder.Passage{Text: "Etatene skal samarbeide om HelseOmsorg21 og rapporten 2020 når det er lagret i en sky. I Norge gjelder fra 2014 loven for alle."}, true},
		{"a footnote over two lines", kiveileder.Passage{Text: "Jf. mandatet for arbeidet med planen, som ble vedtatt."}, true},
		{"the box", kiveileder.Passage{Text: "Testing er det som produsenten gjør."}, true},
		{"notes and lead", kiveileder.Passage{Text: "Rapporten.", Lead: "loven for alle.", Notes: []string{"2: https://a.no/ho21"}}, true},
		{"false lead", kiveileder.Passage{Text: "Rapporten.", Lead: "loven for ingen."}, false},
		{"false note", kiveileder.Passage{Text: "Rapporten.", Notes: []string{"2: https://b.no"}}, false},
		{"a year is no mark", kiveileder.Passage{Text: "I Norge gjelder fra 20 loven for alle."}, false},
		{"a line inside the page", kiveileder.Passage{Text: "Forskriften gjelder også."}, false},
		{"a line of the body before the foot", kiveileder.Passage{Text: "Etatene skal samarbeide om HelseOmsorg21 og rapporten 2020 når det loven for alle."}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := o.Verbatim(tt.p); (err == nil) != tt.ok {
				t.Errorf("err = %v, want found = %v", err, tt.ok)
			}
		})
	}
}

func TestVerbatimErrors(t *testing.T) {
	o, err := NewOriginal(Meta{Format: "plain"}, []byte("Samtykke er ikke innhentet fra pasienten."))
	if err != nil {
		t.Fatal(err)
	}
	err = o.Verbatim(kiveileder.Passage{ID: "a/b", Text: "Samtykke er innhentet fra pasienten."})
	if err == nil || !strings.Contains(err.Error(), `a/b: text: not in the original: "innhentet fra pasienten."`) {
		t.Errorf("err = %v, want the first words that are not found", err)
	}
	if o.Verbatim(kiveileder.Passage{Text: " • "}) == nil {
		t.Error("a passage without words is no error")
	}
	if _, err := NewOriginal(Meta{Format: "pdf"}, nil); !errors.Is(err, ErrNotText) {
		t.Errorf("err = %v, want ErrNotText", err)
	}
}

func TestVerbatimFurniture(t *testing.T) {
	tests := []struct {
		name, format, original, text string
		ok                           bool
	}{
		{"superscript", "markdown", "BigMed<sup>1</sup> er med.\n\n<sup>1</sup> <https://a.no>\n\nDe andre og", "BigMed er med.", true},
		{"footnote between two halves", "markdown", "man tester ut og\n\n<sup>1</sup> Note.\n\nimplementerer løsninger", "man tester ut og implementerer løsninger", true},
		{"text between two halves", "markdown", "man tester ut og\n\nikke\n\nimplementerer løsninger", "man tester ut og implementerer løsninger", false},
		{"emphasis and links", "markdown", "- **Ansvarlig:** [RHF-ene](https://a.no/x) og *andre*", "• Ansvarlig: RHF-ene og andre", true},
		{"address of a link's words", "slides", "Se veilederen\n\nhttps://a.no/veileder\n\nfor mer", "Se veilederen for mer", true},
		{"numbers are no marks in plain text", "plain", "Det gjelder 3 etater.", "Det gjelder etater.", false},
		{"hyphens at a line's end", "plain", "personopplysnings-\nloven", "personopplysningsloven", true},
		{"from the middle of a sentence", "plain", "Det er ikke krav om samtykke.", "krav om samtykke.", false},
		{"to the middle of a sentence", "plain", "Samtykke kreves ikke her.", "Samtykke kreves", false},
		{"a part of a word", "plain", "Det er ulovlig.", "lovlig.", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := NewOriginal(Meta{Format: tt.format}, []byte(tt.original))
			if err != nil {
				t.Fatal(err)
			}
			if err := o.Verbatim(kiveileder.Passage{Text: tt.text}); (err == nil) != tt.ok {
				t.Errorf("err = %v, want found = %v", err, tt.ok)
			}
		})
	}
}
