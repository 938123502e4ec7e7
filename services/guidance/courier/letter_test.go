package courier

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/mail"
	"kiveileder/services/rules"
)

var draft = guidance.Draft{
	Sections:   []guidance.Section{{Question: "Må vi søke REK?", Text: "Ja, når formålet er forskning."}},
	References: []string{"helseforskningsloven § 9"},
}

// want checks that a letter was sent, of a kind, with words in it.
func want(t *testing.T, got []letter, kind mail.Kind, words ...string) letter {
	t.Helper()
	if len(got) != 1 || got[0].Item.Kind != kind {
		t.Fatalf("%d letters went out, want one %s", len(got), kind)
	}
	for _, s := range words {
		if !strings.Contains(got[0].text, s) {
			t.Errorf("%s without %q:\n%s", kind, s, got[0].text)
		}
	}
	return got[0]
}

func TestLetters(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	link := "https://ki.example.no/#sak=conversation-1"
	receipt := want(t, w.works(), mail.Receipt, "KI-2026-0001", "20. april 2026", link)
	if receipt.To != "kari@example.org" || receipt.header.Get("References") != "" {
		t.Errorf("to %s, references %q", receipt.To, receipt.header.Get("References"))
	}
	w.asks("Er samtykke innhentet?")
	question := want(t, w.works(), mail.Question, "Er samtykke innhentet?", "2. april 2026", link)
	if got := question.header.Get("In-Reply-To"); got != "<"+receipt.ID+">" {
		t.Errorf("the question answers %q", got)
	}
	w.does(asker, guidance.Replied, guidance.RepliedData{Task: w.snap().Case.Tasks[0].ID, Text: "Ja."})
	w.sends(draft)
	answer := want(t, w.works(), mail.Answer, "Helsedirektoratet", "Ja, når formålet er forskning.", "Rettsgrunnlag", "helseforskningsloven § 9", link)
	if refs := strings.Fields(answer.header.Get("References")); !slices.Equal(refs, []string{"<" + receipt.ID + ">", "<" + question.ID + ">"}) {
		t.Errorf("references %q", refs)
	}
	w.does(anne, guidance.Reopened, guidance.ReopenedData{Reason: "Nytt."})
	w.does(anne, guidance.Referred, guidance.ReferredData{To: "Statens helsetilsyn", Reason: "Det gjelder tilsyn."})
	want(t, w.works(), mail.Referral, "Statens helsetilsyn", "Det gjelder tilsyn.")

	var mails []string
	for _, e := range w.events(guidance.Delivered) {
		d := e.Data.(guidance.DeliveredData)
		if d.Channel != "mail" || e.Actor != System {
			t.Errorf("%+v", e)
		}
		mails = append(mails, d.Mail)
	}
	var ids []string
	for _, m := range w.sent {
		ids = append(ids, m.Item.ID)
	}
	if diff := cmp.Diff(ids, mails); diff != "" {
		t.Error(diff)
	}
	if n := w.figure("kiveileder_letters_total", " sent "); n != 4 {
		t.Errorf("%v counted as sent", n)
	}
}

func TestLettersInLanguages(t *testing.T) {
	for lang, word := range map[kiveileder.Language]string{"nn": "førespurnaden", "en": "We have received", "": "henvendelsen", "xx": "henvendelsen"} {
		w := newWorld(t, nil)
		w.opens(guidance.ReceivedData{Language: lang}, kari)
		want(t, w.works(), mail.Receipt, word)
	}
}

func TestQuotesInAnswer(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Service.Verbatim = func(rules.Quote) bool { return true }
		c.Source = func(q rules.Quote, _ kiveileder.Language) string {
			return map[string]string{"hforsknl": "helseforskningsloven"}[q.Source]
		}
	})
	w.opens(guidance.ReceivedData{}, kari)
	w.works()
	w.does(anne, guidance.Claimed, nil)
	w.does(anne, guidance.Assessed, nil)
	d := draft
	d.Quotes = []rules.Quote{{Source: "hforsknl", Passage: "9", Text: "må forhåndsgodkjennes"}, {Source: "annet", Text: "noe"}}
	w.sends(d)
	want(t, w.works(), mail.Answer, "Sitater", "«må forhåndsgodkjennes» (helseforskningsloven)", "«noe» (annet)")
}

