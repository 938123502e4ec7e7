package ingest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// boxPages reads what pdftotext -bbox-layout writes: pages, blocks, lines and
// words with their places. A line that opens a block, or stands more than half
// its height under the one before, has an empty line before it.
func boxPages(b []byte) ([][]line, error) {
	b = bytes.ToValidUTF8(b, []byte(" "))
	b = bytes.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' { // is in fonts without names for their letters
			return ' '
		}
		return r
	}, b)
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	var (
		pages  [][]line
		cur    line
		words  = &lineWords{}
		bottom float64 // of the line before
		height float64 // of the page
		top    float64
		low    float64
	)
	for {
		t, err := d.Token()
		if err == io.EOF {
			return pages, nil
		}
		if err != nil {
			return nil, fmt.Errorf("pdftotext wrote what cannot be read: %w", err)
		}
		switch e := t.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "page":
				pages = append(pages, nil)
				height = number(e, "height")
				cur = line{page: len(pages) - 1}
			case "block":
				cur.blank = 1
			case "line":
				words = &lineWords{}
				top, low = number(e, "yMin"), number(e, "yMax")
				if gap := top - bottom; gap > (low-top)/2 {
					cur.blank = 1
				}
				cur.rim = height > 0 && (top < height*0.07 || low > height*0.93)
			case "word":
				var w string
				if err := d.DecodeElement(&w, &e); err != nil {
					return nil, fmt.Errorf("pdftotext wrote what cannot be read: %w", err)
				}
				words.add(w, number(e, "yMax")-number(e, "yMin"))
			}
		case xml.EndElement:
			if e.Name.Local != "line" || len(pages) == 0 {
				continue
			}
			bottom = low
			if cur.text = collapse(clean.Replace(words.text.String())); cur.text != "" {
				cur.size = words.most
				pages[len(pages)-1] = append(pages[len(pages)-1], cur)
			}
			cur = line{page: len(pages) - 1}
		}
	}
}

// lineWords collects a line's words and finds the size of most of them.
type lineWords struct {
	text  strings.Builder
	runes map[int]int // letters by size in tenths of a point
	most  int         // the size that most letters have
}

// add puts a word of the height behind the line. A small number is the mark of
// a footnote and is glued to the word before it.
func (w *lineWords) add(word string, height float64) {
	size := int(math.Round(max(0, min(height, 1000)) * 10))
	mark := w.text.Len() > 0 && smallNumber.MatchString(word) && size*100 < w.most*85
	if w.text.Len() > 0 && !mark {
		w.text.WriteByte(' ')
	}
	w.text.WriteString(word)
	if w.runes == nil {
		w.runes = map[int]int{}
	}
	if w.runes[size] += utf8.RuneCountInString(word); w.runes[size] > w.runes[w.most] {
		w.most = size
	}
}

var smallNumber = regexp.MustCompile(`^\d{1,3}[.,;:)]?$`)

// number gives an attribute's value, 0 when it is no number.
func number(e xml.StartElement, name string) float64 {
	f, err := strconv.ParseFloat(xmlAttr(e, name), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}
