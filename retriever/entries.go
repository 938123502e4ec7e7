package retriever

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever/embed"
	"kiveileder/retriever/index"
)

// A Cache gives vectors that were made before, so that a build embeds only
// what is new. The key is the kind and the text.
type Cache map[string][]float32

func keyOf(e index.Entry) string { return embedKind(e.Kind).String() + ": " + e.Text }

func embedKind(k index.Kind) embed.Kind {
	if k.Side() == passageSide {
		return embed.Passage
	}
	return embed.Query
}

// entriesOf lists the texts of a corpus that get a vector, always in the same
// order. Questions come before negatives. Passages are numbered behind those
// of before, to which questions may point too.
func entriesOf(c *corpus.Corpus, before ...kiveileder.Passage) ([]index.Entry, error) {
	var out []index.Entry
	number := map[string]int32{}
	for i, p := range before {
		number[p.ID] = int32(i)
	}
	for i, p := range c.Passages {
		n := int32(len(before) + i)
		number[p.ID] = n
		out = append(out, index.Entry{Kind: index.PassageText, Ref: n, Text: passageText(p), Letter: letters(p)})
		for _, s := range sentencesOf(p) {
			out = append(out, index.Entry{Kind: index.Sentence, Ref: n, Text: s})
		}
	}
	for _, q := range c.Questions {
		n, ok := number[q.Passage]
		if !ok {
			return nil, fmt.Errorf("question %q: no passage %q", q.Text, q.Passage)
		}
		out = append(out, index.Entry{Kind: index.Question, Ref: n, Lang: q.Lang, Text: q.Text})
	}
	topic := map[string]int32{}
	for i, t := range c.Topics {
		topic[t.Key] = int32(i)
	}
	for _, q := range c.Unanswered {
		out = append(out, index.Entry{Kind: index.Unanswered, Ref: topic[q.Topic], Lang: q.Lang, Text: q.Text})
	}
	for _, q := range c.Outside {
		out = append(out, index.Entry{Kind: index.Outside, Ref: topic[q.Topic], Lang: q.Lang, Text: q.Text})
	}
	for i, in := range c.Intents {
		for lang, ms := range in.Messages() {
			for _, m := range ms {
				out = append(out, index.Entry{Kind: index.Intent, Ref: int32(i), Lang: lang, Text: m})
			}
		}
	}
	return out, nil
}

// passageText is what stands for a passage in the space of meanings: its
// nearest headings, the lead-in and the text.
func passageText(p kiveileder.Passage) string {
	h := p.Section
	if len(h) > 2 {
		h = h[len(h)-2:]
	}
	parts := append([]string{}, h...)
	if p.Lead != "" {
		parts = append(parts, p.Lead)
	}
	return strings.Join(append(parts, p.Text), "\n")
}

var sentenceSplit = regexp.MustCompile(`[.!?]["”»)]?\s+|\n+`)

// sentencesOf gives the sentences and items of a passage that say something by
// themselves, joined to at least 40 characters, each under the nearest heading.
func sentencesOf(p kiveileder.Passage) []string {
	var out []string
	text, from := p.Text, 0
	cuts := append(sentenceSplit.FindAllStringIndex(text, -1), []int{len(text), len(text)})
	for _, c := range cuts {
		s := strings.TrimSpace(text[from:c[1]])
		if utf8.RuneCountInString(s) < 40 && c[1] < len(text) {
			continue
		}
		from = c[1]
		if s == "" {
			continue
		}
		if n := len(p.Section); n > 0 {
			s = p.Section[n-1] + ": " + s
		}
		out = append(out, s)
	}
	if len(out) < 2 {
		return nil // the passage's own text says the same
	}
	return out
}
