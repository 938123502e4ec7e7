package privacy

import (
	"regexp"
	"slices"
	"strings"
)

// A group is one unbroken row of digits; sep is what stands between it and the
// next group when that can be part of the same number, else "".
type group struct {
	start, end int
	sep        string
}

// separators may stand inside a number.
var separators = []string{" ", "  ", ".", "-", " - ", "/", "_", ". ", " . ", " / "}

// groups splits the view into rows of digits.
func (f *finder) groups() []group {
	var gs []group
	for i := 0; i < len(f.text); i++ {
		if !isDigit(rune(f.text[i])) || f.taken[i] {
			continue
		}
		start := i
		for i < len(f.text) && isDigit(rune(f.text[i])) && !f.taken[i] {
			i++
		}
		if n := len(gs); n > 0 {
			if gap := f.text[gs[n-1].end:start]; len(gap) <= 3 && slices.Contains(separators, gap) {
				gs[n-1].sep = gap
			}
		}
		gs = append(gs, group{start: start, end: i})
	}
	return gs
}

// findNumbers finds account, identity and telephone numbers among the rows of
// digits, from left to right.
func (f *finder) findNumbers() {
	f.findIBANs()
	gs := f.groups()
	for i := 0; i < len(gs); i++ {
		if n := f.elevenDigits(gs, i); n > 0 {
			i += n - 1
		}
	}
	f.findMistyped()
	f.findPhones()
}

// elevenDigits tries the number that begins with group i and returns how many
// groups it took, or 0.
func (f *finder) elevenDigits(gs []group, i int) int {
	if n := f.longYear(gs, i); n > 0 {
		return n
	}
	var digits []byte
	var shape []int
	var seps []string
	for j := i; j < len(gs) && len(digits) < 11; j++ {
		digits = append(digits, f.text[gs[j].start:gs[j].end]...)
		shape = append(shape, gs[j].end-gs[j].start)
		if len(digits) == 11 {
			c := candidate{f: f, digits: string(digits), shape: shape, seps: seps,
				start: gs[i].start, end: gs[j].end}
			if kind, ok := c.kind(); ok && f.take(c.start, c.end, kind) {
				return j - i + 1
			}
			return 0
		}
		if gs[j].sep == "" {
			return 0
		}
		seps = append(seps, gs[j].sep)
	}
	return 0
}

// longYear takes a birth number written with four digits of the year, such as
// "01.01.1990 12345", when its control digits are right.
func (f *finder) longYear(gs []group, i int) int {
	if i+3 >= len(gs) || gs[i].end-gs[i].start != 2 || f.joinedLeft(gs[i].start) || f.joinedRight(gs[i+3].end) {
		return 0
	}
	parts := make([]string, 4)
	for k := range parts {
		parts[k] = f.text[gs[i+k].start:gs[i+k].end]
		if k < 3 && gs[i+k].sep == "" {
			return 0
		}
	}
	if len(parts[1]) != 2 || len(parts[2]) != 4 || len(parts[3]) != 5 {
		return 0
	}
	digits := parts[0] + parts[1] + parts[2][2:] + parts[3]
	kind, ok := identityKind(digits)
	if !ok || (!validToday(digits) && !valid2032(digits)) || !f.take(gs[i].start, gs[i+3].end, kind) {
		return 0
	}
	return 4
}

// A candidate is eleven digits in one or more groups.
type candidate struct {
	f          *finder
	digits     string
	shape      []int
	seps       []string
	start, end int
}

// usualShapes are the ways people group a birth number.
var usualShapes = [][]int{{11}, {6, 5}, {2, 2, 2, 5}, {6, 3, 2}, {2, 2, 2, 3, 2}}

// accountShape is 1234.56.78901.
var accountShape = []int{4, 2, 5}

// kind decides what the candidate is.
func (c candidate) kind() (Kind, bool) {
	cues := c.f.lastWords(c.start, 4)
	alone := !c.f.joinedLeft(c.start) && !c.f.joinedRight(c.end)
	if slices.ContainsFunc(cues, isAccountWord) {
		return Account, true
	}
	if slices.Equal(c.shape, accountShape) {
		return Account, alone && c.isAccount()
	}
	if slices.ContainsFunc(cues, isHelpWord) {
		return HelpNumber, true
	}
	if isHelpNumber(c.digits) && alone && c.usual() {
		return HelpNumber, true
	}
	kind, possible := identityKind(c.digits)
	if !possible {
		return "", false
	}
	valid := validToday(c.digits) || valid2032(c.digits)
	switch {
	case len(c.shape) == 1 && (alone || valid):
		return kind, valid || !hasCode(cues)
	case !alone:
		return "", false
	case c.usual():
		return kind, valid || (!hasCode(cues) && !c.dateAndAmount())
	}
	return kind, validToday(c.digits) && c.shape[0] != 4 && c.singleSeps()
}

