package ingest

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Formats that [Detect] tells apart; each has its reader in [Open].
const (
	FormatHTML     = "html"
	FormatDOCX     = "docx"
	FormatPDF      = "pdf"
	FormatMarkdown = "markdown"
	FormatText     = "text"
)

// readable is what the errors tell people to bring instead.
const readable = "bring it as a web page (.html), Word file (.docx), PDF, Markdown (.md) or text (.txt)"

// Detect tells a file's format by its name and content. The content decides
// when both disagree, except that a file whose name promises a Word file or a
// PDF must be one. What cannot be read is an error that says what is wrong and
// what helps.
func Detect(name string, b []byte) (string, error) {
	ext := strings.ToLower(path.Ext(strings.ReplaceAll(name, `\`, "/")))
	if len(b) == 0 {
		return "", errors.New("the file is empty")
	}
	if format, err := bySignature(b); format != "" || err != nil {
		return format, err
	}
	switch ext {
	case ".docx", ".pdf":
		return "", fmt.Errorf("the file is named %s but is none; open it in its program and save it again", ext)
	}
	if i := bytes.IndexByte(b, 0); i >= 0 || controls(b) {
		return "", fmt.Errorf("the file holds no text that can be read (binary data); %s", readable)
	}
	body := bytes.TrimPrefix(b, []byte("\ufeff"))
	isHTML := ext == ".html" || ext == ".htm" || ext == ".xhtml" || htmlStart.Match(body)
	if !utf8.Valid(body) && !isHTML { // a web page tells its character set itself
		return "", fmt.Errorf("line %d holds characters that are not UTF-8, as in older Windows files; save the file again with the encoding UTF-8", badLine(body))
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return "", errors.New("the file holds nothing but white space")
	}
	switch {
	case isHTML:
		return FormatHTML, nil
	case ext == ".md" || ext == ".markdown":
		return FormatMarkdown, nil
	case ext == ".txt" || ext == ".text" || ext == "":
		if len(mdHeadingLine.FindAllIndex(body, 2)) == 2 {
			return FormatMarkdown, nil
		}
		return FormatText, nil
	}
	return "", fmt.Errorf("files of the type %s are not read; %s", ext, readable)
}

var (
	htmlStart     = regexp.MustCompile(`(?i)^\s*(<\?xml[^>]*>\s*)?(<!--[^>]*-->\s*)*<(!doctype\s+html|html)[\s>]`)
	mdHeadingLine = regexp.MustCompile(`(?m)^#{1,6} \S`)
)

// bySignature tells formats by how their files begin, no format for text.
func bySignature(b []byte) (string, error) {
	begins := func(s string) bool { return bytes.HasPrefix(b, []byte(s)) }
	switch {
	case bytes.Contains(b[:min(len(b), 1024)], []byte("%PDF-")):
		return FormatPDF, nil
	case begins("PK\x03\x04"), begins("PK\x05\x06"):
		return byZip(b)
	case begins("\xd0\xcf\x11\xe0"):
		return "", errors.New("the file is an old Office file or locked with a password; open it and save it as .docx without a password")
	case begins(`{\rtf`):
		return "", errors.New("the file is in Rich Text Format; open it in Word and save it as .docx")
	case begins("\x89PNG"), begins("\xff\xd8\xff"), begins("GIF8"), begins("II*\x00"), begins("MM\x00*"):
		return "", errors.New("the file is a picture; run text recognition (OCR) on it and bring the text")
	case begins("\xff\xfe"), begins("\xfe\xff"):
		return "", errors.New("the file's characters are in UTF-16; save it again with the encoding UTF-8")
	}
	return "", nil
}

func byZip(b []byte) (string, error) {
	zr, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return "", errors.New("the file is damaged: it cannot be unpacked; fetch or save it again")
	}
	for _, f := range zr.File {
		switch top, _, _ := strings.Cut(f.Name, "/"); {
		case top == "word":
			return FormatDOCX, nil
		case top == "ppt":
			return "", errors.New("the file is a PowerPoint presentation; save it as PDF")
		case top == "xl":
			return "", errors.New("the file is an Excel workbook; " + readable)
		case f.Name == "content.xml":
			return "", errors.New("the file is an OpenDocument file; save it as .docx or PDF")
		}
	}
	return "", errors.New("the file is an archive; unpack it and bring its documents one by one")
}

// controls reports whether the bytes hold more control characters than text
// does.
func controls(b []byte) bool {
	n := 0
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\v' {
			n++
		}
	}
	return n*100 > len(b)
}

// badLine gives the first line that is not UTF-8, from 1.
func badLine(b []byte) int {
	n := 1
	for line := range bytes.Lines(b) {
		if !utf8.Valid(line) {
			break
		}
		n++
	}
	return n
}

// Open reads a file of any format that [Detect] knows, without hints. When the
// document has no heading at all, the file's name becomes its heading, marked
// as restored since the text does not hold it.
func Open(ctx context.Context, name string, b []byte) (doc Document, format string, err error) {
	if format, err = Detect(name, b); err != nil {
		return Document{}, "", err
	}
	switch format {
	case FormatHTML:
		doc, err = HTML(b)
	case FormatDOCX:
		doc, err = DOCX(b)
	case FormatPDF:
		doc, err = pdfBytes(ctx, b)
	case FormatMarkdown:
		doc, err = Markdown(clean.Replace(string(b)), nil)
	default:
		doc, err = Text(b)
	}
	if err != nil {
		return Document{}, "", err
	}
	if !doc.hasHeading() {
		name = path.Base(strings.ReplaceAll(name, `\`, "/"))
		title := Block{Kind: Heading, Level: 1, Text: collapse(strings.TrimSuffix(name, path.Ext(name))), Restored: true}
		if title.Text != "" && title.Text != "." {
			doc.Blocks = append([]Block{title}, doc.Blocks...)
		}
	}
	return doc, format, nil
}

func (d Document) hasHeading() bool {
	for _, b := range d.Blocks {
		if b.Kind == Heading {
			return true
		}
	}
	return false
}

// pdfBytes reads a PDF that is in memory through a file of its own.
func pdfBytes(ctx context.Context, b []byte) (Document, error) {
	dir, err := os.MkdirTemp("", "ingest")
	if err != nil {
		return Document{}, fmt.Errorf("read PDF: %w", err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "upload.pdf")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		return Document{}, fmt.Errorf("read PDF: %w", err)
	}
	return PDF(ctx, name)
}
