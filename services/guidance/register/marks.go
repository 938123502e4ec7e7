package register

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kiveileder/services/guidance"
	"kiveileder/services/privacy"
)

// A Mark is a place in a publication that a person should look at before
// everybody reads it.
type Mark struct {
	Field   string `json:"field"` // as guidance.PublishedData.Texts names it
	Start   int    `json:"start"` // in characters (runes)
	End     int    `json:"end"`   // behind the last one
	Kind    string `json:"kind"`  // of privacy.Kind, or sykehus, foretak, kommune, firma, system, sted, dato, beløp, antall, saksnummer, orgnummer, nettadresse, fra saken, markør
	Text    string `json:"text"`
	Suggest string `json:"suggest,omitempty"` // what could stand instead
	Strict  bool   `json:"strict,omitempty"`  // it is not published as long as this stands there
}

// Kinds of marks that are not found by a pattern.
const (
	kindPlace  = "sted"
	kindTrust  = "foretak"
	kindSystem = "system"
	kindOwn    = "fra saken" // a name that the asker wrote
	kindMarker = "markør"    // what was masked when it was written
)

// Propose finds in a publication what may tell who asked: personal data,
// places, houses, firms, products, dates, amounts, small numbers, case numbers,
// and names that the asker's own words have. It only proposes. Addresses that
// public reports as those of sources are left alone; nil: none are. Marks stand
// in the order of the fields, and never overlap.
func Propose(d guidance.PublishedData, c guidance.Case, public func(url string) bool) (out []Mark) {
	own := ownNames(c)
	for field, text := range d.Texts() {
		f := &marker{text: text}
		f.personal()
		for _, p := range data.Patterns {
			f.pattern(p, public)
		}
		f.list(kindTrust, trusts)
		f.list(kindSystem, systems)
		f.list(kindPlace, places)
		for _, name := range own {
			f.list(kindOwn, name)
		}
		slices.SortFunc(f.found, func(a, b span) int { return a.from - b.from })
		for _, s := range f.found {
			out = append(out, Mark{
				Field: field, Start: utf8.RuneCountInString(text[:s.from]), End: utf8.RuneCountInString(text[:s.to]),
				Kind: s.kind, Text: text[s.from:s.to], Suggest: cmp.Or(data.Suggest[s.kind], privacy.Kind(s.kind).Marker()), Strict: s.strict,
			})
		}
	}
	return out
}

// A span is a place in bytes.
type span struct {
	from, to int
	kind     string
	strict   bool
}

// maxMarks is how many marks one text gets: more are not looked at one by one.
const maxMarks = 2000

// A marker looks through one text. What is found first keeps its place.
type marker struct {
	text  string
	found []span
}

func (f *marker) take(s span) {
	for s.from < s.to && strings.ContainsRune(" \n\t,.;:", rune(f.text[s.to-1])) && s.kind != "dato" {
		s.to--
	}
	overlaps := func(x span) bool { return s.from < x.to && x.from < s.to }
	if s.from >= s.to || len(f.found) >= maxMarks || slices.ContainsFunc(f.found, overlaps) {
		return
	}
	f.found = append(f.found, s)
}

func (f *marker) pattern(p pattern, public func(string) bool) {
	for _, m := range p.re.FindAllStringSubmatchIndex(f.text, -1) {
		from, to := m[0], m[1]
		if len(m) > 2 && m[2] >= 0 {
			from, to = m[2], m[3]
		}
		words := f.text[from:to]
		if p.Kind == "nettadresse" && public != nil && public(words) {
			continue
		}
		if slices.Contains(data.Keep, words) {
			continue
		}
		if slices.Contains(named, p.Kind) {
			if first, rest, ok := strings.Cut(words, " "); ok && ordinary[strings.ToLower(first)] {
				from += len(first) + 1 // "Ved Kongsvinger sykehus": the first word belongs to the sentence
				words = rest
			}
			if !strings.ContainsFunc(words, unicode.IsUpper) || pointsToNobody(words) || ordinary[strings.ToLower(words)] {
				continue
			}
		}
		f.take(span{from, to, p.Kind, false})
	}
}

// named are the kinds of patterns that find names.
var named = []string{"sykehus", "foretak", "kommune", "firma", "system"}

// pointsToNobody reports whether a name is one that everybody uses, alone or as
// the first part of a word: "KI-systemet", "EU-regler".
func pointsToNobody(name string) bool {
	first, _, _ := strings.Cut(name, "-")
	return slices.Contains(data.Keep, name) || slices.Contains(data.Keep, first)
}

// ordinary are words that often begin a sentence before a name.
var ordinary = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range slices.Concat(data.Common, data.Begins) {
		m[w] = true
	}
	return m
}()

func startsSentence(text string, at int) bool {
	before := strings.TrimRight(text[:at], " ")
	return before == "" || strings.ContainsRune(".!?\n:•-", rune(before[len(before)-1]))
}

// names is a pattern for whole names, with a genitive s or without, the longest
// first.
func names(list []string) *regexp.Regexp {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for i := range list {
		list[i] = regexp.QuoteMeta(list[i])
	}
	return regexp.MustCompile(`(?:^|[^\p{L}\d])(` + strings.Join(list, "|") + `)s?(?:$|[^\p{L}\d])`)
}

var trusts, systems, places = names(data.Trusts), names(data.Systems), names(data.Places)

