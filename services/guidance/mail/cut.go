package mail

import (
	"bytes"
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"kiveileder"
)

//go:embed incoming.yaml
var incomingFile []byte

// habits are what mail programs write around an old mail.
type habits struct {
	Original []string `yaml:"original"`
	Fields   struct {
		From  []string `yaml:"from"`
		Other []string `yaml:"other"`
	} `yaml:"fields"`
	Wrote      []string `yaml:"wrote"`
	Signatures []string `yaml:"signatures"`
	markers    []string // our own line, in every language
}

// loadHabits reads the words in the binary; a test holds that they are right.
var loadHabits = sync.OnceValues(func() (*habits, error) { return readHabits(incomingFile) })

func readHabits(b []byte) (*habits, error) {
	h := &habits{}
	if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(h); err != nil {
		return nil, fmt.Errorf("incoming mail: %w", err)
	}
	for name, list := range map[string][]string{
		"original": h.Original, "fields.from": h.Fields.From, "fields.other": h.Fields.Other, "wrote": h.Wrote, "signatures": h.Signatures,
	} {
		if len(list) == 0 {
			return nil, fmt.Errorf("incoming mail: %s is empty", name)
		}
		for i, s := range list {
			if s == "" || s != strings.ToLower(strings.TrimSpace(s)) || slices.Contains(list[:i], s) {
				return nil, fmt.Errorf("incoming mail: %s: %q is empty, twice, or not in small letters", name, s)
			}
		}
	}
	t, err := loadTexts()
	if err != nil {
		return nil, err
	}
	for _, l := range kiveileder.Languages {
		h.markers = append(h.markers, strings.ToLower(t.Marker[l]))
	}
	return h, nil
}

// Cut gives what is new in a reply: the text before the old mail and the
// signature. It only ever takes from the end, and never everything: a reply
// that stands under or within the old mail is kept whole, as its sense hangs
// on what it quotes.
func (h *habits) cut(text string) string {
	text = strings.TrimSpace(text)
	lines := strings.Split(text, "\n")
	end := len(lines)
	for i := range lines {
		if h.marker(lines, i) || h.old(lines, i) {
			end = i
			break
		}
	}
	// What stands above our marker is the program's own line on the old mail.
	for end < len(lines) && end > 0 && h.intro(lines[:end]) > 0 {
		end -= h.intro(lines[:end])
	}
	if n := h.quoted(lines[:end]); n < end {
		end = n
	}
	end = h.signature(lines[:end])
	if kept := strings.TrimSpace(strings.Join(lines[:end], "\n")); kept != "" {
		return kept
	}
	return text
}

// bare gives a line in small letters, without quote marks and rules around it.
func bare(line string) string { return strings.ToLower(strings.Trim(line, "> \t-–—_*=")) }

// marker says whether our own line begins at i. A program may have wrapped it.
func (h *habits) marker(lines []string, i int) bool {
	s := bare(lines[i])
	if i+1 < len(lines) && strings.HasPrefix(strings.TrimSpace(strings.TrimLeft(lines[i], "> ")), "––") {
		return slices.Contains(h.markers, s) || slices.Contains(h.markers, s+" "+bare(lines[i+1]))
	}
	return slices.Contains(h.markers, s)
}

// old says whether a program's heading of the old mail begins at i: a line
// that says so, with its dashes, or From: with other fields below it.
func (h *habits) old(lines []string, i int) bool {
	trimmed := strings.TrimSpace(lines[i])
	if strings.HasPrefix(trimmed, "--") && strings.HasSuffix(trimmed, "--") && slices.Contains(h.Original, bare(trimmed)) {
		return true
	}
	if !slices.Contains(h.Fields.From, field(lines[i])) {
		return false
	}
	others := 0
	for _, l := range lines[i+1 : min(i+6, len(lines))] {
		if slices.Contains(h.Fields.Other, field(l)) {
			others++
		}
	}
	return others >= 2
}

// field gives the name before a colon.
func field(line string) string {
	name, _, ok := strings.Cut(strings.TrimLeft(line, "*_ \t"), ":")
	if !ok || len(name) > 12 {
		return ""
	}
	return strings.ToLower(strings.Trim(name, "*_ \t"))
}

// A program says the time; a person who quotes a letter says the day at most.
var (
	hasTime  = regexp.MustCompile(`\b\d{1,2}[:.]\d{2}\b`)
	inAngles = regexp.MustCompile(`<[^<>]*>`)
)

// intro gives how many of the last lines are a program's "On … wrote:" or
// blank; 0 when there is something else.
func (h *habits) intro(lines []string) int {
	n := 0
	for n < len(lines) && strings.Trim(lines[len(lines)-1-n], " \t>_") == "" {
		n++
	}
	rest := lines[:len(lines)-n]
	// Long ones are wrapped.
	for k := 1; k <= min(3, len(rest)); k++ {
		if h.saysWho(strings.Join(rest[len(rest)-k:], " ")) {
			return n + k
		}
	}
	return n
}

// saysWho says whether a line is a program's "On … at 10:30 … wrote:".
func (h *habits) saysWho(s string) bool {
	if len(s) > 400 {
		return false
	}
	s = strings.ToLower(strings.Trim(inAngles.ReplaceAllString(s, ""), "> \t"))
	return strings.HasSuffix(s, ":") && hasTime.MatchString(s) && slices.ContainsFunc(h.Wrote, func(w string) bool {
		return strings.Contains(s, " "+w+" ") || strings.HasSuffix(strings.TrimRight(s, ": "), " "+w)
	})
}

// quoted gives where a last block of quoted lines begins, with its "wrote:"
// line; the number of lines when there is none. Lines with > that nothing
// introduces are the writer's own quotes, and stay.
func (h *habits) quoted(lines []string) int {
	i := len(lines)
	for i > 0 && (strings.HasPrefix(lines[i-1], ">") || strings.TrimSpace(lines[i-1]) == "") {
		i--
	}
	if i == len(lines) {
		return i
	}
	for j := i; j < len(lines); j++ { // the "wrote:" line may be quoted, too
		if strings.Trim(lines[j], "> \t") != "" {
			if h.saysWho(lines[j]) {
				return j
			}
			break
		}
	}
	blank := 0
	for blank < i && strings.TrimSpace(lines[i-1-blank]) == "" {
		blank++
	}
	if n := h.intro(lines[:i]); n > blank {
		return i - n
	}
	return len(lines)
}

// signature gives where a signature begins: "-- " with at most ten lines
// below, or a mobile's last line.
func (h *habits) signature(lines []string) int {
	end := len(lines)
	for i := end - 1; i >= 0 && i >= end-11; i-- {
		if lines[i] == "-- " || lines[i] == "--" {
			end = i
			break
		}
	}
	for end > 0 && strings.TrimSpace(lines[end-1]) == "" {
		end--
	}
	if end > 0 {
		last := strings.ToLower(strings.TrimSpace(lines[end-1]))
		if len(last) < 80 && slices.ContainsFunc(h.Signatures, func(s string) bool { return strings.HasPrefix(last, s) }) {
			end--
		}
	}
	return end
}
