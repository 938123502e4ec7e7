package ingest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHTML(t *testing.T) {
	tests := []struct {
		name, in string
		want     []Block
	}{
		{"headings, paragraphs and what is dropped", `<!doctype html><html><head><title>Side - Etat</title><style>p{}</style></head><body>
			<header><h2>Etaten</h2></header><nav><ul><li><a href="/">Hjem</a></li></ul></nav>
			<h1>Veileder</h1><p>Reglene&nbsp;gjelder <b>alle</b>.<br>Også deg.</p><script>var x</script>
			<h2>Krav</h2><div>Et krav.</div><p hidden>skjult</p><footer><p>Kontakt oss</p></footer></body></html>`,
			[]Block{
				{Kind: Heading, Level: 1, Text: "Veileder"},
				{Kind: Paragraph, Text: "Reglene gjelder alle. Også deg."},
				{Kind: Heading, Level: 2, Text: "Krav"},
				{Kind: Paragraph, Text: "Et krav."},
			}},
		{"title without h1", `<title>Veileder</title><p>Tekst.`,
			[]Block{{Kind: Heading, Level: 1, Text: "Veileder"}, {Kind: Paragraph, Text: "Tekst."}}},
		{"h1 of the site's head does not count", `<title>Veileder</title><header><h1>Etaten</h1></header><p>Tekst.`,
			[]Block{{Kind: Heading, Level: 1, Text: "Veileder"}, {Kind: Paragraph, Text: "Tekst."}}},
		{"only the main part", `<div>Meny</div><main><article><header><h1>A</h1></header><p>B.</p></article></main><div>Bunn</div>`,
			[]Block{{Kind: Heading, Level: 1, Text: "A"}, {Kind: Paragraph, Text: "B."}}},
		{"nested lists become one", `<p>Det kreves:</p><ul><li>samtykke<ul><li>skriftlig</li><li>frivillig</li></ul></li><li><p>vedtak</p><p>fra REK</p></li></ul>
			<p>Rekkefølgen er:</p><ol start="3"><li>c</li><li>d</li></ol>`,
			[]Block{
				{Kind: Paragraph, Text: "Det kreves:", Lead: true},
				{Kind: Item, Marker: "•", Text: "samtykke"},
				{Kind: Item, Marker: "•", Text: "skriftlig"},
				{Kind: Item, Marker: "•", Text: "frivillig"},
				{Kind: Item, Marker: "•", Text: "vedtak fra REK"},
				{Kind: Paragraph, Text: "Rekkefølgen er:", Lead: true},
				{Kind: Item, Marker: "3.", Text: "c"},
				{Kind: Item, Marker: "4.", Text: "d"},
			}},
		{"table rows", `<table><caption>Myndigheter</caption><tr><th>Formål<th>Hvem<tr><td><p>Forskning</p><td>REK<br>HDS<tr><td><td></table>`,
			[]Block{
				{Kind: Paragraph, Text: "Myndigheter"},
				{Kind: Paragraph, Text: "Formål | Hvem"},
				{Kind: Paragraph, Text: "Forskning | REK HDS"},
			}},
		{"table as layout", `<table><tr><td><h2>A</h2><p>B.</p></td><td><p>C.</p></td></tr></table>`,
			[]Block{{Kind: Heading, Level: 2, Text: "A"}, {Kind: Paragraph, Text: "B."}, {Kind: Paragraph, Text: "C."}}},
		{"aside", `<p>A.</p><aside>Med <b>testing</b> menes prøving.</aside><aside><a href="/b">Les også om b</a></aside>`,
			[]Block{{Kind: Paragraph, Text: "A."}, {Kind: Box, Text: "Med testing menes prøving."}}},
		{"a superscript that is no mark", `<p>10 m<sup>2</sup></p>`, []Block{{Kind: Paragraph, Text: "10 m2"}}},
		{"older character set", "<meta charset=iso-8859-1><p>S\xf8knad om \xe5 bruke data</p>",
			[]Block{{Kind: Paragraph, Text: "Søknad om å bruke data"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := HTML([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, doc.Blocks); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHTMLFootnotes(t *testing.T) {
	doc, err := HTML([]byte(`<p id="a">Loven gjelder<sup><a href="#fn1">1</a></sup>.</p><p>Se <a href="#fn2"><sup>[2]</sup></a> her.</p>
		<ol><li id="fn1">Lov om helseregistre. <a href="#a">↩</a></li></ol><p id="fn2">2. Se rundskrivet.</p>`))
	if err != nil {
		t.Fatal(err)
	}
	want := Document{
		Blocks: []Block{
			{Kind: Paragraph, Text: "Loven gjelder.", Notes: []int{1}},
			{Kind: Paragraph, Text: "Se her.", Notes: []int{2}},
		},
		Notes: map[int]string{1: "Lov om helseregistre.", 2: "Se rundskrivet."},
	}
	if diff := cmp.Diff(want, doc); diff != "" {
		t.Error(diff)
	}
}

func TestHTMLErrors(t *testing.T) {
	for name, in := range map[string]string{
		"no text":         `<title>Bare tittel</title><nav><a href="/">Hjem</a></nav>`,
		"only scripts":    `<script>document.write("x")</script>`,
		"nested too deep": strings.Repeat("<div>", 5000) + "x",
	} {
		if doc, err := HTML([]byte(in)); err == nil {
			t.Errorf("%s: no error, %d blocks", name, len(doc.Blocks))
		}
	}
}
