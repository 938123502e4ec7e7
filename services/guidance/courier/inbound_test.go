package courier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/mail"
)

var mailNumber int

// from gives a raw mail that answers one of ours.
func from(to letter, text string) []byte {
	mailNumber++
	raw := fmt.Sprintf("From: Kari <kari@example.org>\nTo: %s\nMessage-ID: <m%d@example.org>\nSubject: SV: hei\n\n%s\n",
		to.header.Get("Reply-To"), mailNumber, text)
	return []byte(strings.ReplaceAll(raw, "\n", "\r\n"))
}

// takes takes a mail in.
func (w *world) takes(raw []byte) {
	w.t.Helper()
	if err := w.Take(w.t.Context(), raw, mail.Envelope{}); err != nil {
		w.t.Fatal(err)
	}
	w.pass(time.Second)
}

func TestReply(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	receipt := want(t, w.works(), mail.Receipt)
	w.takes(from(receipt, "Vi har også spurt REK. Ring Kari Nordmann på 99 88 77 66."))
	got := w.snap().Case.Added
	if len(got) != 1 || !strings.HasPrefix(got[0].Text, "Vi har også spurt REK.") || strings.Contains(got[0].Text, "99 88") || strings.Contains(got[0].Text, "Nordmann") {
		t.Fatalf("added %+v", got)
	}

	// Two questions are open: each mail answers the one that it is a reply to.
	w.asks("Første?")
	w.asks("Andre?")
	letters := w.works()
	raw := from(letters[1], "Svar på den andre.\n\nDen 24. mars 2026 kl. 10:30 skrev ki.veiledning <ki@ki.example.no>:\n> Andre?")
	w.takes(raw)
	w.takes(raw) // the same mail again
	c := w.snap().Case
	if c.Tasks[1].Reply != "Svar på den andre." || !c.Tasks[0].Open() || c.State != guidance.Waiting || len(w.events(guidance.Replied)) != 1 {
		t.Errorf("tasks %+v", c.Tasks)
	}
	// Another mail to the answered one goes to the only question that is open.
	w.takes(from(letters[1], "Og den første."))
	c = w.snap().Case
	if c.Tasks[0].Reply != "Og den første." || c.State != guidance.Assessment {
		t.Errorf("%s, tasks %+v", c.State, c.Tasks)
	}
	w.takes(from(letters[0], "Enda mer."))
	if got := w.snap().Case.Added; len(got) != 2 || got[1].Text != "Enda mer." {
		t.Errorf("added %+v", got)
	}
	for sort, n := range map[string]float64{" replied ": 2, " added ": 2, " double ": 1} {
		if got := w.figure("kiveileder_mails_in_total", sort); got != n {
			t.Errorf("%s%v times, want %v", sort, got, n)
		}
	}
}

// A reply that quotes our letter must not show the desk the link to the
// asker's conversation.
func TestReplyThatQuotesTheLink(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	receipt := want(t, w.works(), mail.Receipt)
	for _, link := range []string{
		"https://ki.example.no/#sak=conversation-1", "https://safe.example/?url=https%3A%2F%2Fki.example.no%2F%23sak%3Dconversation-1&data=x",
		"https://ki.example.no/#sak=conver\n> sation-1", "https://ki.example.no/#sak=conversation-2",
	} {
		w.takes(from(receipt, "> Se saken:\n> "+link+"\n\nSvaret mitt står under."))
		added := w.snap().Case.Added
		got := added[len(added)-1].Text
		if strings.Contains(got, "conver") || strings.Contains(got, "sation") || !strings.Contains(got, "Svaret mitt står under.") {
			t.Errorf("%q", got)
		}
	}
}

// Two questions are open and nothing says which is meant: it is not guessed.
func TestReplyToNeitherQuestion(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	receipt := want(t, w.works(), mail.Receipt)
	w.asks("Første?")
	w.asks("Andre?")
	w.takes(from(receipt, "Ja."))
	if c := w.snap().Case; len(c.Added) != 1 || !c.Tasks[0].Open() || !c.Tasks[1].Open() {
		t.Errorf("%+v", c.Tasks)
	}
}

