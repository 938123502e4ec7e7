package mail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kiveileder"
)

func testInbox(t testing.TB) *Inbox {
	t.Helper()
	in, err := NewInbox(testIdentity, testTokens(t))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// incoming puts tokens in the places of a mail and gives it line ends of the
// wire: {reply}, {id}, {other}, {forged}, {expired} and their ids.
func incoming(t testing.TB, text string) []byte {
	t.Helper()
	tokens := testTokens(t)
	c := testComposer(t)
	id := func(token string) string { return "<" + c.messageID(token, "abcdefgh") + ">" }
	mine := makeToken(t, tokens, "KI-2026-0042", 7, testDay)
	other := makeToken(t, tokens, "KI-2026-0043", 2, testDay)
	forged := makeToken(t, testTokens(t, newKey), "KI-2026-0042", 7, testDay)
	old := makeToken(t, tokens, "KI-2026-0042", 7, testDay.AddDate(-3, 0, 0))
	at := "@ki.example.no"
	text = strings.NewReplacer("{reply}", "svar+"+mine+at, "{id}", id(mine), "{other}", "svar+"+other+at, "{otherid}", id(other),
		"{forged}", "svar+"+forged+at, "{forgedid}", id(forged), "{expired}", "svar+"+old+at, "\n", "\r\n").Replace(text)
	return []byte(text)
}

func TestSort(t *testing.T) {
	const from = "From: Kari <kari@example.org>\nMessage-ID: <m1@example.org>\n"
	const report = from + `MIME-Version: 1.0
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

Could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; kari@example.org
Action: ACTION
Status: STATUS (text)
--b
Content-Type: message/rfc822

Message-ID: {id}
Subject: old

old text
--b--
`
	for name, c := range map[string]struct {
		raw  string
		env  Envelope
		sort Sort
		cas  string
		why  string
		text string
		lost bool
		code string
	}{
		"a reply to the address": {raw: from + "To: ki <{reply}>\n\nJa.\n", sort: Reply, cas: "KI-2026-0042", why: "address", text: "Ja."},
		"in a copy":              {raw: from + "To: boss@example.org\nCc: a@b.c, {reply}\n\nJa.\n", sort: Reply, cas: "KI-2026-0042", text: "Ja."},
		"where it was delivered": {raw: from + "Delivered-To: {reply}\nTo: undisclosed:;\n\nJa.\n", sort: Reply, cas: "KI-2026-0042", text: "Ja."},
		"in the envelope":        {raw: from + "To: x@y.z\n\nJa.\n", env: Envelope{Known: true, From: "kari@example.org", To: []string{"{reply}"}}, sort: Reply, cas: "KI-2026-0042", text: "Ja."},
		"in reply to":            {raw: from + "To: svar@ki.example.no\nIn-Reply-To: {id}\n\nJa.\n", sort: Reply, cas: "KI-2026-0042", why: "reference", text: "Ja."},
		"the newest reference":   {raw: from + "References: {otherid} <x@y>\n {id} <kari-own@example.org>\n\nJa.\n", sort: Reply, cas: "KI-2026-0042", text: "Ja."},
		"the address before references": {
			raw: from + "To: {other}\nIn-Reply-To: {id}\n\nJa.\n", sort: Reply, cas: "KI-2026-0043", text: "Ja.",
		},
		"two cases in the addresses": {raw: from + "To: {reply}, {other}\n\nJa.\n", sort: Unknown, why: "two cases", text: "Ja."},
		"one case twice":             {raw: from + "To: {reply}, {reply}\n\nJa.\n", sort: Reply, cas: "KI-2026-0042", text: "Ja."},

		"only the subject":              {raw: from + "Subject: Re: ki.veiledning, sak KI-2026-0042\nTo: svar@ki.example.no\n\nJa.\n", sort: Unknown, why: "no token", text: "Ja."},
		"only the text":                 {raw: from + "To: svar@ki.example.no\n\nSe {reply} og {id}\n", sort: Unknown, why: "no token"},
		"the token in the subject":      {raw: from + "To: svar@ki.example.no\nSubject: {reply}\n\nJa.\n", sort: Unknown, text: "Ja."},
		"the token as the sender":       {raw: "From: {reply}\nTo: svar@ki.example.no\n\nJa.\n", sort: Unknown, text: "Ja."},
		"a forged token":                {raw: from + "To: {forged}\n\nJa.\n", sort: Unknown, why: "not ours", text: "Ja."},
		"a forged reference":            {raw: from + "In-Reply-To: {forgedid}\n\nJa.\n", sort: Unknown, why: "not ours", text: "Ja."},
		"an expired token":              {raw: from + "To: {expired}\n\nJa.\n", sort: Unknown, why: "expired", text: "Ja."},
		"forged first, then a good one": {raw: from + "To: {forged}, {reply}\n\nJa.\n", sort: Reply, cas: "KI-2026-0042", text: "Ja."},

		"out of office":         {raw: from + "To: {reply}\nAuto-Submitted: auto-replied (vacation)\nSubject: Autosvar\n\nBorte.\n", sort: Auto, cas: "KI-2026-0042", why: "Auto-Submitted", text: "Borte."},
		"written by a person":   {raw: from + "To: {reply}\nAuto-Submitted: no\n\nJa.\n", sort: Reply, cas: "KI-2026-0042", text: "Ja."},
		"bulk":                  {raw: from + "To: {reply}\nPrecedence: bulk\n\nx\n", sort: Auto, cas: "KI-2026-0042", why: "Precedence", text: "x"},
		"X-Autoreply":           {raw: from + "To: {reply}\nX-Autoreply: yes\n\nx\n", sort: Auto, cas: "KI-2026-0042", text: "x"},
		"an empty return path":  {raw: "Return-Path: <>\n" + from + "To: {reply}\n\nx\n", sort: Auto, cas: "KI-2026-0042", why: "empty return path", text: "x"},
		"an empty envelope":     {raw: from + "To: {reply}\n\nx\n", env: Envelope{Known: true}, sort: Auto, cas: "KI-2026-0042", text: "x"},
		"auto without a case":   {raw: from + "Auto-Submitted: auto-generated\n\nx\n", sort: Auto, text: "x"},
		"says so in words only": {raw: from + "To: {reply}\nSubject: Automatic reply: x\n\nx\n", sort: Reply, cas: "KI-2026-0042", text: "x"},
		"our own mail":          {raw: "From: ki@ki.example.no\nMessage-ID: {id}\nTo: {reply}\n\nx\n", sort: Auto, cas: "KI-2026-0042", why: "our own", text: "x"},

		"a bounce": {
			raw: "Return-Path: <>\n" + strings.NewReplacer("ACTION", "failed", "STATUS", "5.1.1").Replace(report), sort: Bounce,
			cas: "KI-2026-0042", lost: true, code: "5.1.1", text: "Could not be delivered.",
		},
		"a delay": {
			raw: strings.NewReplacer("ACTION", "delayed", "STATUS", "4.4.1").Replace(report), sort: Bounce, cas: "KI-2026-0042", code: "4.4.1",
			text: "Could not be delivered.",
		},
		"a bounce to the address": {
			raw: "To: {other}\n" + strings.NewReplacer("ACTION", "failed", "STATUS", "5.1.1", "{id}", "<x@y>").Replace(report), sort: Bounce,
			cas: "KI-2026-0043", lost: true, code: "5.1.1", text: "Could not be delivered.",
		},
		"a forged bounce": {
			raw: strings.NewReplacer("ACTION", "failed", "STATUS", "5.1.1", "{id}", "{forgedid}").Replace(report), sort: Bounce, lost: true, code: "5.1.1",
			text: "Could not be delivered.",
		},
		"an old kind of bounce": {raw: from + "To: {reply}\nX-Failed-Recipients: kari@example.org\n\nx\n", sort: Bounce, cas: "KI-2026-0042", lost: true, text: "x"},
		"a complaint": {
			raw: from + "To: {reply}\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\nSpam.\n--b--\n", sort: Auto,
			cas: "KI-2026-0042", text: "Spam.",
		},
		"a report that a person sends on": {
			raw:  from + "To: {reply}\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHva er dette?\n--b\nContent-Type: message/delivery-status\n\nA: b\n\nAction: failed\n--b--\n",
			sort: Reply, cas: "KI-2026-0042", text: "Hva er dette?",
		},
		"a report within, sent on": {
			raw: from + "To: {reply}\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\nHva er dette?\n--a\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" +
				"--b\nContent-Type: message/delivery-status\n\nA: b\n\nAction: failed\n--b--\n--a--\n",
			sort: Reply, cas: "KI-2026-0042", text: "Hva er dette?",
		},
		"a read receipt": {
			raw: from + "To: {reply}\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nLest.\n--b--\n", sort: Auto,
			cas: "KI-2026-0042", text: "Lest.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for i, to := range c.env.To {
				c.env.To[i] = string(incoming(t, to))
			}
			a, err := testInbox(t).Sort(incoming(t, c.raw), c.env, testDay.Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			if a.Sort != c.sort || a.Case != c.cas || !strings.Contains(a.Why, c.why) || a.Lost != c.lost || a.Code != c.code {
				t.Errorf("got %s of %q (%s), lost %v %q", a.Sort, a.Case, a.Why, a.Lost, a.Code)
			}
			if c.text != "" && a.New != c.text {
				t.Errorf("text %q", a.New)
			}
			if a.Case != "" && (a.Sort == Reply) && a.Seq == 0 {
				t.Error("the event is not known")
			}
		})
	}
}

