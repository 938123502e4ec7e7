package ingest

import (
	"context"
	"strings"
	"testing"
)

func TestDetect(t *testing.T) {
	docx := string(wordFile(t, map[string]string{"word/document.xml": "<a/>"}))
	tests := []struct{ file, content, want string }{
		{"a.html", "<p>x</p>", FormatHTML},
		{"a.HTM", "<p>x</p>", FormatHTML},
		{"uten-endelse", "\ufeff<!-- x --><!DOCTYPE html><p>x", FormatHTML},
		{"a.txt", "<html lang=nb><p>x", FormatHTML},
		{"gammel.html", "<meta charset=latin1><p>s\xf8knad", FormatHTML},
		{"a.docx", docx, FormatDOCX},
		{"feil-navn.pdf", docx, FormatDOCX},
		{"a.pdf", "%PDF-1.7\n\x00", FormatPDF},
		{"a.md", "Tekst uten overskrift.", FormatMarkdown},
		{"a.txt", "# En\n\ntekst\n\n## To\n", FormatMarkdown},
		{`C:\mine\a.txt`, "Tekst.", FormatText},
		{"", "Tekst.", FormatText},
	}
	for _, tt := range tests {
		if got, err := Detect(tt.file, []byte(tt.content)); got != tt.want || err != nil {
			t.Errorf("Detect(%q, %.20q) = %q, %v; want %q", tt.file, tt.content, got, err, tt.want)
		}
	}
}

func TestDetectErrors(t *testing.T) {
	tests := []struct{ name, file, content, want string }{
		{"empty", "a.txt", "", "empty"},
		{"white space", "a.md", " \n\t\u00a0\n", "white space"},
		{"only a byte order mark", "a.txt", "\ufeff", "white space"},
		{"not UTF-8", "a.txt", "Linje en\nS\xf8knad\n", "line 2"},
		{"UTF-16", "a.txt", "\xff\xfeS\x00", "UTF-16"},
		{"binary", "a.bin", "\x00\x01\x02", "binary"},
		{"control characters", "a", "a\x01\x02\x03", "binary"},
		{"named PDF", "a.pdf", "Bare tekst.", "named .pdf"},
		{"named Word", "a.docx", "Bare tekst.", "named .docx"},
		{"old Word", "a.doc", "\xd0\xcf\x11\xe0xx", "old Office"},
		{"RTF", "a.rtf", `{\rtf1 x}`, "Rich Text"},
		{"picture", "a.png", "\x89PNG\r\n", "picture"},
		{"damaged archive", "a.docx", "PK\x03\x04xx", "damaged"},
		{"PowerPoint", "a.pptx", string(wordFile(t, map[string]string{"ppt/presentation.xml": ""})), "PowerPoint"},
		{"Excel", "a.xlsx", string(wordFile(t, map[string]string{"xl/workbook.xml": ""})), "Excel"},
		{"OpenDocument", "a.odt", string(wordFile(t, map[string]string{"content.xml": ""})), "OpenDocument"},
		{"archive", "a.zip", string(wordFile(t, map[string]string{"brev.docx": ""})), "archive"},
		{"other type", "a.csv", "a;b\n", "type .csv"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := Detect(tt.file, []byte(tt.content)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Detect = %q, %v; want an error with %q", got, err, tt.want)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	doc, format, err := Open(context.Background(), "dir/Rundskriv om taushet.txt", []byte("Taushetsplikten gjelder alle som yter helsehjelp."))
	if err != nil {
		t.Fatal(err)
	}
	if b := doc.Blocks[0]; format != FormatText || b.Kind != Heading || b.Text != "Rundskriv om taushet" || !b.Restored {
		t.Errorf("%s: %+v, want the file's name as a restored heading", format, b)
	}
	doc, _, err = Open(context.Background(), "a.md", []byte("## Egen\n\nTekst."))
	if err != nil || doc.Blocks[0].Text != "Egen" {
		t.Errorf("%v, %+v", err, doc.Blocks)
	}
	if _, _, err := Open(context.Background(), "a.txt", nil); err == nil {
		t.Error("an empty file is no error")
	}
}
