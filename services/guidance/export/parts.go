package export

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/arkiv"
	"kiveileder/services/rules"
)

// document makes one of parts. One of which nothing is left says so.
func (b *builder) document(key, name string, parts ...[]arkiv.Part) arkiv.Document {
	var all []arkiv.Part
	for _, p := range parts {
		all = append(all, p...)
	}
	if len(all) == 0 {
		all = []arkiv.Part{{Kind: arkiv.Paragraph, Text: b.label("deleted")}}
		if !b.s.Case.Anonymised {
			all[0].Text = "–"
		}
	}
	d, err := arkiv.NewDocument(b.label(key), name+".html", b.lang, all)
	if err != nil && b.err == nil {
		b.err = err
	}
	return d
}

func (b *builder) heading(key string) []arkiv.Part {
	return []arkiv.Part{{Kind: arkiv.Heading, Text: b.label(key)}}
}

// said gives what somebody wrote, in the language of the case.
func (b *builder) said(text string) []arkiv.Part {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return []arkiv.Part{{Kind: arkiv.Paragraph, Text: visible(text), Language: b.own}}
}

func (b *builder) quote(text string) []arkiv.Part {
	return []arkiv.Part{{Kind: arkiv.Quote, Text: visible(text)}}
}

func (b *builder) item(key, text string) []arkiv.Part {
	return []arkiv.Part{{Kind: arkiv.Item, Label: b.label(key), Text: visible(text)}}
}

// maybe gives an item, or nothing when it says nothing.
func (b *builder) maybe(key, text string) []arkiv.Part {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return b.item(key, text)
}

func (b *builder) transcript(lines []guidance.Line) (out []arkiv.Part) {
	for _, l := range lines {
		who := b.label("asker")
		if l.Automated {
			who = b.label("automated")
		}
		if !l.At.IsZero() {
			who += ", " + arkiv.When(l.At)
		}
		out = append(out, arkiv.Part{Kind: arkiv.Item, Label: who, Text: visible(l.Text), Language: b.own})
	}
	return out
}

func (b *builder) facts(facts map[string]any) (out []arkiv.Part) {
	for _, key := range sorted(facts) {
		name, value := b.words(key, facts[key])
		out = append(out, arkiv.Part{Kind: arkiv.Item, Label: name, Text: value})
	}
	return out
}

func (b *builder) fact(key string) []arkiv.Part {
	if key == "" {
		return nil
	}
	name, _ := b.words(key, nil)
	return b.item("fact", name)
}

// words gives a fact with its value in words, as far as somebody knows them.
func (b *builder) words(key string, value any) (name, text string) {
	if b.o.Fact != nil {
		name, text = b.o.Fact(key, value, b.lang)
	}
	if name == "" {
		name = key
	}
	if text == "" {
		text = plainValue(value)
	}
	return visible(name), visible(text)
}

// plainValue writes a value without words: lists with commas, the rest as it is.
func plainValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "–"
	case string:
		return v
	case []any:
		var out []string
		for _, x := range v {
			out = append(out, plainValue(x))
		}
		return strings.Join(out, ", ")
	case []string:
		return strings.Join(v, ", ")
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

func (b *builder) findings(d guidance.ReceivedData) []arkiv.Part {
	out := []arkiv.Part{{Kind: arkiv.Mark, Text: b.label("made_by_machine")}}
	for _, f := range d.Findings {
		out = append(out, arkiv.Part{Kind: arkiv.Heading, Text: visible(b.label(f.Kind))})
		out = append(out, b.said(f.Text)...)
		out = append(out, b.maybe("prepare", f.Prepare)...)
		out = append(out, b.maybe("authority", f.Authority)...)
		out = append(out, b.maybe("legal_basis", strings.Join(f.LegalBasis, "; "))...)
		out = append(out, b.maybe("rule", f.Rule)...)
		if f.Inferred {
			out = append(out, arkiv.Part{Kind: arkiv.Paragraph, Text: b.label("inferred")})
		}
		for _, q := range f.Quotes {
			out = append(out, b.citation(q)...)
		}
	}
	if len(d.Unclear) > 0 {
		out = append(out, b.item("unclear_outcomes", strings.Join(d.Unclear, ", "))...)
	}
	if len(d.Passages) > 0 {
		out = append(out, b.heading("passages")...)
		for _, p := range d.Passages {
			out = append(out, b.citation(p)...)
		}
	}
	if v := d.Versions; v != (kiveileder.Versions{}) {
		out = append(out, b.item("versions", strings.Join([]string{v.Corpus, v.Rules, v.Model, v.Build}, ", "))...)
	}
	return out
}

