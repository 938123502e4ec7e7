package privacy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// findNames masks names of persons:
//
//   - any run of capitalised words after a title ("lege", "fru") or a case
//     word ("pasienten", "mor mi", "navn:"),
//   - a known first name with a capitalised word after it, anywhere,
//   - two or more capitalised words in a sentence with a case word, a
//     diagnosis, a birth number or "født", unless they look like a product,
//   - the same words again elsewhere in the text.
//
// Small letters count only for names of the lists, after a case word or as
// first name and surname.
func (f *finder) findNames() {
	n := &namer{finder: f, ts: f.tokens(), masked: wordSet{}}
	n.markContext()
	for i := 0; i < len(n.ts); {
		i = n.at(i)
	}
	n.repeat()
}

// A namer is one search for names.
type namer struct {
	*finder
	ts      []token
	context []bool  // by sentence: case word, diagnosis, birth number
	born    []bool  // by sentence: birth number, "født", "f. 1954"
	masked  wordSet // words masked so far
}

func (n *namer) markContext() {
	if len(n.ts) == 0 {
		return
	}
	last := n.ts[len(n.ts)-1].sentence
	n.context, n.born = make([]bool, last+1), make([]bool, last+1)
	for i, t := range n.ts {
		switch {
		case t.identity, t.fold == "fodt", t.fold == "fodd", t.fold == "born", t.fold == "f" && n.yearAfter(i):
			n.context[t.sentence], n.born[t.sentence] = true, true
		case lists.context.has(t.fold):
			n.context[t.sentence] = true
		}
	}
}

// yearAfter reports whether a year or a date follows "f." or "f".
func (n *namer) yearAfter(i int) bool {
	return i+1 < len(n.ts) && n.ts[i+1].start-n.ts[i].end <= 2 && n.ts[i+1].word != "" && isDigit(rune(n.ts[i+1].word[0]))
}

// at looks for a name at token i and returns the next token to look at.
func (n *namer) at(i int) int {
	t := n.ts[i]
	if end := n.introduced(i); end > i {
		return end
	}
	if t.word == "" || t.closed {
		return i + 1
	}
	if n.smallPair(i) {
		n.mask(i, i+2)
		return i + 2
	}
	end := n.run(i)
	if end == i {
		return i + 1
	}
	if from, ok := n.isName(i, end); ok {
		n.mask(from, end)
	}
	return end
}

// introduced masks a name that a title, a case word or a label at token i
// announces; it returns the token after the name, or i.
func (n *namer) introduced(i int) int {
	t := n.ts[i]
	title, label := lists.title.has(t.fold), lists.label.has(t.fold)
	strong, weak := lists.caseWord.has(t.fold), lists.weakCase.has(t.fold)
	if t.word == "" || t.closed || !(title || label || strong || weak) {
		return i
	}
	j, adjacent := i+1, true
	for steps := 0; j < len(n.ts) && steps < 5; steps++ {
		next := n.ts[j]
		gap := n.text[n.ts[j-1].end:next.start]
		if next.sentence != t.sentence || strings.Trim(gap, " ,:.()-\"'«»=") != "" || len(gap) > 4 {
			return i
		}
		if label && j == i+1 && !strings.Contains(gap, ":") && !strings.Contains(gap, "=") {
			label = false
			if !strong && !weak {
				return i
			}
		}
		if strings.ContainsAny(gap, ",(") {
			adjacent = false
		}
		if title || !(next.identity || lists.between.has(next.fold) || isNumber(next.word)) {
			break
		}
		j++
	}
	if j >= len(n.ts) {
		return i
	}
	end := n.run(j)
	if end == j {
		if (strong || label) && n.smallName(j) {
			end = j + 1
			if end < len(n.ts) && n.text[n.ts[j].end:n.ts[end].start] == " " && lists.lastPlain.has(n.ts[end].fold) {
				end++
			}
			n.mask(j, end)
			return end
		}
		return i
	}
	known := inList(lists.firstPlain, n.ts[j].fold) || (end-j > 1 && inList(lists.first, n.ts[j].fold)) ||
		inList(lists.lastPlain, n.ts[end-1].fold)
	if n.org(j, end) && !known {
		return i
	}
	switch {
	case title || label || known:
	case strong && adjacent:
	case strong && end-j > 1 && !n.product(j):
	default:
		return i
	}
	n.mask(j, end)
	return end
}

// run returns the end of the row of name-like words that begins at token i, or
// i when there is none. Initials and "von", "de", "al" may stand inside.
func (n *namer) run(i int) int {
	if i >= len(n.ts) || !n.nameLike(i) {
		return i
	}
	end := i + 1
	for j := i + 1; j < len(n.ts); j++ {
		gap := n.text[n.ts[j-1].end:n.ts[j].start]
		initial := utf8.RuneCountInString(n.ts[j-1].word) == 1
		if n.ts[j].sentence != n.ts[i].sentence || (gap != " " && gap != "  " && !(initial && (gap == ". " || gap == "."))) {
			break
		}
		t := n.ts[j]
		switch {
		case n.nameLike(j) || n.placeAsSurname(i, j):
			end = j + 1
		case particle(t.word) || isInitial(t.word):
		default:
			return end
		}
	}
	if end < len(n.ts) && isInitial(n.ts[end].word) && n.text[n.ts[end-1].end:n.ts[end].start] == " " {
		end++ // "Kari N."
	}
	return end
}

func isInitial(w string) bool {
	r, size := utf8.DecodeRuneInString(w)
	return size == len(w) && unicode.IsUpper(r)
}