func TestNoLinkWithoutOrigin(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Origin = "" })
	w.opens(guidance.ReceivedData{}, kari)
	if l := want(t, w.works(), mail.Receipt); strings.Contains(l.text, "sak=") || strings.Contains(l.text, "Se saken") {
		t.Error(l.text)
	}
	for _, origin := range []string{"ki.example.no", "https://ki.example.no/", "ftp://ki.example.no", "https://"} {
		c := w.Config
		c.Origin, c.Metrics = origin, nil
		if _, err := New(c); err == nil {
			t.Errorf("origin %q was taken", origin)
		}
	}
}

// What is not needed any more is dropped, and is no failure.
func TestDropped(t *testing.T) {
	const none = mail.Status("")
	for name, c := range map[string]struct {
		who                       guidance.Contact
		then                      func(w *world)
		receipt, question, answer mail.Status
	}{
		"withdrawn": {kari, func(w *world) { w.does(asker, guidance.Withdrawn, nil) }, mail.Dropped, none, none},
		"withdrawn after a question": {kari, func(w *world) {
			w.asks("Hva?")
			w.does(asker, guidance.Withdrawn, nil)
		}, mail.Dropped, mail.Dropped, none},
		"answered before it was asked": {kari, func(w *world) {
			e := w.asks("Hva?")
			w.does(asker, guidance.Replied, guidance.RepliedData{Task: e.Seq, Text: "Det."})
		}, mail.Sent, mail.Dropped, none},
		"withdrawn after an answer": {kari, func(w *world) {
			w.asks("Hva?")
			w.does(asker, guidance.Replied, guidance.RepliedData{Task: w.snap().Case.Tasks[0].ID, Text: "Det."})
			w.sends(draft)
			w.does(asker, guidance.Reopened, guidance.ReopenedData{Reason: "Uklart."})
			w.does(asker, guidance.Withdrawn, nil)
		}, mail.Dropped, mail.Dropped, mail.Sent},
		"anonymised": {kari, func(w *world) {
			w.does(asker, guidance.Withdrawn, nil)
			w.does(System, guidance.Anonymised, guidance.AnonymisedData{Reason: "Gammel."})
		}, mail.Dropped, none, none},
		"a telephone alone": {guidance.Contact{Phone: "99887766"}, func(*world) {}, mail.Dropped, none, none},
		"nobody":            {guidance.Contact{Conversation: "conversation-1"}, func(*world) {}, none, none, none},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.opens(guidance.ReceivedData{}, c.who)
			c.then(w)
			w.works()
			got := w.status()
			if got[mail.Receipt] != c.receipt || got[mail.Question] != c.question || got[mail.Answer] != c.answer {
				t.Errorf("%v", got)
			}
			if n := len(w.events(guidance.Undelivered)); n != 0 {
				t.Errorf("%d undelivered", n)
			}
		})
	}
}

func TestContactDeleted(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	if err := w.store.DeleteContact(t.Context(), "c1"); err != nil {
		t.Fatal(err)
	}
	if got := w.works(); len(got) != 0 || w.status()[mail.Receipt] != guidance.MailDead || len(w.events(guidance.Undelivered)) != 1 {
		t.Errorf("%d sent, %v", len(got), w.status())
	}
	if err := w.dead(t.Context()); err != nil || w.figure("kiveileder_letters_dead", "") != 1 {
		t.Errorf("%v, %v dead", err, w.figure("kiveileder_letters_dead", ""))
	}
	d := guidance.DismissedData{Mail: guidance.MailID("c1", 1, mail.Receipt), Reason: "Adressen er slettet."}
	if _, _, err := w.service.Do(t.Context(), "c1", guidance.Command{Actor: guidance.Actor{ID: "ada", Role: guidance.Admin}, Kind: guidance.Dismissed, Data: d}); err != nil {
		t.Fatal(err)
	}
	if err := w.dead(t.Context()); err != nil || w.figure("kiveileder_letters_dead", "") != 0 {
		t.Errorf("%v, %v dead after it was dismissed", err, w.figure("kiveileder_letters_dead", ""))
	}
}

