package privacy

import (
	"regexp"
	"slices"
	"sort"
	"strings"
)

// How far, in bytes of the view, a word such as "tlf" reaches forward and back.
const (
	phoneReach     = 32
	phoneReachBack = 14
)

// phoneShapes are the usual groupings of eight digits; the others need a word.
var phoneShapes = [][]int{{2, 2, 2, 2}, {3, 2, 3}}

var wordRE = regexp.MustCompile(`[\p{L}\p{N}][\p{L}\p{N}-]*`)

// phoneCues returns the places of words that announce a telephone number.
func (f *finder) phoneCues() (ends, starts []int) {
	for _, m := range wordRE.FindAllStringIndex(f.text, -1) {
		if m[1]-m[0] > 24 {
			continue
		}
		w := fold(f.text[m[0]:m[1]])
		if lists.phone.has(w) || strings.HasSuffix(w, "telefon") || strings.HasSuffix(w, "mobil") {
			starts = append(starts, m[0])
			ends = append(ends, m[1])
		}
	}
	return ends, starts
}

// findPhones finds telephone numbers. Numbers of three to six digits (113,
// 116117, five-digit service numbers) are never taken.
func (f *finder) findPhones() {
	ends, starts := f.phoneCues()
	cued := func(start, end int) bool {
		if i := sort.SearchInts(ends, start+1) - 1; i >= 0 && start-ends[i] <= phoneReach {
			return true
		}
		i := sort.SearchInts(starts, end)
		return i < len(starts) && starts[i]-end <= phoneReachBack
	}
	lastPhone := -phoneReach - 1 // end of the last number found after a word
	for i, r := range f.text {
		if isMarker(r) && markerKind(r) == Phone && cued(i, i) {
			ends = append(ends, i+len(string(r)))
		}
	}
	sort.Ints(ends)
	gs := f.groups()
	for i := 0; i < len(gs); i++ {
		near := cued(gs[i].start, gs[i].end) || gs[i].start-lastPhone <= 8
		n := f.international(gs, i)
		if n == 0 {
			n = f.eightDigits(gs, i, near)
		}
		if n == 0 {
			continue
		}
		i += n - 1
		if near {
			lastPhone = gs[i].end
		}
	}
}

// international tries "+NN ..." and "00NN ..." at group i and returns how many
// groups it took. A Norwegian number ends after eight digits; others run to
// between 8 and 15 digits in all, as long as the groups go on.
func (f *finder) international(gs []group, i int) int {
	start := gs[i].start
	plus := f.before(start) == '+' && !isAlnum(f.before(start-1))
	first := f.text[start:gs[i].end]
	if !plus && (!strings.HasPrefix(first, "00") || f.joinedLeft(start)) {
		return 0
	}
	digits, take := "", 0
	for j := i; j < len(gs); j++ {
		digits += f.text[gs[j].start:gs[j].end]
		n := strings.TrimPrefix(digits, "00")
		if len(n) > 15 {
			break
		}
		if strings.HasPrefix(n, "47") && len(n) == 10 {
			take = j - i + 1
			break
		}
		if !strings.HasPrefix(n, "47") && len(n) >= 8 {
			take = j - i + 1
		}
		if sep := gs[j].sep; !slices.Contains([]string{" ", "-", ".", "  "}, sep) && !f.bracket(gs, j) {
			break
		}
	}
	if take == 0 {
		return 0
	}
	if !plus && !slices.Contains([]string{"47", "46", "45", "44"}, digits[2:4]) {
		return 0
	}
	end := gs[i+take-1].end
	if plus {
		start--
		if f.before(start) == '(' && strings.Contains(f.text[start:end], ")") {
			start--
		}
	}
	if f.joinedRight(end) && isAlnum(f.after(end)) {
		return 0
	}
	if f.take(start, end, Phone) {
		return take
	}
	return 0
}

// bracket reports whether a bracket is all that parts group j from the next,
// as in "(+47) 46 77 88 99".
func (f *finder) bracket(gs []group, j int) bool {
	if j+1 >= len(gs) || gs[j+1].start-gs[j].end > 3 {
		return false
	}
	return strings.Trim(f.text[gs[j].end:gs[j+1].start], " ()") == ""
}

// eightDigits tries a Norwegian number at group i. Without a word near it must
// have a usual grouping, stand outside longer rows of numbers and not be an
// amount.
func (f *finder) eightDigits(gs []group, i int, near bool) int {
	first := f.text[gs[i].start]
	if first < '2' || f.joinedLeft(gs[i].start) {
		return 0
	}
	want := 8
	if near && first == '4' && strings.HasPrefix(f.text[gs[i].start:gs[i].end], "47") && gs[i].end-gs[i].start == 2 {
		if n := f.countDigits(gs, i, 10); n > 0 {
			return f.takeGroups(gs, i, n)
		}
	}
	n := f.countDigits(gs, i, want)
	if n == 0 || f.joinedRight(gs[i+n-1].end) {
		return 0
	}
	if near {
		return f.takeGroups(gs, i, n)
	}
	var shape []int
	for j := i; j < i+n; j++ {
		shape = append(shape, gs[j].end-gs[j].start)
		if j > i && gs[j-1].sep != " " && gs[j-1].sep != "-" {
			return 0
		}
	}
	if !slices.ContainsFunc(phoneShapes, func(s []int) bool { return slices.Equal(s, shape) }) {
		return 0
	}
	if (i > 0 && gs[i-1].sep == gs[i].sep) || gs[i+n-1].sep == gs[i].sep {
		return 0 // one of a longer row of numbers
	}
	if lists.unit.has(f.nextWord(gs[i+n-1].end)) || hasCode(f.lastWords(gs[i].start, 2)) {
		return 0
	}
	return f.takeGroups(gs, i, n)
}

// countDigits returns how many groups from i hold exactly want digits, or 0.
func (f *finder) countDigits(gs []group, i, want int) int {
	n := 0
	for j := i; j < len(gs); j++ {
		n += gs[j].end - gs[j].start
		if n == want {
			return j - i + 1
		}
		if n > want || !slices.Contains([]string{" ", "-", "."}, gs[j].sep) {
			return 0
		}
	}
	return 0
}

func (f *finder) takeGroups(gs []group, i, n int) int {
	if f.take(gs[i].start, gs[i+n-1].end, Phone) {
		return n
	}
	return 0
}
