package export

import (
	"encoding/json"
	"html"
	"os"
	"regexp"
	"strings"
	"testing"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/rules"
)

// What somebody wrote is text, whatever it looks like.
func TestHostile(t *testing.T) {
	const nasty = "<script>alert(1)</script> \"><img src=x onerror=alert(2)> \u202egnp.exe\u202c \u200f\x00\x07 \u2066x\u2069 😀👩‍⚕️ Ŋá (a\\b) \ufeff\xff }} {{.}} ]]>"
	long := strings.Repeat("ordutenmellomrom", 3000)
	bad := nasty + "\r\n" + long
	hostile := guidance.Draft{Sections: []guidance.Section{{Question: nasty, Text: bad}}, Quotes: []rules.Quote{{Source: nasty, Passage: nasty, Text: bad}}, References: []string{nasty}}
	h := hostile.Hash()
	evil := guidance.Actor{ID: nasty, Name: nasty, Role: guidance.Lawyer, Agency: "hdir"}
	s := snapshot(t,
		happened{asker, guidance.Received, guidance.ReceivedData{Title: nasty, Question: bad, Project: nasty, Agency: nasty, Agencies: []string{"hdir", nasty}, Topics: []string{nasty}, Unclear: []string{nasty},
			Transcript: []guidance.Line{{Text: bad}}, Facts: map[string]any{nasty: nasty, "list": []any{nasty, nil, map[string]any{nasty: 1}}},
			Findings: []kiveileder.Finding{{Kind: nasty, Text: nasty, Authority: nasty, Rule: nasty}}, Passages: []kiveileder.Citation{{Title: nasty, Quote: bad, Note: nasty}}}},
		happened{evil, guidance.Assessed, guidance.AssessedData{}},
		happened{evil, guidance.DraftSaved, guidance.DraftSavedData{Draft: hostile, Hash: h}}, happened{evil, guidance.Submitted, guidance.SubmittedData{Hash: h}},
		happened{evil, guidance.Signed, guidance.SignedData{Agency: "hdir", Hash: h, Verdict: guidance.Reserve, Reason: bad}}, happened{evil, guidance.Signed, guidance.SignedData{Agency: nasty, Hash: h, Verdict: guidance.Approve}},
		happened{evil, guidance.Sent, guidance.SentData{Hash: h}})
	o := Options{Agency: func(string) (string, string) { return nasty, "1" }, Contact: &guidance.Contact{Name: nasty, Email: "k@example.org"}, Fact: func(string, any, kiveileder.Language) (string, string) { return nasty, nasty }}
	c := exported(t, s, o)
	tag := regexp.MustCompile(`(?i)<(script|img)`)
	check := func(what, out string) {
		t.Helper()
		if m := tag.FindString(out); m != "" {
			t.Errorf("%s has %s", what, m)
		}
		if i := strings.IndexFunc(out, func(r rune) bool { return hides(r) && r != '\r' }); i >= 0 {
			t.Errorf("%s hides %q", what, out[i:min(len(out), i+8)])
		}
		if out = html.UnescapeString(out); !strings.Contains(out, "[U+202E]") || !strings.Contains(out, "[U+0000]") {
			t.Errorf("%s does not show what was hidden", what)
		}
	}
	check("html", written(t, "html", c))
	for _, e := range c.Entries {
		for _, d := range e.Documents {
			check(d.Name, string(d.Content))
		}
	}
	js := written(t, "json", c)
	if !json.Valid([]byte(js)) {
		t.Error("no JSON")
	}
	check("json", js)
	listing(t, written(t, "noark", c))
	pdf := written(t, "pdf", c)
	if strings.Contains(pdf, "<script") {
		t.Error("the PDF shows its text")
	}
	got := text(t, pdf)
	for _, want := range []string{"[U+1F600]", "[U+014A]á", "(a\\b)", "<script>alert(1)</script>"} {
		if !strings.Contains(strings.ReplaceAll(got, "\n", ""), strings.ReplaceAll(want, "\n", "")) && !strings.Contains(got, want) {
			t.Errorf("the PDF lacks %s", want)
		}
	}
	if n := strings.Count(strings.ReplaceAll(got, "\n", ""), "ordutenmellomrom"); n < 5*2900 {
		t.Errorf("of the long words %d pieces are left", n)
	}
}

// The PDF says what it is, in which language, and has bookmarks.
func TestPDF(t *testing.T) {
	pdf := written(t, "pdf", exported(t, everything(t), options))
	for _, want := range []string{"%PDF-1.", "/Lang (nb-NO)", "/Outlines", "/Title (\xfe\xff\x00K\x00I\x00-", "/CreationDate (D:20260701"} {
		if !strings.Contains(pdf, want) {
			t.Errorf("the PDF lacks %q", want)
		}
	}
	if strings.Contains(text(t, pdf), "\x01") || !strings.Contains(text(t, pdf), "Side 1 av ") {
		t.Error("no page numbers")
	}
}

func TestCP1252(t *testing.T) {
	for in, want := range map[string]string{
		"æøå ÆØÅ § « »": "\xe6\xf8\xe5 \xc6\xd8\xc5 \xa7 \xab \xbb", "– — … € “ ”": "\x96 \x97 \x85 \x80 \x93 \x94", "a\u030a": "\xe5", "đ😀": "[U+0111][U+1F600]",
		"a\tb": "a    b", "\u0081\u009d": "[U+0081][U+009D]", "\xff": "[U+FFFD]", "šž": "\x9a\x9e",
	} {
		if got := cp1252(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Every label is there in every language, and every one that the code asks for.
func TestLabels(t *testing.T) {
	for key, w := range labels {
		for _, lang := range kiveileder.Languages {
			if w[lang] == "" {
				t.Errorf("%s: %s is missing", key, lang)
			}
		}
	}
	for _, file := range []string{"export.go", "parts.go", "pdf.go"} {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:b\.(?:label|item|maybe|heading|document|in|out)\((?:e, )?|label\(p\.lang, )"([a-z_]+)"`).FindAllStringSubmatch(string(src), -1) {
			if labels[m[1]] == nil {
				t.Errorf("%s: no label %s", file, m[1])
			}
		}
	}
	for _, key := range []string{"required", "not_required", "permitted", "consider", "unclear", "approve", "reserve", "yes", "no"} {
		if labels[key] == nil {
			t.Errorf("no label %s", key)
		}
	}
}
