package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// PDF reads a PDF file with the tool pdftotext of poppler-utils, which must be
// installed. It runs with -bbox-layout, which tells where each word stands and
// how large it is. Of the other ways, the usual one drops every hyphen at a
// line's end ("helse-/og" becomes "helseog"), -layout puts the lines of columns
// side by side, and -raw tells nothing of the space between paragraphs.
func PDF(ctx context.Context, path string) (Document, error) {
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		return Document{}, errors.New("reading PDF needs the tool pdftotext, which is not installed; install the package poppler-utils")
	}
	if path, err = filepath.Abs(path); err != nil { // a name must not be taken for an option
		return Document{}, fmt.Errorf("read PDF: %w", err)
	}
	out, stderr := &capped{left: 4 * maxUnpacked}, &capped{left: 1 << 12}
	cmd := exec.CommandContext(ctx, tool, "-q", "-bbox-layout", "-enc", "UTF-8", path, "-")
	cmd.Stdout, cmd.Stderr = out, stderr
	if err := cmd.Run(); err != nil {
		switch msg := collapse(stderr.String()); {
		case ctx.Err() != nil:
			return Document{}, fmt.Errorf("read PDF: took too long: %w", ctx.Err())
		case out.left < 0:
			return Document{}, errors.New("the PDF holds too much text; split it")
		case strings.Contains(msg, "assword"):
			return Document{}, errors.New("the PDF is locked with a password; save it without one")
		default:
			return Document{}, fmt.Errorf("the PDF cannot be read; save or print it as PDF again (%w: %s)", err, msg)
		}
	}
	pages, err := boxPages(out.Bytes())
	if err != nil {
		return Document{}, fmt.Errorf("read PDF: %w", err)
	}
	return readPages(pages)
}

// capped keeps what is written up to a limit and fails beyond it.
type capped struct {
	bytes.Buffer
	left int
}

func (c *capped) Write(b []byte) (int, error) {
	if c.left -= len(b); c.left < 0 {
		return 0, errors.New("too much output")
	}
	return c.Buffer.Write(b)
}

// Pages reads text that was taken out of a PDF, pages parted by form feeds and
// paragraphs by empty lines, as [PDF] does.
func Pages(text string) (Document, error) {
	var pages [][]line
	for i, page := range strings.Split(clean.Replace(text), "\f") {
		ls := splitLines(page)
		for k := range ls {
			ls[k].page = i
		}
		pages = append(pages, ls)
	}
	return readPages(pages)
}

// readPages makes a document of pages. Page numbers and lines that come again
// at the head or foot of the pages are dropped, footnotes are attached to
// their marks, and headings guessed from their form and size. A PDF without
// words, such as scanned paper, is an error.
func readPages(pages [][]line) (Document, error) {
	dropFurniture(pages)
	doc := Document{Notes: map[int]string{}}
	var body []line
	last := 0
	for _, ls := range pages {
		main, notes := pageNotes(ls, last)
		for _, n := range notes {
			doc.Notes[n.no] = n.text
			last = n.no
		}
		dropNoteMarks(main, notes)
		body = append(body, main...)
	}
	doc.Blocks = takeAllNotes(guess(body))
	n := 0
	for _, b := range doc.Blocks {
		n += utf8.RuneCountInString(b.Text)
	}
	if n < 20 {
		return Document{}, errors.New("the PDF holds no text, only pictures of pages; run text recognition (OCR) first")
	}
	return doc, nil
}

var (
	anyNumber  = regexp.MustCompile(`\d+`)
	pageNumber = regexp.MustCompile(`(?i)^[-–—|\s]*(side|page|s\.|p\.)?\s*\d{1,4}(\s*(av|of|/)\s*\d{1,4})?[-–—|\s]*$`)
)

// edge is how many lines at the head and at the foot of a page can be its
// furniture.
const edge = 3

// dropFurniture takes out of the pages their numbers and the lines that come
// again, numbers aside, at the edge of at least two pages of five.
func dropFurniture(pages [][]line) {
	seen := map[string]int{}
	filled := 0
	for _, ls := range pages {
		if len(ls) > 0 {
			filled++
		}
		here := map[string]bool{}
		for i := range ls {
			if atEdge(i, len(ls)) || ls[i].rim {
				here[furnitureKey(ls[i].text)] = true
			}
		}
		for k := range here {
			seen[k]++
		}
	}
	often := max(2, (filled*2+4)/5)
	for p, ls := range pages {
		var kept []line
		blank := 0
		for i, l := range ls {
			if (atEdge(i, len(ls)) || l.rim) && (pageNumber.MatchString(l.text) || seen[furnitureKey(l.text)] >= often) {
				blank += l.blank
				continue
			}
			l.blank += blank
			blank = 0
			kept = append(kept, l)
		}
		pages[p] = kept
	}
}

func atEdge(i, n int) bool { return i < edge || i >= n-edge }

func furnitureKey(text string) string { return anyNumber.ReplaceAllString(text, "#") }

// pageNotes parts a page into its text and its footnotes. A footnote begins
// with the next number, and that number stands as a mark in the text above it.
func pageNotes(ls []line, last int) (main []line, notes []note) {
	for i, l := range ls {
		m := noteLine.FindStringSubmatch(l.text)
		if m == nil || !noteStart.MatchString(m[2]) {
			if len(notes) > 0 {
				n := &notes[len(notes)-1]
				n.text = joinNote(n.text, l.text)
				continue
			}
			main = append(main, l)
			continue
		}
		no, _ := strconv.Atoi(m[1])
		if no == last+1 && marked(ls[:i], m[1]) {
			notes = append(notes, note{no, m[2]})
			last = no
			continue
		}
		if len(notes) > 0 {
			n := &notes[len(notes)-1]
			n.text = joinNote(n.text, l.text)
			continue
		}
		main = append(main, l)
	}
	return main, notes
}

// noteStart is how a footnote's words begin; "1. Innledning" and "1) først"
// are no footnotes.
var noteStart = regexp.MustCompile(`^(https?://|www\.|[\p{L}"«§(])`)

// marked reports whether the number is glued to a word in the lines.
func marked(ls []line, no string) bool {
	for _, l := range ls {
		if _, rank := findMark(l.text, no); rank == 0 {
			return true
		}
	}
	return false
}