// Who asked is told of a letter that was given up, and of one that went after
// all no more.
func TestAskerIsToldOfDeadLetter(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	told := func() guidance.AskerView { s := w.snap(); return guidance.ForAsker(s.Number, s.Case) }
	before := told()
	w.err = &mail.Failure{Step: "recipient", Code: 550, Permanent: true}
	w.works()
	after := told()
	if w.status()[mail.Receipt] != guidance.MailDead || before.Undelivered || !after.Undelivered || after.Seq <= before.Seq {
		t.Errorf("the asker sees %+v before, %+v after", before, after)
	}
	w.err = nil
	if err := w.store.Revive(t.Context(), guidance.MailID("c1", 1, mail.Receipt), w.clock()); err != nil {
		t.Fatal(err)
	}
	if got := w.works(); len(got) != 1 || told().Undelivered {
		t.Errorf("%d sent, told %v", len(got), told().Undelivered)
	}
}

// Letters that should have gone are counted, also those that are tried again
// later; reminders whose day has not come are not.
func TestWaiting(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	w.asks("Er samtykke innhentet?")
	w.err = &mail.Failure{Step: "connect", Server: true}
	for range 2 {
		if err := w.look(t.Context()); err != nil || w.figure("kiveileder_letters_waiting", "") != 2 {
			t.Errorf("%v, %v wait", err, w.figure("kiveileder_letters_waiting", ""))
		}
		w.works()
	}
	w.err = nil
	w.pass(time.Hour)
	w.works()
	if err := w.look(t.Context()); err != nil || w.figure("kiveileder_letters_waiting", "") != 0 {
		t.Errorf("%v, %v wait after they went", err, w.figure("kiveileder_letters_waiting", ""))
	}
}

// Without a way out letters wait, and nothing is given up.
func TestNoSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *Config) { c.Sender = nil })
		w.opens(guidance.ReceivedData{}, kari)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_ = w.Run(ctx)
		if w.status()[mail.Receipt] != guidance.MailQueued || w.figure("kiveileder_letters_waiting", "") != 1 {
			t.Errorf("%v, %v wait", w.status(), w.figure("kiveileder_letters_waiting", ""))
		}
	})
}

// reminds is what the service does when a silence lasts.
func (w *world) reminds() guidance.Event {
	w.t.Helper()
	x := w.snap().Case.Silence
	return w.does(guidance.Actor{ID: "waiting", Role: guidance.System}, guidance.Reminded, guidance.RemindedData{Since: x.Since, Number: len(x.Reminded) + 1})
}

// A reminder tells all that is asked and open, and by when; once the asker has
// written it is needed no more.
func TestReminders(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	w.asks("Er samtykke innhentet?")
	w.asks("Hvem er ansvarlig?")
	if n := len(w.works()); n != 3 {
		t.Fatalf("%d letters at first", n)
	}
	w.pass(7 * 24 * time.Hour)
	e := w.reminds()
	r := want(t, w.works(), mail.Reminder, "1. Er samtykke innhentet?", "2. Hvem er ansvarlig?", "Svar gjerne innen 2. april 2026", "kan juristene avslutte den")
	if refs := strings.Fields(r.header.Get("References")); len(refs) != 3 {
		t.Errorf("references %q", refs)
	}
	if date, err := r.header.Date(); err != nil || !date.Equal(e.At.Truncate(time.Second)) {
		t.Errorf("dated %s, %v", date, err)
	}
	if m := w.mails(); len(m) != 4 {
		t.Errorf("mails %+v", m)
	}
	w.pass(7 * 24 * time.Hour)
	w.reminds()
	w.does(asker, guidance.Added, guidance.AddedData{Text: "Svar kommer i morgen."})
	if n := len(w.works()); n != 0 || w.figure("kiveileder_letters_total", " dropped ") != 1 || len(w.events(guidance.Undelivered)) != 0 {
		t.Errorf("%d letters after they wrote, %v dropped", n, w.figure("kiveileder_letters_total", " dropped "))
	}
}