func TestReadTexts(t *testing.T) {
	const want = "Blåbærsyltetøy «på» brødskiva"
	latin1 := strings.NewReplacer("å", "\xe5", "æ", "\xe6", "ø", "\xf8", "«", "\xab", "»", "\xbb").Replace(want)
	for name, raw := range map[string]string{
		"utf-8":                   "Content-Type: text/plain; charset=utf-8\n\n" + want,
		"no type at all":          "\n" + want,
		"latin1":                  "Content-Type: text/plain; charset=iso-8859-1\n\n" + latin1,
		"latin1 called ASCII":     "Content-Type: text/plain; charset=us-ascii\n\n" + latin1,
		"an unknown charset":      "Content-Type: text/plain; charset=x-klingon\n\n" + latin1,
		"windows, quoted":         "Content-Type: text/plain; charset=\"Windows-1252\"\nContent-Transfer-Encoding: quoted-printable\n\nBl=E5b=E6rsyltet=F8y =ABp=E5=BB=\n br=F8dskiva",
		"base64":                  "Content-Transfer-Encoding: BASE64\n\n" + base64.StdEncoding.EncodeToString([]byte(want)),
		"base64 with spaces":      "Content-Transfer-Encoding: base64\n\n" + strings.Join(strings.Split(base64.StdEncoding.EncodeToString([]byte(want)), ""), " "),
		"a bad type":              "Content-Type: ;;;\n\n" + want,
		"HTML alone":              "Content-Type: text/html\n\n<html><head><title>x</title><style>p{}</style></head><body><p>Blåbærsyltetøy&nbsp;&laquo;på&raquo;\n brødskiva</p><script>x</script></body>",
		"plain beside HTML":       "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n" + want + "\n--b\nContent-Type: text/html\n\n<p>Other</p>\n--b--",
		"HTML, then a plain foot": "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: text/html\n\n<b>Bl</b>åbærsyltetøy <i>«på»\n</i>brødskiva\n--a\n\n  \n--a--",
		"an empty plain part":     "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n\n--b\nContent-Type: text/html\n\n<p>" + want + "</p>\n--b--",
		"within mixed, a file":    "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n" + want + "\n--b--\n--a\nContent-Type: text/plain; name=x.txt\nContent-Disposition: attachment\n\nfile\n--a--",
		"no last boundary":        "Content-Type: multipart/mixed; boundary=a\n\n--a\n\n" + want,
		"a forwarded mail in it":  "Content-Type: multipart/mixed; boundary=a\n\n--a\n\n" + want + "\n--a\nContent-Type: message/rfc822\n\nSubject: x\n\nforwarded\n--a--",
	} {
		t.Run(name, func(t *testing.T) {
			m, err := Read([]byte("From: a@b.c\n" + raw))
			if err != nil {
				t.Fatal(err)
			}
			if m.Text != want {
				t.Errorf("got %q", m.Text)
			}
		})
	}
}