func (f *marker) list(kind string, re *regexp.Regexp) {
	for at := 0; at < len(f.text); {
		m := re.FindStringSubmatchIndex(f.text[at:])
		if m == nil {
			return
		}
		f.take(span{at + m[2], at + m[3], kind, false})
		at += m[3] // what parts two names is looked at for both
	}
}

var properName = regexp.MustCompile(`\p{Lu}[\p{L}\d]*(?:[-.]?[\p{L}\d]+)*(?:\s+\p{Lu}[\p{L}\d-]+)*`)

// ownNames gives the names in what the asker wrote: words with a capital in the
// middle of a sentence, or with one inside.
func ownNames(c guidance.Case) []*regexp.Regexp {
	texts := []string{c.Received.Question, c.Received.Project}
	for _, l := range c.Received.Transcript {
		if !l.Automated {
			texts = append(texts, l.Text)
		}
	}
	for _, r := range c.Added {
		texts = append(texts, r.Text)
	}
	for _, t := range c.Tasks {
		texts = append(texts, t.Reply)
	}
	var list []string
	for _, text := range texts {
		for _, m := range properName.FindAllStringIndex(text, -1) {
			name := strings.TrimRight(text[m[0]:m[1]], ".-")
			inside := strings.ContainsFunc(strings.TrimLeftFunc(name, unicode.IsUpper), unicode.IsUpper)
			switch {
			case utf8.RuneCountInString(name) < 3 || pointsToNobody(name) || slices.Contains(list, name):
			case startsSentence(text, m[0]) && !inside:
			case strings.HasPrefix(text[m[0]:], "[") || m[0] > 0 && text[m[0]-1] == '[':
			default:
				list = append(list, name)
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	return []*regexp.Regexp{names(list)}
}

var leftMarker = regexp.MustCompile(`\[(?:fødselsnummer|d-nummer|hjelpenummer|syntetisk nummer|telefon|e-post|navn|kontonummer|adresse|journalnummer)\]`)

// personal marks what is masked of the text, and the masks that stand in it.
func (f *marker) personal() {
	for _, m := range leftMarker.FindAllStringIndex(f.text, -1) {
		f.take(span{m[0], m[1], kindMarker, false})
	}
	masked := privacy.Mask(f.text).Text
	if masked == f.text {
		return
	}
	for _, s := range aligned(f.text, masked) {
		f.take(s)
	}
}

// aligned gives the places of a text that were masked in another form of it:
// all else is the same in both, byte for byte.
func aligned(text, masked string) (out []span) {
	at := 0
	for {
		same := 0
		for at+same < len(text) && same < len(masked) && text[at+same] == masked[same] {
			same++
		}
		if same == len(masked) {
			return out
		}
		open := strings.LastIndexByte(masked[:min(len(masked), same+1)], '[') // a mark may begin like the text it hides
		loc := leftMarker.FindStringIndex(masked[max(open, 0):])
		if open < 0 || loc == nil || loc[0] != 0 {
			return append(out, span{at, len(text), string(privacy.Name), true}) // not in step: all of the rest
		}
		kind := kindOf(masked[open : open+loc[1]])
		rest := masked[open+loc[1]:]
		from := at + open
		n := hidden(text[from:], rest, kind)
		out = append(out, span{from, from + n, string(kind), kind != privacy.Name && kind != privacy.Address})
		at, masked = from+n, rest
	}
}

func kindOf(mark string) privacy.Kind {
	for _, k := range []privacy.Kind{
		privacy.BirthNumber, privacy.DNumber, privacy.HelpNumber, privacy.SyntheticNumber, privacy.Phone,
		privacy.Email, privacy.Name, privacy.Account, privacy.Address, privacy.JournalNumber,
	} {
		if k.Marker() == mark {
			return k
		}
	}
	return ""
}

// hidden gives how much of a text stands behind a mark, when rest follows it:
// up to where the text goes on as rest does, as far as its next mark, with what
// can be of the kind.
func hidden(text, rest string, kind privacy.Kind) int {
	next := rest
	if m := leftMarker.FindStringIndex(rest); m != nil {
		next = rest[:m[0]]
	}
	if next == rest { // the last mark: the text ends as it does
		return len(text) - len(rest)
	}
	for n := 1; n <= len(text); n++ {
		if !strings.HasPrefix(text[n:], next) || n < len(text) && !utf8.RuneStart(text[n]) {
			continue
		}
		after := kindOf(leftMarker.FindString(rest))
		if plausible(text[:n], kind) && startsLike(text[n+len(next):], after) {
			return n
		}
	}
	return len(text)
}

// plausible reports whether a text can be what a kind of mark hides.
func plausible(s string, kind privacy.Kind) bool {
	digits := strings.ContainsFunc(s, unicode.IsDigit)
	switch kind {
	case privacy.Name:
		return !digits
	case privacy.Email:
		return strings.Contains(s, "@")
	}
	return digits
}

// startsLike reports whether a text can begin with what a kind of mark hides,
// or with such a mark.
func startsLike(s string, kind privacy.Kind) bool {
	if m := kind.Marker(); m != "" && strings.HasPrefix(s, m) {
		return true
	}
	r, _ := utf8.DecodeRuneInString(s)
	switch kind {
	case privacy.Name, privacy.Address:
		return unicode.IsLetter(r)
	case privacy.Email, privacy.JournalNumber:
		return r != ' '
	}
	return unicode.IsDigit(r) || r == '+' || r == '('
}
