package lang

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed data/*.txt
var dataFS embed.FS

// data is read once and never written after.
var data = mustLoad()

// tables is what the data files say.
type tables struct {
	words   map[string]scores
	endings map[string]scores
	starts  map[string]scores
	pieces  map[string]scores     // share of each language among a piece's uses
	phrases map[string][][]string // quoted terms by first word
	longest int                   // longest ending or start, in bytes
	letters map[rune]scores       // letters that only some languages have
}

// sharing is how much of its weight a word keeps when n languages use it.
var sharing = [...]float64{0, 1, 0.5, 0.25, 0.1, 0}

const (
	foldedShare = 0.7 // of a word spelled without æ, ø, å, ä or ö
	pieceWeight = 0.5 // of an unknown word's pieces, together
)

func mustLoad() *tables {
	t := &tables{
		words: map[string]scores{}, endings: map[string]scores{}, starts: map[string]scores{},
		pieces: map[string]scores{}, phrases: map[string][][]string{},
		letters: map[rune]scores{
			'å': {0.3, 0.3, -2, 0.3, 0.3}, 'ø': {0.3, 0.3, -2, -2, 0.3}, 'æ': {0.3, 0.3, -2, -2, 0.5},
			'ä': {-0.5, -0.5, -2, 1, -1}, 'ö': {-0.5, -0.5, -2, 1, -1},
		},
	}
	t.loadWords()
	t.loadPatterns()
	for line := range strings.Lines(read("data/phrases.txt")) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			ws := split(line)
			t.phrases[ws[0]] = append(t.phrases[ws[0]], ws)
		}
	}
	return t
}

// loadWords reads words.txt, weighs each word by how many languages use it,
// and counts the pieces of the words.
func (t *tables) loadWords() {
	weight := map[string]float64{}
	users := map[string]*[len(languages)]bool{}
	var order []string
	each("data/words.txt", func(langs []int, w float64, word string) {
		if users[word] == nil {
			users[word] = new([len(languages)]bool)
			order = append(order, word)
		}
		for _, l := range langs {
			users[word][l] = true
		}
		weight[word] = max(weight[word], w)
	})
	counts := map[string]scores{}
	for _, word := range order {
		n := 0
		for _, uses := range users[word] {
			if uses {
				n++
			}
		}
		var s scores
		for l, uses := range users[word] {
			if uses {
				s[l] = weight[word] * sharing[n]
				eachPiece(word, func(p string) {
					c := counts[p]
					c[l]++
					counts[p] = c
				})
			}
		}
		t.words[word] = s
	}
	for _, word := range order {
		folded := fold(word)
		if _, taken := t.words[folded]; taken {
			continue
		}
		s := t.words[word]
		for l := range s {
			s[l] *= foldedShare
		}
		t.words[folded] = s
	}
	for p, c := range counts {
		total := 0.0
		for _, v := range c {
			total += v
		}
		for l := range c {
			c[l] /= total + 2 // rare pieces say little
		}
		t.pieces[p] = c
	}
}

func (t *tables) loadPatterns() {
	each("data/patterns.txt", func(langs []int, w float64, pattern string) {
		table, key := t.endings, strings.TrimPrefix(pattern, "-")
		if key == pattern {
			table, key = t.starts, strings.TrimSuffix(pattern, "-")
		}
		s := table[key]
		for _, l := range langs {
			s[l] = max(s[l], w)
		}
		table[key] = s
		t.longest = max(t.longest, len(key))
	})
}

// each calls f for every entry of a data file with the languages and the
// weight of its header.
func each(name string, f func(langs []int, weight float64, entry string)) {
	var langs []int
	var weight float64
	for line := range strings.Lines(read(name)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			fields := strings.Fields(strings.Trim(line, "[]"))
			langs = langs[:0:0]
			for _, code := range fields[:len(fields)-1] {
				i := slices.Index(languages[:], Language(code))
				if i < 0 {
					panic(fmt.Sprintf("lang: %s: unknown language in %q", name, line))
				}
				langs = append(langs, i)
			}
			w, err := strconv.ParseFloat(fields[len(fields)-1], 64)
			if err != nil {
				panic(fmt.Sprintf("lang: %s: %v", name, err))
			}
			weight = w
			continue
		}
		for _, entry := range strings.Fields(line) {
			f(langs, weight, entry)
		}
	}
}

func read(name string) string {
	raw, err := dataFS.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("lang: %v", err)) // embedded: cannot happen in a built binary
	}
	return string(raw)
}

var folder = strings.NewReplacer("ø", "o", "ö", "o", "æ", "ae", "ä", "a", "å", "a", "é", "e", "ò", "o")

func fold(word string) string { return folder.Replace(word) }

// eachPiece calls f for each run of three letters in a word with its ends
// marked by spaces.
func eachPiece(word string, f func(string)) {
	padded := " " + word + " "
	var starts [64]int
	n := 0
	for i := range padded {
		if n == len(starts) {
			return
		}
		starts[n] = i
		n++
		if n >= 4 {
			f(padded[starts[n-4]:i])
		}
	}
	if n >= 3 {
		f(padded[starts[n-3]:])
	}
}