func TestReplyToEndedCase(t *testing.T) {
	for name, end := range map[string]func(w *world){
		"withdrawn": func(w *world) { w.does(asker, guidance.Withdrawn, nil) },
		"referred":  func(w *world) { w.does(anne, guidance.Referred, guidance.ReferredData{To: "andre", Reason: "Fordi."}) },
		"answered": func(w *world) {
			w.does(asker, guidance.Replied, guidance.RepliedData{Task: w.snap().Case.Tasks[0].ID, Text: "Ja."})
			w.sends(draft)
		},
	} {
		w := newWorld(t, nil)
		w.opens(guidance.ReceivedData{}, kari)
		w.asks("Hva?")
		question := w.works()[1]
		end(w)
		state := w.snap().Case.State
		w.takes(from(question, "Et ord til."))
		if c := w.snap().Case; len(c.Added) != 1 || c.State != state {
			t.Errorf("%s: %s, added %+v", name, c.State, c.Added)
		}
	}
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	receipt := want(t, w.works(), mail.Receipt)
	w.does(asker, guidance.Withdrawn, nil)
	w.does(System, guidance.Anonymised, guidance.AnonymisedData{Reason: "Gammel."})
	if err := w.Take(t.Context(), from(receipt, "Et ord."), mail.Envelope{}); !Refusal(err) {
		t.Errorf("a case that is gone: %v", err)
	}
}

func TestLimitsOfReplies(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	receipt := want(t, w.works(), mail.Receipt)
	w.takes(from(receipt, strings.Repeat("ææ ", 20_000)))
	if got := []rune(w.snap().Case.Added[0].Text); len(got) > maxReply+100 || !strings.HasSuffix(string(got), "[Teksten var for lang og er kortet ned.]") {
		t.Errorf("%d characters, %q", len(got), string(got[len(got)-60:]))
	}
	w.takes(from(receipt, "a\x00b\u202ec\ufffdd æ"))
	if got := w.snap().Case.Added[1].Text; got != "abc?d æ" {
		t.Errorf("%q", got)
	}
	for name, raw := range map[string][]byte{
		"1 MB of text": from(receipt, strings.Repeat("a b ", MaxText/4+1)),
		"10 MB":        from(receipt, strings.Repeat("a", mail.MaxMail)),
		"nothing":      from(receipt, " \n\t"),
		"no mail":      []byte("junk"),
	} {
		if err := w.Take(t.Context(), raw, mail.Envelope{}); kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := 2; i < MaxMails; i++ {
		w.takes(from(receipt, fmt.Sprintf("Nummer %d.", i)))
	}
	flood := from(receipt, "Én til.")
	if err := w.Take(t.Context(), flood, mail.Envelope{}); kiveileder.ErrorCode(err) != kiveileder.CodeRateLimited {
		t.Errorf("mail %d in an hour: %v", MaxMails+1, err)
	}
	w.pass(time.Hour)
	w.takes(flood)
	if n := len(w.snap().Case.Added); n != MaxMails+1 || w.figure("kiveileder_mails_in_total", " refused ") != 5 {
		t.Errorf("%d added", n)
	}
}

func TestAttachments(t *testing.T) {
	const file = "--b\nContent-Type: application/pdf; name=\"%s\"\nContent-Disposition: attachment; filename=\"%s\"\nContent-Transfer-Encoding: base64\n\n%s\n"
	mixed := func(to letter, text string, names ...string) []byte {
		body := "--b\n\n" + text + "\n"
		for _, n := range names {
			body += fmt.Sprintf(file, n, n, strings.Repeat("QUFB", 400))
		}
		head := fmt.Sprintf("From: k@example.org\nTo: %s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n", to.header.Get("Reply-To"))
		return []byte(strings.ReplaceAll(head+body+"--b--\n", "\n", "\r\n"))
	}
	for _, c := range []struct {
		lang  kiveileder.Language
		text  string
		names []string
		want  string
	}{
		{"nb", "Se her.", []string{"plan.pdf", "skisse.png"}, "Se her.\n\n[2 vedlegg ble ikke tatt med: plan.pdf (1 kB), skisse.png (1 kB)]"},
		{"nn", "Sjå her.", []string{"plan.pdf"}, "Sjå her.\n\n[1 vedlegg vart ikkje teke med: plan.pdf (1 kB)]"},
		{"en", "", []string{"plan.pdf"}, "[1 attachment was left out: plan.pdf (1 kB)]"},
	} {
		w := newWorld(t, nil)
		w.opens(guidance.ReceivedData{Language: c.lang}, kari)
		w.takes(mixed(want(t, w.works(), mail.Receipt), c.text, c.names...))
		if got := w.snap().Case.Added; len(got) != 1 || got[0].Text != c.want {
			t.Errorf("%s: %v", c.lang, got)
		}
	}
	for n, s := range map[int]string{0: "1 kB", 400: "1 kB", 300_000: "300 kB", 1_240_000: "1,2 MB"} {
		if got := size(n, kiveileder.Bokmal); got != s {
			t.Errorf("%d bytes are %s", n, got)
		}
	}
}

// bounced gives a server's report on one of our letters.
func bounced(of letter, action, status string) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf(`From: <mailer-daemon@example.org>
To: %s
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

Sorry, kari@example.org.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; kari@example.org
Action: %s
Status: %s
--b
Content-Type: message/rfc822

Message-ID: <%s>

x
--b--
`, of.From, action, status, of.ID), "\n", "\r\n"))
}