func particle(w string) bool {
	switch w {
	case "von", "van", "de", "der", "den", "al", "el", "bin", "bint", "af", "av", "da", "dos", "la", "le":
		return true
	}
	return false
}

func isNumber(w string) bool {
	return w != "" && strings.Trim(w, "0123456789") == ""
}

// nameLike reports whether token i can be part of a name.
func (n *namer) nameLike(i int) bool {
	t := n.ts[i]
	if t.word == "" || t.closed || n.taken[t.start] {
		return false
	}
	known := inList(lists.first, t.fold) || inList(lists.last, t.fold)
	if !plainCapital(t.word) {
		return known && len(t.word) > 2 && t.word == strings.ToUpper(t.word) && t.word != strings.ToLower(t.word)
	}
	if lists.title.has(t.fold) || lists.caseWord.has(t.fold) || lists.label.has(t.fold) || lists.context.has(t.fold) {
		return false
	}
	if lists.orgs.has(t.fold) || lists.hasOrgSuffix(t.fold) || (lists.words.has(t.fold) && !lists.first.has(t.fold)) {
		return false
	}
	if lists.places.has(t.fold) || lists.places.has(strings.TrimSuffix(t.fold, "s")) {
		return false
	}
	if t.opens {
		return inList(lists.first, t.fold) || inList(lists.last, t.fold)
	}
	return true
}

// placeAsSurname reports whether token j, a place, is a surname because a known
// first name begins the run at i.
func (n *namer) placeAsSurname(i, j int) bool {
	t := n.ts[j]
	return t.word != "" && !t.closed && plainCapital(t.word) && lists.places.has(t.fold) && lists.first.has(n.ts[i].fold)
}

// isName decides on the run [i, end) without an announcing word; from is where
// the name begins in it.
func (n *namer) isName(i, end int) (from int, ok bool) {
	if end-i == 1 {
		return i, n.born[n.ts[i].sentence] && lists.firstPlain.has(n.ts[i].fold)
	}
	if n.org(i, end) {
		return i, false
	}
	for j := i; j < end-1; j++ {
		t, next := n.ts[j], n.ts[j+1]
		switch {
		case inList(lists.firstPlain, t.fold):
			return j, true
		case inList(lists.first, t.fold) && (inList(lists.lastPlain, n.ts[end-1].fold) || n.context[t.sentence]):
			return j, true
		case inList(lists.lastPlain, next.fold) && !t.opens && !n.product(i):
			return j, true
		}
	}
	return i, n.context[n.ts[i].sentence] && !n.product(i)
}

// org reports whether what follows the run makes it an institution, a firm, a
// disease or a scale.
func (n *namer) org(i, end int) bool {
	if end >= len(n.ts) || n.ts[end].start-n.ts[end-1].end > 1 {
		return false
	}
	next := n.ts[end]
	return next.word != "" && (next.closed || lists.orgWords.has(next.fold) || lists.hasOrgSuffix(next.fold))
}

// product reports whether the word before token i says that a product, a firm
// or a place follows.
func (n *namer) product(i int) bool {
	if i == 0 || n.ts[i-1].sentence != n.ts[i].sentence {
		return false
	}
	w := n.ts[i-1].fold
	if lists.tool.has(w) || lists.words.has(w) && n.ts[i-1].word != strings.ToLower(n.ts[i-1].word) {
		return true
	}
	for _, s := range []string{"verktoy", "verktoyet", "systemet", "appen", "modellen", "losningen", "programvaren", "produktet", "roboten", "assistenten"} {
		if strings.HasSuffix(w, s) {
			return true
		}
	}
	return lists.orgs.has(w)
}

// smallName reports whether token i is a known name in small letters.
func (n *namer) smallName(i int) bool {
	t := n.ts[i]
	return len(t.fold) > 2 && lists.firstPlain.has(t.fold) && !lists.unit.has(t.fold)
}

// smallPair reports whether a first name and a surname, both known and neither
// an ordinary word, stand together in small letters.
func (n *namer) smallPair(i int) bool {
	if i+1 >= len(n.ts) || n.ts[i+1].closed {
		return false
	}
	a, b := n.ts[i], n.ts[i+1]
	return n.smallName(i) && len(b.fold) > 3 && lists.lastPlain.has(b.fold) && n.text[a.end:b.start] == " " &&
		a.word == strings.ToLower(a.word)
}

// mask takes tokens [i, end) as one name.
func (n *namer) mask(i, end int) {
	if end <= i || !n.take(n.ts[i].start, n.ts[end-1].end, Name) {
		return
	}
	for _, t := range n.ts[i:end] {
		if (plainCapital(t.word) || lists.firstPlain.has(t.fold)) && !lists.places.has(t.fold) {
			n.masked[strings.TrimSuffix(t.fold, "s")] = true
		}
	}
}

// repeat masks the words of the names found wherever they stand capitalised
// again: "Kari Nordmann ... Kari ble henvist".
func (n *namer) repeat() {
	if len(n.masked) == 0 {
		return
	}
	for _, t := range n.ts {
		if t.word == "" || t.closed || !plainCapital(t.word) || n.taken[t.start] {
			continue
		}
		ordinary := lists.words.has(t.fold) || lists.orgs.has(t.fold) || (t.opens && !inList(lists.firstPlain, t.fold) && !inList(lists.lastPlain, t.fold))
		if n.masked.has(strings.TrimSuffix(t.fold, "s")) && !ordinary {
			n.take(t.start, t.end, Name)
		}
	}
}
