package mail

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"kiveileder"
	"kiveileder/internal/golden"
)

var testIdentity = Identity{
	Name: "ki.veiledning", From: "ki@ki.example.no", Reply: "svar@ki.example.no", Plus: true, ListID: "saker.ki.example.no",
}

func testComposer(t testing.TB) *Composer {
	t.Helper()
	c, err := NewComposer(testIdentity, testTokens(t))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func testItem(k Kind, seq int64) Item {
	return Item{ID: "KI-2026-0042/" + string(k), Case: "KI-2026-0042", Seq: seq, Kind: k, At: testDay}
}

func testLetter(k Kind, lang kiveileder.Language) Letter {
	l := Letter{To: "kari@example.org", Language: lang, Number: "KI-2026-0042", Link: "https://ki.example.no/sak/abc?x=1&y=2"}
	switch k {
	case Receipt:
		l.Expected = testDay.AddDate(0, 0, 30)
	case Question, Reminder, Closing:
		l.Due = testDay.AddDate(0, 0, 14)
		l.Questions = []string{"Er samtykke innhentet fra alle?", "Hvem er dataansvarlig?\nSkriv gjerne hvorfor."}
		l.References = []string{"first@x.example", "<second@x.example>"}
	case Notice:
		l.Expected = testDay.AddDate(0, 2, 0)
		l.Sections = []Section{{"", "Vi venter på en avklaring fra en annen etat."}}
	case Referral:
		l.Referred = "Statens\nhelsetilsyn"
		l.Sections = []Section{{"", "Det gjelder tilsyn, ikke veiledning."}}
	case Answer:
		l.Agencies = []string{"Helsedirektoratet", "DMP", "Datatilsynet"}
		l.Sections = []Section{
			{"Må vi søke REK?", "Ja, når formålet er forskning.\n\n«Medisinsk og helsefaglig forskning» krever forhåndsgodkjenning <§ 9>."},
			{"", "Spør igjen om noe endrer seg."},
		}
	}
	return l
}

func compose(t testing.TB, c *Composer, it Item, l Letter) []byte {
	t.Helper()
	m, err := c.Compose(it, l)
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNewComposerRefuses(t *testing.T) {
	id := testIdentity
	id.Reply = strings.Repeat("s", 21) + "@ki.example.no"
	if _, err := NewComposer(id, testTokens(t)); err == nil || !strings.Contains(err.Error(), "before the @") {
		t.Errorf("no room for a token: %v", err)
	}
}

func TestTexts(t *testing.T) {
	if _, err := loadTexts(); err != nil {
		t.Error(err)
	}
	if _, err := loadHabits(); err != nil {
		t.Error(err)
	}
}

func TestTextsLint(t *testing.T) {
	for name, c := range map[string][3]string{
		"a name in the subject": {`{nb: "ki.veiledning, sak {number}"`, `{nb: "ki.veiledning, {name}"`, "{name} is not allowed"},
		"a language left out":   {`greeting: {nb: "Hei", nn: "Hei", en: "Hello"}`, `greeting: {nb: "Hei", en: "Hello"}`, "no words in nn"},
		"a place left out":      {"Saksnummeret er {number}. Oppgi det om du", "Saksnummeret er kjent. Oppgi det om du", "nn uses other places"},
		"an unknown field":      {"greeting:", "greetings:", "unknown field"},
		"an unknown kind":       {"  reminder:\n", "  nagging:\n", `no kind "nagging"`},
		"an unknown when":       {"when: replies", "when: sunny", `no when "sunny"`},
		"a date without a when": {"      - when: due\n        nb: \"Svar gjerne", "      - nb: \"Svar gjerne", "{due} may be empty"},
		"a stray brace":         {`nb: "og"`, `nb: "og}"`, "stray brace"},
	} {
		t.Run(name, func(t *testing.T) {
			s := strings.Replace(string(textsFile), c[0], c[1], 1)
			if s == string(textsFile) {
				t.Fatal("nothing to replace")
			}
			if _, err := readTexts([]byte(s)); err == nil || !strings.Contains(err.Error(), c[2]) {
				t.Errorf("got %v; want %q", err, c[2])
			}
		})
	}
}

// Every mail as it goes over the wire.
func TestComposeGolden(t *testing.T) {
	c := testComposer(t)
	for _, k := range Kinds {
		for _, lang := range kiveileder.Languages {
			b := compose(t, c, testItem(k, 7), testLetter(k, lang))
			golden.Check(t, string(k)+"."+string(lang)+".eml", strings.ReplaceAll(string(b), "\r\n", "\n"))
			if again := compose(t, testComposer(t), testItem(k, 7), testLetter(k, lang)); !bytes.Equal(b, again) {
				t.Errorf("%s: written again it is another mail", k)
			}
		}
	}
}

func TestComposeHeaders(t *testing.T) {
	c := testComposer(t)
	l := testLetter(Answer, kiveileder.Nynorsk)
	for i := range 40 {
		l.References = append(l.References, string(rune('a'+i%26))+strings.Repeat("x", i)+"@mail.example")
	}
	l.References = append(l.References, "broken", "<inj@x\r\nBcc: evil@example.org>", l.References[0])
	it := testItem(Answer, 7)
	m, err := netmail.ReadMessage(bytes.NewReader(compose(t, c, it, l)))
	if err != nil {
		t.Fatal(err)
	}
	token := makeToken(t, c.tokens, it.Case, it.Seq, it.At)
	id, err := c.MessageID(it)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Subject":        "ki.veiledning, sak KI-2026-0042",
		"Message-Id":     "<" + id + ">",
		"Reply-To":       "<svar+" + token + "@ki.example.no>",
		"From":           `"ki.veiledning" <ki@ki.example.no>`,
		"To":             "<kari@example.org>",
		"Auto-Submitted": "auto-generated",
		"List-Id":        "<saker.ki.example.no>",
		"Date":           "Mon, 02 Mar 2026 09:30:00 +0000",
		"Bcc":            "",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	refs := strings.Fields(m.Header.Get("References"))
	if len(refs) != referencesMax || refs[0] != "<a@mail.example>" || refs[len(refs)-1] != m.Header.Get("In-Reply-To") {
		t.Errorf("references %d: %q … in reply to %q", len(refs), refs[0], m.Header.Get("In-Reply-To"))
	}
	reminder := testItem(Reminder, 7)
	if other, _ := c.MessageID(reminder); other == id {
		t.Error("two mails of one event have one Message-ID")
	}
}

// What people write stays text in both forms.
func TestComposeHostileText(t *testing.T) {
	evil := "<script>alert(1)</script><img src=x onerror=y>\x00\x1b[2J\u202e{{.To}} &amp; \xff\r\n.\r\nQUIT\r\n\r\nBcc: a@b.c"
	l := testLetter(Answer, kiveileder.English)
	l.Agencies, l.Sections, l.Questions = []string{evil}, []Section{{evil, evil}}, []string{evil}
	plain, page := bodies(t, compose(t, testComposer(t), testItem(Answer, 7), l))
	for _, bad := range []string{"\x00", "\x1b", "\u202e"} {
		if strings.Contains(plain, bad) || strings.Contains(page, bad) {
			t.Errorf("%q came through", bad)
		}
	}
	if !strings.Contains(plain, "<script>alert(1)</script>") {
		t.Error("the plain text lost what was written")
	}
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "img") {
			t.Errorf("<%s> came through", n.Data)
		}
	}
}

