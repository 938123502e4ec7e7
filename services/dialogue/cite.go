package dialogue

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever"
	"kiveileder/services/privacy"
)

// cite quotes the best of the hits, each text once, and then the other sides
// of known conflicts. At most n citations, and never more than
// kiveileder.MaxCitations with the other sides.
func (d *Dialogue) cite(a *kiveileder.Answer, hits []retriever.Hit, n int) {
	seen := map[string]bool{}
	for _, h := range hits {
		if len(a.Citations) >= n {
			break
		}
		key := sameWords(h.Passage)
		if seen[key] || cites(a, h.Passage.ID) {
			continue
		}
		seen[key] = true
		if c, ok := d.citation(h.Passage, a.Language); ok {
			a.Citations = append(a.Citations, c)
		}
	}
	d.conflicts(a)
}

// sameWords gives what two passages share when a reader learns nothing new
// from the second: the same words under the same nearest heading. The same
// bullets under another purpose do say something else.
func sameWords(p kiveileder.Passage) string {
	head := ""
	if len(p.Section) > 0 {
		head = p.Section[len(p.Section)-1]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '|' {
			return unicode.ToLower(r)
		}
		return -1
	}, head+"|"+p.Text)
}

// citation quotes a passage whole.
func (d *Dialogue) citation(p kiveileder.Passage, l kiveileder.Language) (kiveileder.Citation, bool) {
	return d.quote(p, p.Text, l)
}

// quote quotes a part of a passage.
func (d *Dialogue) quote(p kiveileder.Passage, text string, l kiveileder.Language) (kiveileder.Citation, bool) {
	src, ok := d.library.Source(p.Source)
	if !ok {
		return kiveileder.Citation{}, false
	}
	text = asWritten(p.Text, text)
	notes := d.library.NotesOn(src, text, d.texts, l)
	lead := p.Lead
	if !strings.HasPrefix(p.Text, text) {
		lead = "" // it leads into the first words only
	}
	if src.Kind == kiveileder.KindAnswer {
		notes = append(notes, d.texts.Get("published_answer", l))
	}
	if p.Restored {
		notes = append(notes, d.texts.Get("restored", l))
	}
	return kiveileder.Citation{
		Source:    p.Source,
		Passage:   p.ID,
		Title:     src.Title,
		Publisher: strings.Join(src.Publisher, ", "),
		Date:      src.Date(),
		Section:   p.Section,
		Restored:  p.Restored,
		Lead:      lead,
		Quote:     text,
		URL:       src.Place(p),
		Note:      strings.Join(notes, " "),
	}, true
}

// conflicts tells what the first citation is known to disagree with, and
// quotes the other side; of the second only when the other side is quoted
// anyway, since it may be beside the point.
func (d *Dialogue) conflicts(a *kiveileder.Answer) {
	told := map[string]bool{}
	first := a.Citations[:min(2, len(a.Citations))]
	var passages []string
	for _, c := range first {
		passages = append(passages, c.Passage)
	}
	for n, id := range passages {
		for _, cf := range d.library.ConflictsOf(id) {
			if told[cf.Key] || n > 0 && !otherSideCited(a, cf, id) {
				continue
			}
			var at []int
			for _, side := range cf.Sides {
				i := d.include(a, side.Passage, at)
				if i < 0 {
					continue
				}
				at = append(at, i)
				if side.Superseded && !a.Citations[i].Superseded {
					a.Citations[i].Superseded = true
					a.Citations[i].Note = strings.TrimSpace(a.Citations[i].Note + " " + d.texts.Get("superseded", a.Language))
				}
			}
			if len(at) < 2 {
				continue
			}
			told[cf.Key] = true
			text := cf.Text[a.Language]
			if text == "" {
				text = cf.Text[kiveileder.Bokmal]
			}
			a.Conflicts = append(a.Conflicts, kiveileder.Conflict{Text: text, Citations: at})
		}
	}
}

// otherSideCited reports whether a side other than the passage's is quoted.
func otherSideCited(a *kiveileder.Answer, cf corpus.ConflictSides, passage string) bool {
	return slices.ContainsFunc(cf.Sides, func(s corpus.FoundSide) bool {
		return s.Passage.ID != passage && slices.ContainsFunc(a.Citations, func(c kiveileder.Citation) bool { return c.Passage == s.Passage.ID })
	})
}

// include gives the index of the passage's citation, adding it, in the place
// of the last one when there are too many and neither keep nor a conflict that
// is told points to that; a finding that does keeps its own quotes. It gives -1 when there is no such passage, or no room.
func (d *Dialogue) include(a *kiveileder.Answer, p kiveileder.Passage, keep []int) int {
	if i := slices.IndexFunc(a.Citations, func(c kiveileder.Citation) bool { return c.Passage == p.ID }); i >= 0 {
		return i
	}
	c, ok := d.citation(p, a.Language)
	if !ok {
		return -1
	}
	if len(a.Citations) < kiveileder.MaxCitations {
		a.Citations = append(a.Citations, c)
		return len(a.Citations) - 1
	}
	last := len(a.Citations) - 1
	if slices.Contains(keep, last) {
		return -1
	}
	for _, cf := range a.Conflicts {
		if slices.Contains(cf.Citations, last) {
			return -1
		}
	}
	a.Citations[last] = c
	for i := range a.Findings {
		f := &a.Findings[i]
		f.Citations = slices.DeleteFunc(f.Citations, func(n int) bool { return n == last })
	}
	return last
}

func kindNames(ks []privacy.Kind) []string {
	out := []string{}
	for _, k := range ks {
		out = append(out, string(k))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// yearsBetween gives the whole years between two ISO dates, 0 when they are
// not dates.
func yearsBetween(from, to string) int {
	if len(from) < 10 || len(to) < 10 {
		return 0
	}
	f, err1 := strconv.Atoi(from[:4])
	t, err2 := strconv.Atoi(to[:4])
	if err1 != nil || err2 != nil {
		return 0
	}
	n := t - f
	if to[5:10] < from[5:10] {
		n--
	}
	return n
}

func round(x float64) float64 { return float64(int(x*1000+0.5)) / 1000 }