// A reminder that comes when its day is over names none, and one of questions
// of which none arrived is not sent.
func TestReminderLate(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	w.asks("Hva?")
	w.works()
	w.pass(15 * 24 * time.Hour)
	w.reminds()
	if got := w.works(); len(got) != 1 || strings.Contains(got[0].text, "Svar gjerne innen") {
		t.Errorf("%d letters", len(got))
	}
	w.does(System, guidance.Undelivered, guidance.UndeliveredData{Mail: guidance.MailID("c1", w.snap().Case.Tasks[0].ID, mail.Question), Reason: "x"})
	w.reminds()
	if got := w.works(); len(got) != 0 {
		t.Errorf("%d letters after the question came back", len(got))
	}
}

// A reminder that an older version queued together with its question is not
// sent: the log knows of none.
func TestReminderOfBefore(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	e := w.asks("Hva?")
	w.works()
	err := w.store.Append(t.Context(), guidance.Batch{Case: "c1", Expect: w.snap().Case.Seq, Row: row(w), Events: []guidance.Event{{Seq: w.snap().Case.Seq + 1, ID: "n", At: w.clock(), Actor: anne, Kind: guidance.Noted, Data: guidance.NotedData{Agency: "hdir", Text: "x"}}},
		Mails: []guidance.Mail{{ID: "old", Case: "c1", Seq: e.Seq, Kind: mail.Reminder, At: w.clock(), Status: guidance.MailQueued, Next: w.clock()}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.works(); len(got) != 0 {
		t.Errorf("%d letters", len(got))
	}
}

func row(w *world) guidance.Row {
	rows, err := w.store.List(w.t.Context(), guidance.Filter{Limit: 1})
	if err != nil || len(rows) != 1 {
		w.t.Fatal(err)
	}
	rows[0].Seq++
	return rows[0]
}

// silent brings a case to where it may be closed, and closes it.
func (w *world) closes(reason string) guidance.Event {
	w.t.Helper()
	w.reminds()
	w.does(guidance.Actor{ID: "waiting", Role: guidance.System}, guidance.Unanswered, guidance.UnansweredData{Since: w.snap().Case.Silence.Since})
	return w.does(anne, guidance.Closed, guidance.ClosedData{Reason: reason})
}

// The asker is told that the case was closed, what was asked, and why; their
// reply by mail takes it up again.
func TestClosing(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	w.asks("Er samtykke innhentet?")
	w.works()
	e := w.closes("Ta gjerne kontakt når studien er klar.")
	want(t, w.works(), mail.Closing, "Saken er avsluttet uten svar", "1. Er samtykke innhentet?", "Ta gjerne kontakt når studien er klar.")
	if got := answers(w.snap().Case, e.Seq, w.clock()); got != w.snap().Case.Tasks[0].ID {
		t.Errorf("a reply to that letter replies to %d", got)
	}
	w.does(asker, guidance.Replied, guidance.RepliedData{Task: w.snap().Case.Tasks[0].ID, Text: "Ja."})
	if s := w.snap().Case.State; s != guidance.IsReopened {
		t.Errorf("after the reply: %s", s)
	}
}

// Word of a closing is not sent to one who has taken the case up again.
func TestClosingNeedless(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	w.asks("Hva?")
	w.works()
	w.closes("")
	w.does(asker, guidance.Added, guidance.AddedData{Text: "Jeg svarer snart."})
	if got := w.works(); len(got) != 0 || len(w.events(guidance.Undelivered)) != 0 {
		t.Errorf("%d letters", len(got))
	}
}

func (w *world) mails() []guidance.Mail {
	w.t.Helper()
	mails, err := w.store.Mails(w.t.Context(), "c1")
	if err != nil {
		w.t.Fatal(err)
	}
	return mails
}

// A mail that is only kept was delivered to nobody, and people see it.
func TestKept(t *testing.T) {
	w := newWorld(t, nil)
	w.kept = true
	w.opens(guidance.ReceivedData{}, kari)
	w.works()
	m := w.mails()
	if len(w.events(guidance.Delivered)) != 0 || len(m) != 1 || m[0].Status != mail.Kept {
		t.Errorf("%+v", m)
	}
}

func TestGivenUp(t *testing.T) {
	w := newWorld(t, nil)
	w.err = &mail.Failure{Step: "recipient", Code: 550, Enhanced: "5.1.1", Permanent: true}
	w.opens(guidance.ReceivedData{}, kari)
	w.works()
	e := w.events(guidance.Undelivered)
	if len(e) != 1 || !strings.Contains(e[0].Data.(guidance.UndeliveredData).Reason, "5.1.1") {
		t.Fatalf("%+v", e)
	}
	if m := w.mails(); m[0].Status != guidance.MailDead || m[0].Reason == "" {
		t.Errorf("%+v", m)
	}
	// The process died between the outbox and the log: the next look tells it.
	again := newWorld(t, nil)
	again.opens(guidance.ReceivedData{}, kari)
	m, _, _ := again.store.Due(t.Context(), again.clock(), again.clock().Add(time.Minute))
	if err := again.store.Dead(t.Context(), m, "away"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := again.dead(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(again.events(guidance.Undelivered)); n != 1 {
		t.Errorf("%d undelivered", n)
	}
}

func TestRetried(t *testing.T) {
	w := newWorld(t, nil)
	w.err = &mail.Failure{Step: "connect", Server: true}
	w.opens(guidance.ReceivedData{}, kari)
	w.works()
	w.err = nil
	w.pass(2 * time.Minute)
	want(t, w.works(), mail.Receipt)
	if f, s := w.figure("kiveileder_letters_total", "receipt"), w.figure("kiveileder_letters_total", " failed "); f != 2 || s != 1 {
		t.Errorf("%v, %v", f, s)
	}
}

func TestData(t *testing.T) {
	if _, err := loadData(); err != nil {
		t.Error(err)
	}
	for from, c := range map[string][2]string{
		"n} vedlegg ble":      {"x} vedlegg ble", "no {n} in nb"},
		"nn: \"utan namn\", ": {"", "no words in nn"},
		"more:":               {"mere:", "unknown field"},
	} {
		s := strings.Replace(string(dataFile), from, c[0], 1)
		if s == string(dataFile) {
			t.Fatalf("no %q", from)
		}
		if _, err := readData([]byte(s)); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", from, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	w := newWorld(t, nil)
	for name, change := range map[string]func(c *Config){
		"no service": func(c *Config) { c.Service = nil }, "no tokens": func(c *Config) { c.Tokens = nil },
		"no dates": func(c *Config) { c.Expected = nil }, "no sender's address": func(c *Config) { c.Identity.From = "" },
	} {
		c := w.Config
		c.Metrics = nil
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// A mail to a case that was closed replies as long as a reply takes it up again;
// later it is an addition, which the lawyers see.
func TestReplyToClosed(t *testing.T) {
	w := newWorld(t, nil)
	until := start.AddDate(0, 1, 0)
	w.Service.Fill = func(_ guidance.Case, data any, _ time.Time) (any, error) {
		if d, ok := data.(guidance.ClosedData); ok {
			d.Until = until
			return d, nil
		}
		return data, nil
	}
	w.opens(guidance.ReceivedData{}, kari)
	w.asks("Hva?")
	e := w.closes("")
	c := w.snap().Case
	if got := answers(c, e.Seq, until.Add(-time.Second)); got != c.Tasks[0].ID {
		t.Errorf("in time: replies to %d", got)
	}
	if got := answers(c, e.Seq, until); got != 0 {
		t.Errorf("too late: replies to %d", got)
	}
}