// A foot that a server adds as text does not hide what HTML says.
func TestReadKeepsEveryPart(t *testing.T) {
	m, err := Read([]byte("From: a@b.c\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: text/html\n\n<p>Ja.</p>\n--a\n\nVirus checked\n--a--"))
	if err != nil || m.Text != "Ja.\n\nVirus checked" {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestReadCutsLongTexts(t *testing.T) {
	for name, raw := range map[string]string{
		"text": "\n" + strings.Repeat("æ", maxText),
		"HTML": "Content-Type: text/html\n\n<p>Ja.</p>" + strings.Repeat("<br>", maxHTML/4),
	} {
		m, err := Read([]byte("From: a@b.c\n" + raw))
		if err != nil || !m.Cut || m.Text == "" || len(m.Text) > maxText || !utf8.ValidString(m.Text) {
			t.Errorf("%s: %v, cut %v, %d bytes", name, err, m.Cut, len(m.Text))
		}
	}
}

func TestReadHeaders(t *testing.T) {
	m, err := Read([]byte("From: =?iso-8859-1?Q?K=E5re?= <kare@example.org>\nSubject: =?utf-8?B?U3bDpXI=?=\n =?x-none?Q?a=E5?=\nMessage-ID: <a@b>\n" +
		"Content-Type: multipart/mixed; boundary=a\n\n--a\n\nx\n--a\nContent-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''bl%C3%A5%0a.pdf\nContent-Transfer-Encoding: base64\n\nAAAA\n--a--"))
	if err != nil {
		t.Fatal(err)
	}
	if m.From != "kare@example.org" || m.Subject != "Svåraå" || m.ID != "a@b" {
		t.Errorf("%q %q %q", m.From, m.Subject, m.ID)
	}
	if len(m.Attachments) != 1 || m.Attachments[0] != (Attachment{"blå .pdf", "application/pdf", 3}) && m.Attachments[0] != (Attachment{"blå.pdf", "application/pdf", 3}) {
		t.Errorf("%+v", m.Attachments)
	}
}

func parts(n int) string {
	return "Content-Type: multipart/mixed; boundary=a\n\n" + strings.Repeat("--a\n\nx\n", n) + "--a--"
}

func nested(n int) string {
	s := "\n\nx\n"
	for i := n; i > 0; i-- {
		s = fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n%s\n--b%d--\n", i, i, s, i)
	}
	return s
}

func TestReadRefuses(t *testing.T) {
	const from = "From: a@b.c\n"
	for name, c := range map[string]struct {
		raw  string
		want error
	}{
		"10 MB and a byte":         {from + "\n" + strings.Repeat("x", MaxMail-len(from)), ErrTooLarge},
		"10 MB":                    {from + "\n" + strings.Repeat("x", MaxMail-len(from)-1), nil},
		"20 parts":                 {from + parts(20), nil},
		"21 parts":                 {from + parts(21), ErrParts},
		"a million parts":          {from + parts(1_000_000), ErrParts},
		"5 deep":                   {from + nested(5), nil},
		"6 deep":                   {from + nested(6), ErrDepth},
		"a header that never ends": {strings.Repeat("X: y\n", 1_000_000), ErrHeader},
		"a field of 1 MB":          {"X: " + strings.Repeat("y", 1<<20) + "\n\nx", ErrHeader},
		"1 MB of folded lines":     {"X: y\n" + strings.Repeat(" y\n", 300_000) + "\nx", ErrHeader},
		"many fields":              {strings.Repeat("X: y\n", 401) + "\nx", ErrHeader},
		"no header":                {"hello", ErrMalformed},
		"empty":                    {"", ErrMalformed},
		"a multipart of nothing":   {from + "Content-Type: multipart/mixed\n\nx", ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			m, err := Read([]byte(c.raw))
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if c.want != nil && kiveileder.ErrorMessage(err) != say[refusals[c.want]][kiveileder.Bokmal] {
				t.Errorf("told %q", kiveileder.ErrorMessage(err))
			}
			if c.want == nil && len(m.Text) > maxText {
				t.Errorf("%d bytes of text kept", len(m.Text))
			}
			if d := time.Since(began); d > 20*time.Second {
				t.Errorf("took %s", d)
			}
		})
	}
}

// 10 MB that are made to be slow.
func TestReadBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 9 MB again and again")
	}
	big := func(s string) string { return strings.Repeat(s, (9<<20)/len(s)) }
	for name, raw := range map[string]string{
		"tags":             "Content-Type: text/html\n\n" + big("<div>"),
		"quotes":           "Content-Type: text/html\n\n" + big("<blockquote>x"),
		"an open tag":      "Content-Type: text/html\n\n<a " + big("x=y "),
		"entities":         "Content-Type: text/html\n\n" + big("&amp;"),
		"silent elements":  "Content-Type: text/html\n\n" + big("<svg>"),
		"quote marks":      "\n" + big("> "),
		"quoted lines":     "\n" + big("> x\n"),
		"From lines":       "\n" + big("From:\n"),
		"blank lines":      "\n" + big("\n"),
		"base64":           "Content-Transfer-Encoding: base64\n\n" + big("AAAA"),
		"base64 of spaces": "Content-Transfer-Encoding: base64\n\n" + big(" "),
		"quoted-printable": "Content-Transfer-Encoding: quoted-printable\n\n" + big("=\n"),
		"boundaries":       "Content-Type: multipart/mixed; boundary=a\n\n" + big("--a "),
		"addresses":        "To: " + strings.Repeat("(", 60_000) + "\nFrom: " + strings.Repeat("(", 60_000) + "\n\nx",
		"tokens":           "To: " + strings.Repeat("svar+"+strings.Repeat("a", 30)+"@ki.example.no ", 2000) + "\n\nx",
		"references":       "References: " + strings.Repeat("<a@b>", 20_000) + "\n\nx",
		"a status report":  "Content-Type: multipart/report; boundary=a\n\n--a\nContent-Type: message/delivery-status\n\n" + big("Action: failed\n\n"),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			if _, err := testInbox(t).Sort([]byte("X: y\n"+raw), Envelope{}, testDay); err != nil && !errors.Is(err, ErrHeader) && !errors.Is(err, ErrMalformed) {
				t.Error(err)
			}
			if d := time.Since(began); d > 30*time.Second {
				t.Errorf("took %s", d)
			}
		})
	}
}