func TestComposeHTMLIsAccessible(t *testing.T) {
	for _, k := range Kinds {
		_, page := bodies(t, compose(t, testComposer(t), testItem(k, 7), testLetter(k, kiveileder.Nynorsk)))
		doc, err := html.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		count, lang := map[string]int{}, ""
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			count[n.Data]++
			if n.Data == "html" {
				lang = n.Attr[0].Val
			}
			if n.Data == "a" && strings.HasPrefix(n.FirstChild.Data, "http") {
				t.Errorf("%s: a link without words", k)
			}
		}
		if lang != "nn" || count["title"] != 1 || count["h1"] != 1 || count["a"] != 1 || count["table"] != 0 || count["img"] != 0 {
			t.Errorf("%s: lang %q, %v", k, lang, count)
		}
	}
}

func TestComposeRefuses(t *testing.T) {
	c := testComposer(t)
	for name, change := range map[string]func(it *Item, l *Letter){
		"no address":            func(_ *Item, l *Letter) { l.To = "" },
		"two addresses":         func(_ *Item, l *Letter) { l.To = "secret@example.org, b@example.org" },
		"a header in it":        func(_ *Item, l *Letter) { l.To = "secret@example.org\r\nBcc: b@example.org" },
		"no language":           func(_ *Item, l *Letter) { l.Language = "sv" },
		"a name for a number":   func(_ *Item, l *Letter) { l.Number = "Kari secret" },
		"no date to expect":     func(_ *Item, l *Letter) { l.Expected = time.Time{} },
		"a script for a link":   func(_ *Item, l *Letter) { l.Link = "javascript:secret" },
		"no kind":               func(it *Item, _ *Letter) { it.Kind = "gossip" },
		"no id":                 func(it *Item, _ *Letter) { it.ID = "" },
		"a case id far too big": func(it *Item, _ *Letter) { it.Case = strings.Repeat("x", 40) },
		"nothing is asked":      func(it *Item, _ *Letter) { it.Kind = Question },
	} {
		t.Run(name, func(t *testing.T) {
			it, l := testItem(Receipt, 1), testLetter(Receipt, kiveileder.Bokmal)
			change(&it, &l)
			if _, err := c.Compose(it, l); err == nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// bodies gives the plain and the HTML part of a mail.
func bodies(t testing.TB, raw []byte) (plain, page string) {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	var out []string
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	if len(out) != 2 {
		t.Fatalf("%d parts", len(out))
	}
	return out[0], out[1]
}
