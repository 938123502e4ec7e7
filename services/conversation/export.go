package conversation

import (
	"fmt"
	"slices"
	"strings"

	"kiveileder"
	"kiveileder/corpus"
)

// Markdown writes a conversation as a document to keep: what was asked, what
// was answered, each quote with where it stands and its date. base is put
// before the addresses of quotes, so that they lead back from anywhere.
func Markdown(s kiveileder.Stream, texts corpus.Texts, lang kiveileder.Language, base string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", texts.Get("export_title", lang))
	for _, e := range s.Entries {
		at := e.At.Local().Format("2006-01-02 15:04")
		if e.Answer == nil {
			fmt.Fprintf(&b, "\n## %s (%s)\n\n%s\n", texts.Get("export_question", lang), at, escaped(e.Text))
			continue
		}
		fmt.Fprintf(&b, "\n## %s (%s)\n\n%s\n", texts.Get("export_answer", lang), at, escaped(e.Answer.Lead))
		writeAnswer(&b, e.Answer, texts, base)
	}
	return b.String()
}

func writeAnswer(b *strings.Builder, a *kiveileder.Answer, texts corpus.Texts, base string) {
	for _, f := range a.Findings {
		fmt.Fprintf(b, "\n- %s", escaped(f.Text))
		if f.Authority != "" {
			fmt.Fprintf(b, " (%s)", escaped(f.Authority))
		}
		if len(f.LegalBasis) > 0 {
			fmt.Fprintf(b, " %s", escaped(strings.Join(f.LegalBasis, ", ")))
		}
	}
	if len(a.Findings) > 0 {
		b.WriteString("\n")
	}
	for i, c := range a.Citations {
		fmt.Fprintf(b, "\n%d. ", i+1)
		for line := range strings.SplitSeq(strings.TrimSpace(c.Lead+"\n"+c.Quote), "\n") {
			fmt.Fprintf(b, "> %s\n   ", escaped(line))
		}
		fmt.Fprintf(b, "\n   %s, %s. <%s%s>\n", escaped(strings.Join(where(c), ", ")), c.Date, base, c.URL)
	}
	for _, c := range a.Conflicts {
		fmt.Fprintf(b, "\n%s\n", escaped(c.Text))
	}
	if a.Ask != nil {
		fmt.Fprintf(b, "\n**%s**\n", escaped(a.Ask.Question))
	}
	if a.Notice != "" {
		fmt.Fprintf(b, "\n*%s*", escaped(a.Notice))
	}
	fmt.Fprintf(b, "\n*%s*\n", texts.Get("export_versions", a.Language, a.Versions.Corpus, a.Versions.Rules, a.Versions.Model))
}

// where names the place of a quote: document, publisher, sections.
func where(c kiveileder.Citation) []string {
	names := []string{c.Title}
	for _, s := range slices.Concat([]string{c.Publisher}, c.Section) {
		if s != "" && s != c.Title {
			names = append(names, s)
		}
	}
	return names
}

// markup are the characters that would mean something in Markdown; what
// people write shall not.
var markup = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "#", `\#`, "|", `\|`)

func escaped(s string) string { return markup.Replace(s) }
