package ingest

import (
	"crypto/sha256"
	"encoding/base32"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// An Identified passage is what ids are matched on.
type Identified struct {
	ID      string
	Section []string
	Text    string
}

// AssignIDs gives each cut of a source a stable id: the one of the earlier
// passage that it continues, or a new one made of the nearest heading and a
// hash of heading path and text. A passage continues an earlier one when their
// texts are equal, or share at least half of their word triples.
func AssignIDs(source string, cuts []Cut, earlier []Identified) []string {
	ids := make([]string, len(cuts))
	used := map[string]bool{}
	exact := map[string][]string{}
	for _, e := range earlier {
		k := key(e.Section, e.Text)
		exact[k] = append(exact[k], e.ID)
	}
	for i, c := range cuts {
		if found := exact[key(c.Section, c.Text)]; len(found) > 0 {
			ids[i], exact[key(c.Section, c.Text)] = found[0], found[1:]
			used[found[0]] = true
		}
	}
	pairs := similar(ids, cuts, earlier, used)
	slices.SortStableFunc(pairs, func(a, b likeness) int {
		switch {
		case a.share > b.share:
			return -1
		case a.share < b.share:
			return 1
		}
		return a.cut - b.cut
	})
	for _, p := range pairs {
		if ids[p.cut] == "" && !used[p.id] {
			ids[p.cut], used[p.id] = p.id, true
		}
	}
	for i, c := range cuts {
		if ids[i] != "" {
			continue
		}
		sum := sha256.Sum256([]byte(key(c.Section, c.Text)))
		hash := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))
		for n := 4; ; n++ {
			id := source + "/" + slug(c.Section) + "-" + hash[:min(n, len(hash))]
			if n > len(hash) { // the same text very often under one heading
				id += strconv.Itoa(n - len(hash))
			}
			if !used[id] {
				ids[i], used[id] = id, true
				break
			}
		}
	}
	return ids
}

// A likeness says how much of their word triples a cut and an earlier passage
// share.
type likeness struct {
	cut   int
	id    string
	share float64
}

// similar gives the likenesses of at least a half between the cuts without an
// id and the earlier passages whose id is free.
func similar(ids []string, cuts []Cut, earlier []Identified, used map[string]bool) []likeness {
	has := map[string][]int{} // triple → earlier passages
	size := make([]int, len(earlier))
	for k, e := range earlier {
		if used[e.ID] {
			continue
		}
		ts := triples(e.Text)
		size[k] = len(ts)
		for t := range ts {
			has[t] = append(has[t], k)
		}
	}
	var out []likeness
	for i, c := range cuts {
		if ids[i] != "" {
			continue
		}
		mine := triples(c.Text)
		both := map[int]int{}
		for t := range mine {
			for _, k := range has[t] {
				both[k]++
			}
		}
		for _, k := range slices.Sorted(maps.Keys(both)) {
			if s := float64(both[k]) / float64(len(mine)+size[k]-both[k]); s >= 0.5 {
				out = append(out, likeness{i, earlier[k].ID, s})
			}
		}
	}
	return out
}

// key makes passages with the same headings and words equal.
func key(section []string, text string) string {
	return strings.Join(section, "\x00") + "\x00\x00" + strings.ToLower(collapse(text))
}

// slug makes the nearest heading a short name for an address.
func slug(section []string) string {
	if len(section) == 0 {
		return "innledning"
	}
	if s := Slug(section[len(section)-1]); s != "" {
		return s
	}
	return "del"
}

// Slug makes a text a short name for an address: small letters of a to z,
// digits and hyphens, at most about 32. It may be empty.
func Slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r == 'æ':
			b.WriteString("ae")
		case r == 'ø':
			b.WriteString("o")
		case r == 'å':
			b.WriteString("a")
		case r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 32 {
			break
		}
	}
	return strings.Trim(b.String(), "-")
}

// triples gives the runs of three words in a text.
func triples(text string) map[string]bool {
	words := strings.Fields(strings.ToLower(text))
	out := map[string]bool{}
	for i := 0; i+3 <= len(words); i++ {
		out[strings.Join(words[i:i+3], " ")] = true
	}
	return out
}