// citation gives the words of a source, and where they stand.
func (b *builder) citation(c kiveileder.Citation) []arkiv.Part {
	text := c.Quote
	if c.Lead != "" {
		text = c.Lead + "\n" + text
	}
	where := []string{c.Title, c.Publisher, c.Date, strings.Join(c.Section, " – "), c.Passage}
	var known []string
	for _, w := range where {
		if w != "" {
			known = append(known, w)
		}
	}
	return append(append(b.quote(text), b.item("source", strings.Join(known, ", "))...), b.said(c.Note)...)
}

func (b *builder) answer(a guidance.Answer) []arkiv.Part {
	out := b.text(a.Draft)
	if len(out) == 0 {
		return nil
	}
	return append(out, b.maybe("given_by", b.names(a.Agencies))...)
}

// text gives a text by question, then what it quotes and refers to.
func (b *builder) text(d guidance.Draft) (out []arkiv.Part) {
	for _, s := range d.Sections {
		if s.Question != "" {
			out = append(out, arkiv.Part{Kind: arkiv.Heading, Text: visible(s.Question), Language: b.own})
		}
		out = append(out, b.said(s.Text)...)
	}
	if len(d.Quotes) > 0 {
		out = append(out, b.heading("quotes")...)
	}
	for _, q := range d.Quotes {
		out = append(append(out, b.quote(q.Text)...), b.item("source", b.source(q))...)
	}
	return append(out, b.maybe("references", strings.Join(d.References, "; "))...)
}

func (b *builder) source(q rules.Quote) string {
	ids := strings.Trim(q.Source+", "+q.Passage, ", ")
	if b.o.Source == nil {
		return ids
	}
	return cmp.Or(b.o.Source(q.Source, q.Passage), ids)
}

func (b *builder) names(keys []string) string {
	var out []string
	for _, k := range keys {
		name, _ := b.agency(k)
		out = append(out, name)
	}
	return strings.Join(out, ", ")
}

// sheet says who stands behind the very text that was sent: the last word of
// each agency on it, and who let it go without one.
func (b *builder) sheet(a guidance.Answer) []arkiv.Part {
	out := []arkiv.Part{{Kind: arkiv.Mark, Text: b.label("internal")}}
	for _, key := range a.Agencies {
		var last guidance.SignOff
		for _, s := range b.s.Case.SignOffs {
			if s.Agency == key && s.Hash == a.Hash && s.Seq < a.Seq {
				last = s
			}
		}
		out = append(out, b.agencyHeading(key))
		out = append(out, b.item(string(last.Verdict), b.name(last.By)+", "+arkiv.When(last.At))...)
		if last.Verdict == guidance.Reserve {
			out = append(out, b.maybe("reservation", last.Reason)...)
		} else {
			out = append(out, b.maybe("reason", last.Reason)...)
		}
	}
	for _, key := range a.Bypassed {
		out = append(out, b.agencyHeading(key))
		for _, e := range b.s.Log[:min(int(a.Seq), len(b.s.Log))] {
			if d, ok := e.Data.(guidance.BypassedData); ok && d.Hash == a.Hash {
				out = append(out, b.item("bypassed", b.name(e.Actor)+", "+arkiv.When(e.At))...)
				out = append(out, b.maybe("reason", d.Reason)...)
			}
		}
	}
	return append(out, b.item("hash", a.Hash)...)
}

func (b *builder) agencyHeading(key string) arkiv.Part {
	name, _ := b.agency(key)
	return arkiv.Part{Kind: arkiv.Heading, Text: name}
}

// published gives what everybody could read. Questions in other words are only
// searched, and stay out.
func (b *builder) published(d guidance.PublishedData) []arkiv.Part {
	own := b.own
	if b.own = d.Language; b.own == b.lang {
		b.own = ""
	}
	defer func() { b.own = own }()
	out := []arkiv.Part{{Kind: arkiv.Heading, Text: visible(d.Title), Language: b.own}}
	out = append(append(out, b.said(d.Question)...), b.said(d.Answer)...)
	out = append(out, b.text(guidance.Draft{Sections: d.Sections, Quotes: d.Quotes, References: d.References})...)
	out = append(out, b.maybe("given_by", b.names(d.Agencies))...)
	return append(out, b.maybe("valid_until", d.ValidUntil)...)
}
