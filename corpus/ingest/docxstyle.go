package ingest

import (
	"encoding/xml"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// A wordStyle is what a paragraph's style says about its place in the text.
type wordStyle struct {
	heading int // level, 0 for none
	title   bool
	toc     bool   // a line of the table of contents
	list    string // number of the list that the style belongs to
	bullet  bool   // a list style without a list
	based   string
}

var (
	headingName = regexp.MustCompile(`(?i)^(heading|overskrift)\s*([1-9])$`)
	tocName     = regexp.MustCompile(`(?i)^(toc|innh)\s*\d$|^(toc heading|overskrift for innholdsfortegnelse)$`)
	listName    = regexp.MustCompile(`(?i)^(list bullet|punktliste|listbullet)`)
)

// styleByName reads a style's name, or its id when styles.xml is missing.
func styleByName(name string) wordStyle {
	s := wordStyle{toc: tocName.MatchString(name), bullet: listName.MatchString(name)}
	if m := headingName.FindStringSubmatch(name); m != nil {
		s.heading, _ = strconv.Atoi(m[2])
	}
	if n := strings.ToLower(name); n == "title" || n == "tittel" {
		s.title = true
	}
	return s
}

// readStyles reads styles.xml, which may be missing. A style has what the
// style it is based on has and it does not change.
func readStyles(p *parts, main string) (map[string]wordStyle, error) {
	name := path.Join(path.Dir(main), "styles.xml")
	out := map[string]wordStyle{}
	if !p.has(name) {
		return out, nil
	}
	f, err := p.open(name)
	if err != nil {
		return nil, err
	}
	id := ""
	err = eachElement(f, func(e xml.StartElement) {
		s := out[id]
		switch e.Name.Local {
		case "style":
			id = xmlAttr(e, "styleId")
			return
		case "name":
			based := s.based
			s = styleByName(xmlAttr(e, "val"))
			s.based = based
		case "basedOn":
			s.based = xmlAttr(e, "val")
		case "outlineLvl":
			s.heading = max(s.heading, outline(e))
		case "numId":
			s.list = xmlAttr(e, "val")
		}
		if id != "" {
			out[id] = s
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read Word file: %s: %w", name, p.cause(err))
	}
	for id, s := range out {
		for b, depth := s.based, 0; b != "" && depth < 10; b, depth = out[b].based, depth+1 {
			if s.heading == 0 && !s.title {
				s.heading, s.title = out[b].heading, out[b].title
			}
			if s.list == "" {
				s.list = out[b].list
			}
			s.toc = s.toc || out[b].toc
		}
		out[id] = s
	}
	return out, nil
}

// outline gives the heading level of an outline level, 0 for body text.
func outline(e xml.StartElement) int {
	n, err := strconv.Atoi(xmlAttr(e, "val"))
	if err != nil || n < 0 || n > 8 {
		return 0
	}
	return n + 1
}

// wordLists tells the markers of lists: for a list's number the formats of its
// levels.
type wordLists map[string][9]string

// readLists reads numbering.xml, which may be missing.
func readLists(p *parts, main string) (wordLists, error) {
	name := path.Join(path.Dir(main), "numbering.xml")
	out := wordLists{}
	if !p.has(name) {
		return out, nil
	}
	f, err := p.open(name)
	if err != nil {
		return nil, err
	}
	abstract := wordLists{}
	kind, id, level := "", "", 0
	err = eachElement(f, func(e xml.StartElement) {
		switch e.Name.Local {
		case "abstractNum":
			kind, id = "abstract", xmlAttr(e, "abstractNumId")
		case "num":
			kind, id = "num", xmlAttr(e, "numId")
		case "abstractNumId":
			if kind == "num" {
				out[id] = abstract[xmlAttr(e, "val")]
			}
		case "lvl":
			level, _ = strconv.Atoi(xmlAttr(e, "ilvl"))
		case "numFmt":
			if kind == "abstract" && level >= 0 && level < 9 {
				formats := abstract[id]
				formats[level] = xmlAttr(e, "val")
				abstract[id] = formats
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read Word file: %s: %w", name, p.cause(err))
	}
	return out, nil
}

// marker writes an entry's number as its list's format has it.
func marker(format string, n int) string {
	switch format {
	case "decimal", "decimalZero", "ordinal", "upperRoman", "lowerRoman":
		return strconv.Itoa(n) + "."
	case "lowerLetter", "upperLetter":
		if n < 1 || n > 26 {
			return strconv.Itoa(n) + "."
		}
		return string(rune('a'+n-1)) + "."
	}
	return "•"
}