func TestBounce(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	w.asks("Hva?")
	letters := w.works()
	w.takes(bounced(letters[1], "delayed", "4.4.1"))
	w.takes(bounced(letters[1], "failed", "5.1.1"))
	w.takes(bounced(letters[1], "failed", "5.1.1"))
	e := w.events(guidance.Undelivered)
	if len(e) != 1 || e[0].Data != (guidance.UndeliveredData{Mail: letters[1].Item.ID, Reason: "returned 5.1.1"}) || e[0].Actor != System {
		t.Errorf("%+v", e)
	}
	// Who does not get questions is not reminded of them.
	w.pass(30 * 24 * time.Hour)
	if n := len(w.works()); n != 0 {
		t.Errorf("%d reminders to an address that is gone", n)
	}
}

func TestOtherMails(t *testing.T) {
	core, logs := observer.New(zap.DebugLevel)
	w := newWorld(t, func(c *Config) { c.Log = zap.New(core) })
	w.opens(guidance.ReceivedData{}, kari)
	receipt := want(t, w.works(), mail.Receipt)
	n := w.snap().Case.Seq
	auto := append([]byte("Auto-Submitted: auto-replied\r\n"), from(receipt, "Jeg er på ferie.")...)
	own, err := receipt.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	w.takes(auto)
	w.takes(own)
	for name, raw := range map[string][]byte{
		"a stranger":                 []byte("From: kari@example.org\r\nTo: ki@ki.example.no\r\n\r\nHemmelig.\r\n"),
		"a forged token":             []byte("From: kari@example.org\r\nTo: svar+" + strings.Repeat("a", 40) + "@ki.example.no\r\n\r\nHemmelig.\r\n"),
		"a bounce of something else": []byte("From: <>\r\nReturn-Path: <>\r\nX-Failed-Recipients: kari@example.org\r\n\r\nHemmelig.\r\n"),
	} {
		if err := w.Take(t.Context(), raw, mail.Envelope{}); !errors.Is(err, errUnknown) || !Refusal(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w.snap().Case.Seq != n || w.figure("kiveileder_mails_in_total", " auto ") != 2 || w.figure("kiveileder_mails_in_total", " unknown ") != 3 {
		t.Errorf("the case moved, or miscounted")
	}
	for _, e := range logs.All() {
		line := fmt.Sprint(e.Message, e.ContextMap())
		if strings.Contains(line, "Hemmelig") || strings.Contains(line, "example.org") || strings.Contains(line, "ferie") {
			t.Errorf("the log says %s", line)
		}
	}
	if logs.Len() != 3 {
		t.Errorf("%d lines in the log", logs.Len())
	}
}

// A case without an asker, and one that is not there, are for a person.
func TestNobodySpeaks(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	receipt := want(t, w.works(), mail.Receipt)
	raw := from(receipt, "Ja.")
	other := newWorld(t, nil)
	if err := other.Take(t.Context(), raw, mail.Envelope{}); !errors.Is(err, errUnknown) {
		t.Errorf("no such case: %v", err)
	}
	if _, err := other.Service.Open(t.Context(), "c1", anne, guidance.ReceivedData{Question: "Må vi?"}, kari); err != nil {
		t.Fatal(err)
	}
	if err := other.Take(t.Context(), raw, mail.Envelope{}); !errors.Is(err, errUnknown) {
		t.Errorf("no asker: %v", err)
	}
}

// The same mail reaches several processes at once and is one event.
func TestSameMailAtOnce(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	w.asks("Hva?")
	raw := from(w.works()[1], "Det.")
	var wg sync.WaitGroup
	for range 8 {
		c := w.courier(w.store, nil)
		wg.Go(func() {
			if err := c.Take(context.WithoutCancel(t.Context()), raw, mail.Envelope{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if c := w.snap().Case; c.Tasks[0].Reply != "Det." || len(c.Added) != 0 {
		t.Errorf("%+v, added %+v", c.Tasks, c.Added)
	}
}

func TestHook(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Unknown = t.TempDir() })
	w.opens(guidance.ReceivedData{}, kari)
	receipt := want(t, w.works(), mail.Receipt)
	secret := bytes.Repeat([]byte("s"), 32)
	post := func(raw, with []byte, at time.Time) kiveileder.Code {
		return kiveileder.ErrorCode(w.Receive(t.Context(), mail.SignHook(with, raw, at), raw, bytes.Repeat([]byte("o"), 32), secret))
	}
	const invalid = kiveileder.CodeInvalid
	good := from(receipt, "Ja.")
	stranger := []byte("From: kari@example.org\r\nTo: ki@ki.example.no\r\n\r\nHei.\r\n")
	for _, c := range []struct {
		name   string
		raw    []byte
		secret []byte
		at     time.Duration
		want   kiveileder.Code
	}{
		{"a reply", good, secret, 0, ""},
		{"the same again", good, secret, time.Second, ""},
		{"another secret", good, bytes.Repeat([]byte("x"), 32), 0, invalid},
		{"replayed later", good, secret, -6 * time.Minute, invalid},
		{"junk", []byte("junk"), secret, 0, invalid},
		{"nothing", nil, secret, 0, invalid},
		{"over 10 MB", bytes.Repeat([]byte("a"), mail.MaxMail+1), secret, 0, invalid},
		{"a stranger, kept for a person", stranger, secret, 0, ""},
	} {
		if got := post(c.raw, c.secret, w.clock().Add(c.at)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if n := len(w.snap().Case.Added); n != 1 {
		t.Errorf("%d added", n)
	}
	if files, err := os.ReadDir(w.Unknown); err != nil || len(files) != 1 {
		t.Errorf("%d kept, %v", len(files), err)
	}
	w.folder = ""
	if got := post(stranger, secret, w.clock()); got != invalid {
		t.Errorf("a stranger without a folder: %q", got)
	}
	for range MaxMails {
		post(from(receipt, "Mer."), secret, w.clock())
	}
	if got := post(from(receipt, "Mer."), secret, w.clock()); got != kiveileder.CodeRateLimited {
		t.Errorf("a flood: %q", got)
	}
	w.Inbound.service = guidance.New(guidance.Config{Store: &dying{Store: w.store}, Now: w.clock})
	if got := post(from(receipt, "Mer."), secret, w.clock()); got != kiveileder.CodeInternal { // to be sent again
		t.Errorf("the store is away: %q", got)
	}
}