// usual reports whether the digits are grouped as people group a birth number.
func (c candidate) usual() bool {
	return slices.ContainsFunc(usualShapes, func(s []int) bool { return slices.Equal(s, c.shape) })
}

// isAccount reports whether 4-2-5 digits are an account number: with dots they
// are, right or mistyped, unless they begin like a year; with other separators
// the control digit must be right.
func (c candidate) isAccount() bool {
	if validAccount(c.digits) {
		return true
	}
	year := strings.HasPrefix(c.digits, "19") || strings.HasPrefix(c.digits, "20")
	return c.seps[0] == "." && c.seps[1] == "." && !year
}

// dateAndAmount reports whether the digits read as a date followed by a number
// of something, as in "12.03.24 10000 personer".
func (c candidate) dateAndAmount() bool {
	if len(c.seps) == 0 {
		return false
	}
	last := c.seps[len(c.seps)-1]
	if len(c.shape) == 4 && last == " " && c.seps[0] != " " {
		return c.f.nextWord(c.end) != ""
	}
	return lists.unit.has(c.f.nextWord(c.end))
}

func (c candidate) singleSeps() bool {
	for _, s := range c.seps {
		if len(s) != 1 || s == "/" || s == "_" {
			return false
		}
	}
	return true
}

// hasCode reports whether one of the two nearest words says that the number
// belongs to a thing.
func hasCode(cues []string) bool {
	return slices.ContainsFunc(cues[:min(2, len(cues))], lists.code.has)
}

func isAccountWord(w string) bool {
	return strings.Contains(w, "kontonummer") || strings.Contains(w, "kontonr") ||
		w == "konto" || w == "kontoen" || w == "account" || w == "bankkonto" || w == "iban"
}

func isHelpWord(w string) bool {
	switch w {
	case "h-nummer", "h-nr", "fh-nummer", "fh-nr", "hjelpenummer", "hjelpenr", "hnr", "fhnr":
		return true
	}
	return strings.HasSuffix(w, "hjelpenummer") || strings.HasSuffix(w, "hjelpenummeret")
}

var iban = regexp.MustCompile(`\b[Nn][Oo]\d{2}(?:[ .-]?\d){11}`)

// findIBANs finds Norwegian international account numbers, "NO93 8601 ...".
func (f *finder) findIBANs() {
	for _, m := range iban.FindAllStringIndex(f.text, -1) {
		if !isDigit(f.after(m[1])) {
			f.take(m[0], m[1], Account)
		}
	}
}

var mistyped = regexp.MustCompile(`(?i)(?:^|[^\p{L}])(fødselsn(?:umme)?r|foedselsnummer|fodselsnummer|fødselsnummeret|fnr|f\.nr|` +
	`personn(?:umme)?r|personnummeret|pnr|d-?n(?:umme)?r|id-?nummer|national id(?:entity)?(?: number)?|birth number|personal number)` +
	`[ .:=#-]{0,3}(?:er|is|var|nr\.?)?[ :]{0,2}(\d(?:[ .-]?\d){4,11})`)

// findMistyped finds rows of 5 (the last part alone) or 9 to 12 digits straight
// after a word for an identity number. Rows of eleven that look like one are
// taken already; what is left has a digit too few, too many or a wrong date.
func (f *finder) findMistyped() {
	for _, m := range mistyped.FindAllStringSubmatchIndex(f.text, -1) {
		start, end := m[4], m[5]
		if isDigit(f.after(end)) {
			continue
		}
		n := 0
		for _, r := range f.text[start:end] {
			if isDigit(r) {
				n++
			}
		}
		if n == 5 || n >= 9 {
			kind := BirthNumber
			if w := fold(f.text[m[2]:m[3]]); strings.HasPrefix(w, "d-n") || strings.HasPrefix(w, "dn") {
				kind = DNumber
			}
			f.take(start, end, kind)
		}
	}
}
