package ingest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
)

// pdfFile makes a PDF with a page for each list of lines.
func pdfFile(t testing.TB, pages ...[]string) []byte {
	t.Helper()
	var b bytes.Buffer
	var at []int
	object := func(format string, args ...any) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n", len(at))
		fmt.Fprintf(&b, format, args...)
		b.WriteString("\nendobj\n")
	}
	b.WriteString("%PDF-1.4\n")
	var kids []string
	for i := range pages {
		kids = append(kids, fmt.Sprintf("%d 0 R", 4+2*i))
	}
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(pages))
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	for i, lines := range pages {
		var s strings.Builder
		s.WriteString("BT /F1 11 Tf 14 TL 50 780 Td\n")
		for _, l := range lines {
			enc, err := charmap.Windows1252.NewEncoder().String(l)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&s, "(%s) Tj T*\n", strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(enc))
		}
		s.WriteString("ET")
		object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>", 5+2*i)
		object("<< /Length %d >>\nstream\n%s\nendstream", s.Len(), s.String())
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, xref)
	return b.Bytes()
}

func writeTemp(t testing.TB, b []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "-a.pdf")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestPDF(t *testing.T) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext (poppler-utils) is not installed")
	}
	name := writeTemp(t, pdfFile(t,
		[]string{"Rundskriv 2024", "1. Dispensasjon", "", "Departementet kan gi dispensasjon fra taushetsplikten når det er av", "vesentlig samfunnsinteresse, helse-", "og omsorgsetaten gir råd, og hensynet til pasi-", "", "1"},
		[]string{"Rundskriv 2024", "entens integritet er ivaretatt. Vedtaket kan ha vilkår som må følges.", "", "2"},
	))
	doc, err := PDF(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	want := `# 1. Dispensasjon
Departementet kan gi dispensasjon fra taushetsplikten når det er av vesentlig samfunnsinteresse, helse- og omsorgsetaten gir råd, og hensynet til pasientens integritet er ivaretatt. Vedtaket kan ha vilkår som må følges.
`
	if diff := cmp.Diff(want, outlineOf(doc)); diff != "" {
		t.Error(diff)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if viaOpen, format, err := Open(context.Background(), "a.pdf", b); err != nil || format != FormatPDF || !cmp.Equal(viaOpen, doc) {
		t.Errorf("Open gives %s, %v, another document: %v", format, err, !cmp.Equal(viaOpen, doc))
	}
}

func TestPDFErrors(t *testing.T) {
	t.Run("missing tool", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if _, err := PDF(context.Background(), "a.pdf"); err == nil || !strings.Contains(err.Error(), "poppler-utils") {
			t.Errorf("err = %v", err)
		}
	})
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext (poppler-utils) is not installed")
	}
	t.Run("scanned", func(t *testing.T) {
		if _, err := PDF(context.Background(), writeTemp(t, pdfFile(t, nil, nil))); err == nil || !strings.Contains(err.Error(), "OCR") {
			t.Errorf("err = %v", err)
		}
	})
	t.Run("damaged", func(t *testing.T) {
		if _, err := PDF(context.Background(), writeTemp(t, []byte("%PDF-1.4 tull"))); err == nil || !strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("err = %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := PDF(ctx, writeTemp(t, pdfFile(t, []string{"Tekst."}))); err == nil {
			t.Error("no error")
		}
	})
}

func TestPages(t *testing.T) {
	const in = "Etaten 2024\n\nVeileder om data\n\n1. Innledning\nReglene om deling av helseopplysninger gjelder også her1, og de må\nfølges av alle. Se også loven\n\n" +
		"1 Lov om helseregistre og behandling av opplys-\nninger\n\nSide 1 av 3\f" +
		"Etaten 2024\n\nsom nevnt over.\n\n1.1 Samtykke\nEt samtykke er en frivillig og uttrykkelig erklæring fra den som\ndata gjelder.\n\nSide 2 av 3\f" +
		"Etaten 2024\n\n• først\n• så\n\nSide 3 av 3\f"
	doc, err := Pages(in)
	if err != nil {
		t.Fatal(err)
	}
	want := `# Veileder om data
## 1. Innledning
Reglene om deling av helseopplysninger gjelder også her, og de må følges av alle. Se også loven som nevnt over.
### 1.1 Samtykke
Et samtykke er en frivillig og uttrykkelig erklæring fra den som data gjelder.
• først
• så
`
	if diff := cmp.Diff(want, outlineOf(doc)); diff != "" {
		t.Error(diff)
	}
	if got := doc.Notes[1]; got != "Lov om helseregistre og behandling av opplysninger" {
		t.Errorf("footnote 1: %q", got)
	}
	if got := doc.Blocks[2].Notes; len(got) != 1 || got[0] != 1 {
		t.Errorf("marks: %v", got)
	}
}
