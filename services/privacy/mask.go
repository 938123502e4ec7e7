package privacy

import (
	"slices"
	"strings"
)

// Kind names what was masked. The strings are stable: they are stored and
// counted.
type Kind string

// The kinds of personal data Mask finds.
const (
	BirthNumber     Kind = "fodselsnummer"
	DNumber         Kind = "d_nummer"
	HelpNumber      Kind = "hjelpenummer"
	SyntheticNumber Kind = "syntetisk_nummer"
	Phone           Kind = "telefon"
	Email           Kind = "epost"
	Name            Kind = "navn"
	Account         Kind = "kontonummer"
	Address         Kind = "adresse"
	JournalNumber   Kind = "journalnummer"
)

// markers gives the text that stands in for each kind. The order fixes the
// private-use rune that represents the marker while searching; see view.go.
var markers = []struct {
	kind Kind
	text string
}{
	{BirthNumber, "[fødselsnummer]"},
	{DNumber, "[d-nummer]"},
	{HelpNumber, "[hjelpenummer]"},
	{SyntheticNumber, "[syntetisk nummer]"},
	{Phone, "[telefon]"},
	{Email, "[e-post]"},
	{Name, "[navn]"},
	{Account, "[kontonummer]"},
	{Address, "[adresse]"},
	{JournalNumber, "[journalnummer]"},
}

// Marker returns the text Mask writes in place of an item of kind k, or "" for
// an unknown kind.
func (k Kind) Marker() string {
	for _, m := range markers {
		if m.kind == k {
			return m.text
		}
	}
	return ""
}

// Result is masked text and the kinds that were found in it.
type Result struct {
	Text  string
	Kinds []Kind // sorted, unique; nil when nothing was found
}

// maxRounds bounds the repetitions of the search. Masking one item can bring
// two others together, so the search repeats until it finds nothing; two
// rounds are usual.
const maxRounds = 8

// Mask replaces each item of personal data in text by a marker such as
// "[navn]". Everything else, invalid bytes included, is kept byte for byte.
// Markers already in text are left alone and are not reported in Kinds.
func Mask(text string) Result {
	seen := map[Kind]bool{}
	for range maxRounds {
		next, found := maskOnce(text, seen)
		if !found {
			break
		}
		text = next
	}
	var kinds []Kind
	for k := range seen {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	return Result{Text: text, Kinds: kinds}
}

// maskOnce makes one search over text and notes the kinds found in seen.
func maskOnce(text string, seen map[Kind]bool) (masked string, found bool) {
	f := &finder{view: newView(text)}
	f.taken = make([]bool, len(f.text))
	// The order is the precedence: an item found first keeps its bytes.
	f.findEmails()
	f.findJournalNumbers()
	f.findNumbers()
	f.findAddresses()
	f.findNames()
	if len(f.spans) == 0 {
		return text, false
	}
	slices.SortFunc(f.spans, func(a, b span) int { return a.start - b.start })
	var out strings.Builder
	out.Grow(len(text))
	done := 0
	for _, s := range f.spans {
		seen[s.kind] = true
		out.WriteString(text[done:f.at[s.start]])
		out.WriteString(s.kind.Marker())
		done = f.at[s.end]
	}
	out.WriteString(text[done:])
	return out.String(), true
}

// A span is one found item, as byte offsets in the view.
type span struct {
	start, end int
	kind       Kind
}

// A finder collects the spans of one search. Spans never overlap.
type finder struct {
	view
	spans []span
	taken []bool // per byte of the view
}

// free reports whether no byte of [start, end) is taken.
func (f *finder) free(start, end int) bool {
	for i := start; i < end; i++ {
		if f.taken[i] {
			return false
		}
	}
	return true
}

// take records an item unless some of it is taken; it reports whether it did.
func (f *finder) take(start, end int, kind Kind) bool {
	if start >= end || !f.free(start, end) {
		return false
	}
	for i := start; i < end; i++ {
		f.taken[i] = true
	}
	f.spans = append(f.spans, span{start, end, kind})
	return true
}