// What is sent and answered comes back to its case, in every program's way.
func TestThereAndBack(t *testing.T) {
	c, in := testComposer(t), testInbox(t)
	m, err := c.Compose(testItem(Question, 7), testLetter(Question, kiveileder.Bokmal))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := m.Bytes()
	plain, page := bodies(t, raw)
	quoted := "> " + strings.ReplaceAll(strings.ReplaceAll(plain, "\r\n", "\n"), "\n", "\n> ")
	for name, raw := range map[string]string{
		"plain": "To: " + m.From + "\n\nJa, fra alle.\n\nman. 2. mars 2026 kl. 10:30 skrev ki.veiledning <" + m.From + ">:\n\n" + quoted,
		"HTML": "In-Reply-To: <" + m.ID + ">\nContent-Type: text/html; charset=utf-8\n\n<div>Ja, fra alle.</div><br><div class=q>man. 2. mars 2026 kl. 10:30 skrev ki.veiledning:<br></div><blockquote>" +
			page + "</blockquote>",
	} {
		a, err := in.Sort([]byte("From: kari@example.org\n"+raw), Envelope{}, testDay.Add(time.Hour))
		if err != nil || a.Sort != Reply || a.Case != "KI-2026-0042" || a.Seq != 7 || a.New != "Ja, fra alle." {
			t.Errorf("%s: %v, %+v", name, err, a)
		}
	}
}

