package conversation

import (
	"cmp"
	_ "embed"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"kiveileder"
)

//go:embed sheet.yaml
var sheetFile []byte

// sheetWords are the sheet's own words.
var sheetWords = func() map[string]map[kiveileder.Language]string {
	var m map[string]map[kiveileder.Language]string
	if err := yaml.Unmarshal(sheetFile, &m); err != nil {
		panic(fmt.Sprintf("conversation: sheet.yaml: %v", err))
	}
	return m
}()

// word gives words of the sheet in its language, with args put in.
func (s Sheet) word(key string, args ...any) string {
	w := sheetWords[key][s.Language]
	if w == "" {
		w = sheetWords[key][kiveileder.Bokmal]
	}
	if w == "" { // a kind that is newer than this
		return strings.TrimPrefix(key, "kind_")
	}
	if len(args) == 0 {
		return w
	}
	return fmt.Sprintf(w, args...)
}

// Markdown writes the sheet as a document. What people and sources write means
// nothing in Markdown there.
func (s Sheet) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s: %s\n", s.word("title"), s.word("made"), s.At.Local().Format("2006-01-02 15:04"))
	s.heading(&b, "asked")
	for _, q := range s.Questions {
		b.WriteString("\n")
		quoted(&b, "", q.Text)
	}
	if s.Lead != "" {
		s.heading(&b, "result")
		fmt.Fprintf(&b, "\n%s\n", escaped(s.Lead))
	}
	s.writeFacts(&b)
	s.writePath(&b)
	s.writeOpen(&b)
	if len(s.Conflicts) > 0 {
		s.heading(&b, "conflicts")
	}
	for _, c := range s.Conflicts {
		fmt.Fprintf(&b, "\n%s\n", escaped(c.Text))
		s.writeQuotes(&b, "", c.Quotes)
	}
	if len(s.Quotes) > 0 {
		s.heading(&b, "more")
		s.writeQuotes(&b, "", s.Quotes)
	}
	s.heading(&b, "versions")
	b.WriteString("\n")
	for _, v := range [][2]string{{"corpus", s.Versions.Corpus}, {"rules", s.Versions.Rules}, {"model", s.Versions.Model}, {"build", s.Versions.Build}} {
		if v[1] != "" {
			fmt.Fprintf(&b, "- %s: %s\n", s.word("version_"+v[0]), escaped(v[1]))
		}
	}
	if s.HandOver != nil && s.HandOver.Text != "" {
		fmt.Fprintf(&b, "\n%s\n", escaped(s.HandOver.Text))
	}
	if s.Notice != "" {
		fmt.Fprintf(&b, "\n*%s*\n", escaped(s.Notice))
	}
	return b.String()
}

func (s Sheet) heading(b *strings.Builder, key string) { fmt.Fprintf(b, "\n## %s\n", s.word(key)) }

func (s Sheet) writeFacts(b *strings.Builder) {
	if len(s.Facts) == 0 {
		return
	}
	s.heading(b, "facts")
	b.WriteString("\n")
	for _, f := range s.Facts {
		fmt.Fprintf(b, "- %s: **%s**", line(f.Name), line(f.Label))
		switch {
		case f.Told:
			fmt.Fprintf(b, " (%s)", s.word("told"))
		case f.Words != "":
			fmt.Fprintf(b, " (%s)", s.word("read", line(f.Words)))
		}
		b.WriteString("\n")
	}
}

func (s Sheet) writePath(b *strings.Builder) {
	s.heading(b, "path")
	kind := ""
	for _, p := range s.Path {
		if p.Kind != kind {
			kind = p.Kind
			fmt.Fprintf(b, "\n### %s\n", s.word("kind_"+kind))
		}
		indent := strings.Repeat(" ", len(fmt.Sprint(p.Number))+2)
		fmt.Fprintf(b, "\n%d. **%s**\n", p.Number, line(p.Text))
		for _, row := range [][2]string{
			{"prepare", p.Prepare}, {"authority", p.Authority}, {"legal_basis", strings.Join(p.LegalBasis, ", ")},
			{"holds_for", strings.Join(p.Purposes, ", ")}, {"rule", p.Rule},
		} {
			if row[1] != "" {
				fmt.Fprintf(b, "%s- %s: %s\n", indent, s.word(row[0]), line(row[1]))
			}
		}
		if p.Inferred {
			fmt.Fprintf(b, "%s- %s\n", indent, s.word("inferred"))
		}
		s.writeQuotes(b, indent, p.Quotes)
	}
}

func (s Sheet) writeOpen(b *strings.Builder) {
	if s.Open.Question == "" && len(s.Open.Missing) == 0 && s.Open.Ifs == nil {
		return
	}
	s.heading(b, "open")
	if len(s.Open.Missing) > 0 {
		b.WriteString("\n")
	}
	for _, m := range s.Open.Missing {
		fmt.Fprintf(b, "- %s\n", s.word("not_given", line(m.Name)))
	}
	question := s.Open.Question
	if s.Open.Ifs != nil {
		question = s.Open.Ifs.Question
	}
	if question != "" {
		fmt.Fprintf(b, "\n**%s**\n\n", line(question))
	}
	if s.Open.Ifs == nil {
		return
	}
	for _, c := range s.Open.Ifs.Cases {
		fmt.Fprintf(b, "- %s", s.word("if_so", line(c.Label)))
		if len(c.Findings) == 0 {
			fmt.Fprintf(b, " %s", s.word("if_nothing"))
		}
		b.WriteString("\n")
		for _, f := range c.Findings {
			fmt.Fprintf(b, "  - %s: %s\n", s.word("kind_"+f.Kind), line(f.Text))
		}
	}
}

// writeQuotes writes quotes with where they stand.
func (s Sheet) writeQuotes(b *strings.Builder, indent string, list []kiveileder.Citation) {
	for _, c := range list {
		fmt.Fprintf(b, "\n")
		quoted(b, indent, strings.TrimSpace(c.Lead+"\n"+c.Quote))
		place := append(where(c), cmp.Or(c.Date, s.word("undated")))
		if c.Superseded {
			place = append(place, s.word("old_source"))
		}
		fmt.Fprintf(b, "%s>\n%s> %s. <%s>\n", indent, indent, line(strings.Join(place, ", ")), c.URL)
	}
}

// quoted writes a text as a block quote that keeps its lines.
func quoted(b *strings.Builder, indent, text string) {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		end := "  " // a line break in Markdown
		if i == len(lines)-1 {
			end = ""
		}
		fmt.Fprintf(b, "%s> %s%s\n", indent, escaped(strings.TrimSpace(l)), end)
	}
}

// line gives a text in one line, so that it stays where it is put.
func line(s string) string { return escaped(strings.Join(strings.Fields(s), " ")) }
