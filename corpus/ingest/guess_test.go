package ingest

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outlineOf writes a document's blocks one a line: headings with their level,
// entries with their marker.
func outlineOf(d Document) string {
	var b strings.Builder
	for _, x := range d.Blocks {
		switch x.Kind {
		case Heading:
			b.WriteString(strings.Repeat("#", x.Level) + " ")
		case Item:
			b.WriteString(x.Marker + " ")
		}
		b.WriteString(x.Text + "\n")
	}
	return b.String()
}

func TestText(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"wrapped paragraphs and headings", `Veileder om dispensasjon

Når gjelder veilederen?

Denne veilederen gjelder for alle som søker om
dispensasjon fra taushetsplikten, og for dem som behand-
ler søknadene.

Hvem avgjør?
REK avgjør søknader som gjelder forskning. Andre
søknader avgjøres av Helsedirektoratet.
`, `# Veileder om dispensasjon
## Når gjelder veilederen?
Denne veilederen gjelder for alle som søker om dispensasjon fra taushetsplikten, og for dem som behandler søknadene.
## Hvem avgjør?
REK avgjør søknader som gjelder forskning. Andre søknader avgjøres av Helsedirektoratet.
`},
		{"numbered headings and a numbered list", `1. Innledning
Dette kapittelet forklarer bakgrunnen for planen.
1.1 Bakgrunn
Planen ble laget i 2019 på oppdrag fra departementet.
Det kreves:
1. Samtykke
2. Dispensasjon
2. Tiltak
Disse tiltakene bør gjennomføres i løpet av året.
`, `# 1. Innledning
Dette kapittelet forklarer bakgrunnen for planen.
## 1.1 Bakgrunn
Planen ble laget i 2019 på oppdrag fra departementet.
Det kreves:
1. Samtykke
2. Dispensasjon
# 2. Tiltak
Disse tiltakene bør gjennomføres i løpet av året.
`},
		{"one line for each paragraph", "§ 29 Dispensasjon\n" + strings.Repeat("Departementet kan bestemme at opplysninger kan gis. ", 4) + "\n" + strings.Repeat("Vedtaket kan ha vilkår. ", 8),
			"# § 29 Dispensasjon\n" + strings.TrimSpace(strings.Repeat("Departementet kan bestemme at opplysninger kan gis. ", 4)) + "\n" + strings.TrimSpace(strings.Repeat("Vedtaket kan ha vilkår. ", 8)) + "\n"},
		{"table of contents is no heading", "Innhold.......... 3\nVedlegg.......... 9\n", "Innhold.......... 3 Vedlegg.......... 9\n"},
		{"no heading without text under it", "Første avsnitt som er ganske kort.\n\nHilsen Kari\n", "Første avsnitt som er ganske kort.\nHilsen Kari\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := Text([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, outlineOf(doc)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := Text([]byte("\ufeff \n")); err == nil {
		t.Error("text without words is no error")
	}
}

// TestTextFindsTheHeadingsOfASource compares what is guessed with what the
// hints of a source say.
func TestTextFindsTheHeadingsOfASource(t *testing.T) {
	b, err := os.ReadFile("../sources/formal-2024/original.txt")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := Text(b)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range doc.Blocks {
		if x.Kind == Heading {
			got = append(got, x.Text)
		}
	}
	want := []string{
		"Avklare formål med prosjekt", "Betydningen av å avklare formål", "Hva er formålet med prosjektet?", "Helseforskning",
		"Annen forskning", "Særlig om forskningsprosjekter med delvis innovasjonsformål", "Intern kvalitetssikring",
		"Kvalitetsforbedring", "Kvalitetsstudier", "Etablere kvalitetsregister", "Klinisk beslutningsstøtteverktøy",
		"Administrativ beslutningsstøtte", "Prosessautomatisering",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