// A mailbox without + takes replies by their references.
func TestThereAndBackWithoutPlus(t *testing.T) {
	id := testIdentity
	id.Plus = false
	c, err := NewComposer(id, testTokens(t))
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Compose(testItem(Question, 7), testLetter(Question, kiveileder.Bokmal))
	if err != nil {
		t.Fatal(err)
	}
	if m.From != "svar@ki.example.no" {
		t.Errorf("replies go to %s", m.From)
	}
	in, err := NewInbox(id, testTokens(t))
	if err != nil {
		t.Fatal(err)
	}
	a, err := in.Sort([]byte("From: kari@example.org\nTo: svar@ki.example.no\nReferences: <"+m.ID+">\n\nJa."), Envelope{}, testDay)
	if err != nil || a.Sort != Reply || a.Case != "KI-2026-0042" {
		t.Errorf("%+v, %v", a, err)
	}
}

// Without an address for replies no letter asks for one.
func TestNoReplies(t *testing.T) {
	c, err := NewComposer(Identity{From: "ki@ki.example.no"}, testTokens(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Kinds {
		raw := compose(t, c, testItem(k, 7), testLetter(k, kiveileder.Bokmal))
		plain, page := bodies(t, raw)
		for _, bad := range []string{"denne e-posten.", "over denne linjen"} {
			if strings.Contains(plain, bad) || strings.Contains(page, bad) {
				t.Errorf("%s says %q", k, bad)
			}
		}
		if bytes.Contains(raw, []byte("\nReply-To:")) || bytes.Contains(raw, []byte("List-Id:")) {
			t.Errorf("%s has headers that nobody set", k)
		}
	}
}

func TestKey(t *testing.T) {
	key := func(raw string) string {
		a, err := testInbox(t).Sort([]byte(raw), Envelope{}, testDay)
		if err != nil {
			t.Fatal(err)
		}
		return a.Key
	}
	first := key("Message-ID: <a@b>\nFrom: a@b.c\nReceived: one\n\nJa.")
	for name, c := range map[string]struct {
		raw  string
		same bool
	}{
		"delivered twice":          {"Message-ID: <a@b>\nFrom: a@b.c\nReceived: two\n\nJa.", true},
		"the same id, other words": {"Message-ID: <a@b>\nFrom: a@b.c\n\nNei.", false},
		"without an id":            {"From: a@b.c\n\nJa.", false},
	} {
		if (key(c.raw) == first) != c.same {
			t.Errorf("%s: want same %v", name, c.same)
		}
	}
}

func TestHook(t *testing.T) {
	secret, next := bytes.Repeat([]byte("s"), 32), bytes.Repeat([]byte("n"), 32)
	h := Hook{testInbox(t), [][]byte{next, secret}}
	raw := incoming(t, "From: kari@example.org\nTo: {reply}\n\nJa.\n")
	good := SignHook(secret, raw, testDay)
	if a, err := h.Receive(good, raw, testDay.Add(4*time.Minute)); err != nil || a.Sort != Reply || a.New != "Ja." {
		t.Errorf("%+v, %v", a, err)
	}
	for name, c := range map[string]struct {
		sig string
		raw []byte
		now time.Time
	}{
		"six minutes later":      {good, raw, testDay.Add(6 * time.Minute)},
		"six minutes before":     {good, raw, testDay.Add(-6 * time.Minute)},
		"another mail":           {good, append([]byte("X: y\r\n"), raw...), testDay},
		"another's secret":       {SignHook(bytes.Repeat([]byte("x"), 32), raw, testDay), raw, testDay},
		"a later time put in":    {strings.Replace(good, fmt.Sprint(testDay.Unix()), fmt.Sprint(testDay.Unix()+1), 1), raw, testDay},
		"no signature":           {"", raw, testDay},
		"an empty one":           {fmt.Sprintf("t=%d,v1=", testDay.Unix()), raw, testDay},
		"no hex":                 {fmt.Sprintf("t=%d,v1=zz", testDay.Unix()), raw, testDay},
		"a time that overflows":  {"t=9223372036854775807,v1=00", raw, testDay},
		"a secret that is empty": {SignHook(nil, raw, testDay), raw, testDay},
	} {
		if _, err := h.Receive(c.sig, c.raw, c.now); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.Receive(good, make([]byte, MaxMail+1), testDay); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if _, err := (Hook{testInbox(t), [][]byte{nil}}).Receive(SignHook(nil, raw, testDay), raw, testDay); !errors.Is(err, ErrSignature) {
		t.Errorf("no secret set: %v", err)
	}
}

func FuzzSort(f *testing.F) {
	for _, s := range []string{
		"From: a@b.c\nTo: {reply}\n\nJa.\n", "From: a@b.c\nIn-Reply-To: {id}\nContent-Type: text/html\n\n<p>Ja<blockquote>x", nested(3), parts(3),
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nA: b\n\nAction: failed\nStatus: 5.1.1\n--b\nContent-Type: message/rfc822\n\nMessage-ID: {id}\n\nx\n--b--",
		"Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n\nAAAA",
		"Subject: =?iso-2022-jp?B?GyRC?=\n\nA\n-- \nb\n> c\nFra: a\nTil: b\nSendt: c\n",
	} {
		f.Add(incoming(f, s))
	}
	in := testInbox(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := in.Sort(raw, Envelope{}, testDay)
		if err != nil {
			if kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
				t.Errorf("refused with %v", err)
			}
			return
		}
		if a.Sort == Reply && a.Case == "" || a.Case != "" && !strings.HasPrefix(a.Case, "KI-2026-004") {
			t.Errorf("%s of %q", a.Sort, a.Case)
		}
		if !strings.HasPrefix(strings.TrimSpace(a.Mail.Text), a.New) || strings.ContainsAny(a.New, "\x00\x1b") {
			t.Errorf("new %q of %q", a.New, a.Mail.Text)
		}
		if b, _ := in.Sort(raw, Envelope{}, testDay); b.Key != a.Key || b.Sort != a.Sort {
			t.Error("sorted otherwise the second time")
		}
	})
}
