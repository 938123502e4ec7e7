package web

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A block is a paragraph or a list of a passage's text.
type block struct {
	Kind  string // p, ul, ol
	Text  string // of a paragraph
	Start int    // number of an ordered list's first item
	Items []string
	// Letters says that an ordered list counts a, b, c.
	Letters bool
}

var numbered = regexp.MustCompile(`^(\d{1,2}|[a-z])[.)]\s+(\S+.*)$`)

// blocks parts a text into paragraphs and lists: each line is a paragraph,
// "• ", "1. " and "a. " begin items. src/blocks.ts does the same for quotes.
//
// A number begins an item only when it counts: from one, or on from the item
// before. "28. juni 2019 mottok direktoratet ..." is no list. goesOn says that
// the text goes on with a list that began in the passage before.
func blocks(text string, goesOn bool) []block {
	var out []block
	next := map[bool]int{false: 1, true: 1} // by whether the list has letters
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		var last block
		if len(out) > 0 {
			last = out[len(out)-1]
		}
		more := func(item string) { out[len(out)-1].Items = append(last.Items, item) }
		if item, ok := strings.CutPrefix(line, "•"); ok {
			item = strings.TrimSpace(item)
			if last.Kind == "ul" {
				more(item)
			} else {
				out = append(out, block{Kind: "ul", Items: []string{item}})
			}
			continue
		}
		n, letters, item := counted(line)
		if n == 0 || n != 1 && n != next[letters] && !(goesOn && len(out) == 0) {
			out = append(out, block{Kind: "p", Text: line})
			continue
		}
		if last.Kind == "ol" && last.Letters == letters && n == next[letters] {
			more(item)
		} else {
			out = append(out, block{Kind: "ol", Start: n, Letters: letters, Items: []string{item}})
		}
		next[letters] = n + 1
	}
	return out
}

// counted gives the number and the text of a line that looks like an item, and
// 0 for others. A date is none.
func counted(line string) (n int, letters bool, item string) {
	m := numbered.FindStringSubmatch(line)
	if m == nil || slices.Contains(months[:], firstWord(m[2])) {
		return 0, false, ""
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return int(m[1][0]-'a') + 1, true, m[2]
	}
	return n, false, m[2]
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(strings.ToLower(s), " ")
	return strings.Trim(w, ".,:;")
}
