package ws

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Greek letters of two and three bytes, and the same followed by a surrogate,
// which UTF-8 has no place for.
const (
	greek  = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"
	broken = greek + "\xed\xa0\x80" + "edited"
)

// pieces cuts a text message into fragments of n bytes.
func pieces(s string, n int) []frame {
	var frames []frame
	for p := range slices.Chunk([]byte(s), n) {
		frames = append(frames, cont(string(p)).unfinished())
	}
	frames[0].op = opText
	frames[len(frames)-1].more = false
	return frames
}

// unicode holds that a text comes back when it is UTF-8 and ends the connection
// with 1007 when it is not.
func unicode() []conformance {
	const norwegian = "Å søke REK: blåbærsyltetøy – ½ €"
	tooHigh := "\xf4\x90\x80\x80" // after the last code point
	cases := []conformance{
		echoed("6.1.1", text("")),
		{id: "6.1.2", send: []frame{text("").unfinished(), cont("").unfinished(), cont("")}, want: []frame{text("")}},
		{id: "6.1.3", send: []frame{text("").unfinished(), cont("midten").unfinished(), cont("")}, want: []frame{text("midten")}},

		echoed("6.2.1", text(norwegian)),
		{id: "6.2.2", send: []frame{text("Å søke REK: bl").unfinished(), cont("åbærsyltetøy – ½ €")}, want: []frame{text(norwegian)}},
		{id: "6.2.3", send: pieces(norwegian, 1), want: []frame{text(norwegian)}},
		{id: "6.2.4", send: pieces(greek, 1), want: []frame{text(greek)}},

		{id: "6.3.1", send: []frame{text(broken)}, end: 1007},
		{id: "6.3.2", send: pieces(broken, 1), end: 1007},

		// a strict service would fail these before the last byte is sent
		{id: "6.4.1", send: []frame{text(greek).unfinished(), cont(tooHigh).unfinished(), cont("edited")}, wait: 100 * time.Millisecond, end: 1007},
		{id: "6.4.2", send: []frame{text(greek + "\xf4").unfinished(), cont("\x90").unfinished(), cont("\x80\x80edited")}, wait: 100 * time.Millisecond, end: 1007},
		{id: "6.4.3", send: []frame{text(greek + tooHigh + "edited")}, chop: 6 + len(greek) + len(tooHigh), wait: 100 * time.Millisecond, end: 1007},
		{id: "6.4.4", send: []frame{text(greek + tooHigh + "edited")}, chop: 6 + len(greek) + 2, wait: 100 * time.Millisecond, end: 1007},
	}
	for _, s := range sequences() {
		for i, data := range s.texts {
			c := conformance{id: fmt.Sprintf("6.%d.%d", s.section, i+1), send: []frame{text(data)}, end: 1007}
			if s.good != nil && s.good(i) {
				c.want, c.end = c.send, fine
			}
			cases = append(cases, c)
		}
	}
	return cases
}

func always(int) bool { return true }

type sequence struct {
	section int
	texts   []string
	good    func(i int) bool // nil: none is
}

func sequences() []sequence {
	var prefixes []string
	for i := range len(greek) {
		prefixes = append(prefixes, greek[:i+1])
	}
	return []sequence{
		{5, []string{greek, greek[:2], "a" + greek, greek + "z", "\xf0\x9d\x84\x9e" + greek}, always},
		{6, prefixes, func(i int) bool { return utf8.RuneStart((greek + "a")[i+1]) }},
		// the first and the last sequence of each length
		{7, []string{"\x00", "\xc2\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80"}, always},
		{8, []string{"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80"}, nil},
		{9, []string{"\x7f", "\xdf\xbf", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"}, always},
		{10, []string{"\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf"}, nil},
		// around the surrogates, and around the end
		{11, []string{"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf", "\xf4\x90\x80\x80"}, func(i int) bool { return i < 4 }},
		// continuations of nothing
		{12, []string{"\x80", "\xbf", "\x80\xbf", "\x80\xbf\x80", "\x80\xbf\x80\xbf", "\x80\xbf\x80\xbf\x80", "\x80\xbf\x80\xbf\x80\xbf", span(0x80, 0xbf, "")}, nil},
		// beginnings without continuation
		{13, []string{span(0xc0, 0xdf, " "), span(0xe0, 0xef, " "), span(0xf0, 0xf7, " "), span(0xf8, 0xfb, " "), span(0xfc, 0xfd, " ")}, nil},
		{14, cutShort, nil},
		{15, []string{strings.Join(cutShort, "")}, nil},
		// bytes that UTF-8 does not have
		{16, []string{"\xfe", "\xff", "\xfe\xfe\xff\xff"}, nil},
		// written longer than need be: a slash, the highest of each length, zero
		{17, []string{"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf", "\xfc\x80\x80\x80\x80\xaf"}, nil},
		{18, []string{"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf", "\xfc\x83\xbf\xbf\xbf\xbf"}, nil},
		{19, []string{"\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80", "\xfc\x80\x80\x80\x80\x80"}, nil},
		// surrogates, alone and in pairs
		{20, []string{"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbe\x80", "\xed\xbf\xbf"}, nil},
		{21, pairs("\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf"), nil},
		// code points that are no characters, but may be sent
		{22, nonCharacters(), always},
		{23, []string{"\ufff9", "\ufffa", "\ufffb", "\ufffc", "\ufffd", "\ufffe", "\uffff"}, always},
	}
}

// cutShort are sequences whose last byte is missing.
var cutShort = []string{
	"\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80",
	"\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf",
}

// span gives the bytes from first to last, each followed by sep.
func span(first, last int, sep string) string {
	var b strings.Builder
	for c := first; c <= last; c++ {
		b.WriteByte(byte(c))
		b.WriteString(sep)
	}
	return b.String()
}

// pairs puts the first and the last low surrogate after each high one.
func pairs(high ...string) []string {
	var out []string
	for _, h := range high {
		out = append(out, h+"\xed\xb0\x80", h+"\xed\xbf\xbf")
	}
	return out
}

// nonCharacters are the last two code points of each plane.
func nonCharacters() []string {
	var out []string
	for plane := range rune(17) {
		out = append(out, string(plane<<16|0xfffe), string(plane<<16|0xffff))
	}
	return out
}
