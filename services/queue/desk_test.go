package queue_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

func TestList(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		ctx := t.Context()
		var ids []string
		for i := range 7 {
			w.now = w.now.Add(time.Minute)
			agency := "hdir"
			if i == 6 {
				agency = "datatilsynet"
			}
			c, err := q.HandOver(ctx, fmt.Sprint("k", i), queue.HandOver{ID: "1", Question: fmt.Sprintf("Sak nummer %d om bilder?", i), Agency: agency})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, c.ID)
		}
		outsider := guidance.Actor{ID: "frida", Role: guidance.Lawyer, Agency: "helsetilsynet"}
		if p, err := q.List(ctx, outsider, queue.DeskQuery{}); err != nil || len(p.Cases) != 0 || p.Count["open"] != 0 {
			t.Errorf("an agency that is on none: %+v, %v", p, err)
		}
		var pages [][]string
		for after := ""; ; {
			p, err := q.List(ctx, bodil, queue.DeskQuery{Limit: 2, After: after})
			if err != nil {
				t.Fatal(err)
			}
			var page []string
			for _, c := range p.Cases {
				page = append(page, c.ID)
			}
			pages = append(pages, page)
			if after = p.Next; after == "" {
				break
			}
		}
		own := slices.Clone(ids[:6])
		slices.Reverse(own)
		if got := slices.Concat(pages...); !slices.Equal(got, own) {
			t.Errorf("pages %v, want %v in twos", pages, own)
		}
		if _, err := q.List(ctx, bodil, queue.DeskQuery{After: "???"}); kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
			t.Errorf("a page that is none: %v", err)
		}
		do(t, q, ids[2], bodil, guidance.Claimed, nil)
		if _, err := q.Case(ctx, bodil, ids[3], true); err != nil {
			t.Fatal(err)
		}
		count := func(w queue.DeskQuery) int {
			p, err := q.List(ctx, bodil, w)
			if err != nil {
				t.Fatal(err)
			}
			return len(p.Cases)
		}
		for name, c := range map[string]struct {
			query queue.DeskQuery
			want  int
		}{
			"mine":             {queue.DeskQuery{Holder: "me"}, 1},
			"unread":           {queue.DeskQuery{Unread: true}, 5},
			"words":            {queue.DeskQuery{Text: " NUMMER 4 "}, 1},
			"a state":          {queue.DeskQuery{States: []guidance.State{guidance.Drafting}}, 0},
			"late":             {queue.DeskQuery{Late: true}, 0},
			"another agency's": {queue.DeskQuery{Agency: "datatilsynet"}, 0},
		} {
			if got := count(c.query); got != c.want {
				t.Errorf("%s: %d cases, want %d", name, got, c.want)
			}
		}
		w.now = w.now.AddDate(0, 2, 0)
		if got := count(queue.DeskQuery{Late: true}); got != 6 {
			t.Errorf("two months later %d are late", got)
		}
		if _, err := q.Tell(ctx, "k3", ids[3], guidance.Command{ID: "a", Kind: guidance.Added, Data: guidance.AddedData{Text: "Mer."}}); err != nil {
			t.Fatal(err)
		}
		p, err := q.List(ctx, bodil, queue.DeskQuery{})
		if err != nil || p.Cases[0].ID != ids[3] || !p.Cases[0].Unread {
			t.Errorf("what the asker adds is unread again: %+v, %v", p.Cases[0], err)
		}
	})
}

// What somebody does is no news to themselves, but to others.
func TestOwnWordIsRead(t *testing.T) {
	w := newWorld(t)
	c, err := w.queue.HandOver(t.Context(), "k", queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.queue.Case(t.Context(), bodil, c.ID, true); err != nil {
		t.Fatal(err)
	}
	do(t, w.queue, c.ID, bodil, guidance.Claimed, nil)
	p, err := w.queue.List(t.Context(), bodil, queue.DeskQuery{Unread: true})
	if err != nil || len(p.Cases) != 0 {
		t.Errorf("one's own is unread: %+v, %v", p.Cases, err)
	}
}

func TestKept(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		ctx := t.Context()
		keep := func(who, key, value string) error { return q.Keep(ctx, who, key, json.RawMessage(value)) }
		if err := keep("anne", "draft:c1", `{"text":"Ja, «æøå»"}`); err != nil {
			t.Fatal(err)
		}
		kept, err := q.Kept(ctx, "anne", "draft:")
		if err != nil || string(kept["draft:c1"]) != `{"text":"Ja, «æøå»"}` {
			t.Errorf("kept: %s, %v", kept, err)
		}
		if others, err := q.Kept(ctx, "bodil", ""); err != nil || len(others) != 0 {
			t.Errorf("another's: %s, %v", others, err)
		}
		for name, c := range map[string][3]string{
			"nobody's":       {"", "draft:c1", "1"},
			"a strange key":  {"anne", "seen:c1", "1"},
			"a control mark": {"anne", "draft:\x00", "1"},
			"no JSON":        {"anne", "draft:c1", "{"},
		} {
			if err := keep(c[0], c[1], c[2]); kiveileder.ErrorCode(err) != kiveileder.CodeInvalid && err == nil {
				t.Errorf("%s was kept", name)
			}
		}
		if err := keep("anne", "draft:c1", "null"); err != nil {
			t.Fatal(err)
		}
		if kept, err = q.Kept(ctx, "anne", ""); err != nil || len(kept) != 0 {
			t.Errorf("after it was taken away: %s, %v", kept, err)
		}
	})
}

func TestReassign(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		ctx := t.Context()
		c, err := q.HandOver(ctx, "k", queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir"})
		if err != nil {
			t.Fatal(err)
		}
		admin := guidance.Actor{ID: "drift", Role: guidance.Admin}
		r, err := q.Reassign(ctx, admin, c.ID, []string{"datatilsynet", "helsetilsynet"}, "Gjelder personvern.")
		if err != nil || r.Refused != nil || !slices.Equal(r.Case.Agencies, []string{"datatilsynet", "helsetilsynet"}) {
			t.Errorf("%v, refused %+v, %v", r.Case.Agencies, r.Refused, err)
		}
		if r, err = q.Reassign(ctx, admin, c.ID, []string{"nav"}, "Feil."); err != nil || r.Refused == nil || r.Refused.Guard != "known_agency" {
			t.Errorf("an agency that is not there: %+v, %v", r.Refused, err)
		}
		if _, err = q.Reassign(ctx, admin, c.ID, nil, "Ingen."); kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
			t.Errorf("none: %v", err)
		}
	})
}

// What has outlived its time goes, in its order; what happened when stays.
func TestExpire(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c, err := w.queue.HandOver(ctx, "k", queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir", Contact: guidance.Contact{Email: "kari@example.no"}})
	if err != nil {
		t.Fatal(err)
	}
	open, err := w.queue.HandOver(ctx, "k", queue.HandOver{ID: "2", Question: "Hva mer?", Agency: "hdir", Contact: guidance.Contact{Email: "kari@example.no"}})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := w.queue.Tell(ctx, "k", c.ID, guidance.Command{Kind: guidance.Withdrawn, Seen: 1}); err != nil || r.Refused != nil {
		t.Fatal(err, r.Refused)
	}
	for _, step := range []struct {
		days, contacts, texts int
	}{{364, 0, 0}, {2, 1, 0}, {1, 0, 0}, {1460, 0, 1}, {400, 0, 0}} {
		w.now = w.now.AddDate(0, 0, step.days)
		contacts, texts, err := w.queue.Expire(ctx)
		if err != nil || contacts != step.contacts || texts != step.texts {
			t.Errorf("after %d days more: %d contacts, %d texts, %v; want %d, %d", step.days, contacts, texts, err, step.contacts, step.texts)
		}
	}
	mine, err := w.queue.Mine(ctx, "k")
	if err != nil || len(mine) != 2 || mine[1].Question != "" || mine[0].Question != "Hva mer?" {
		t.Errorf("left: %+v, %v", mine, err)
	}
	if _, err := w.cases.Contact(ctx, open.ID, guidance.Actor{Role: guidance.System}); err != nil {
		t.Errorf("the contact of an open case: %v", err)
	}
}

// A folder is mails that are kept, by case.
type folder struct {
	forgot  []string
	expired []time.Time
	err     error
}

func (f *folder) Forget(id string) error { f.forgot = append(f.forgot, id); return f.err }

func (f *folder) Expire(before time.Time) (int, error) {
	f.expired = append(f.expired, before)
	return 1, f.err
}

// withdrawn gives a world that keeps letters in a folder, with a case that has
// a contact and was withdrawn.
func withdrawn(t *testing.T) (*world, *folder, queue.AskerCase) {
	t.Helper()
	w, kept := newWorld(t), &folder{}
	w.queue.Letters = kept
	c, err := w.queue.HandOver(t.Context(), "k", queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir", Contact: guidance.Contact{Email: "kari@example.no"}})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := w.queue.Tell(t.Context(), "k", c.ID, guidance.Command{Kind: guidance.Withdrawn, Seen: 1}); err != nil || r.Refused != nil {
		t.Fatal(err, r.Refused)
	}
	return w, kept, c
}

// With the contact the mails to it go that were kept; those of other cases and
// those that belong to none go when they are old.
func TestKeptMailsGo(t *testing.T) {
	w, kept, c := withdrawn(t)
	ctx := t.Context()
	if _, _, err := w.queue.Expire(ctx); err != nil || len(kept.forgot) != 0 || len(kept.expired) != 1 || !kept.expired[0].Equal(w.now.AddDate(0, 0, -365)) {
		t.Errorf("at once: %+v, %v", kept, err)
	}
	w.now = w.now.AddDate(0, 0, 366)
	if _, _, err := w.queue.Expire(ctx); err != nil || !slices.Equal(kept.forgot, []string{c.ID}) {
		t.Errorf("with the contact: %+v, %v", kept, err)
	}
	kept.forgot = nil
	if err := w.queue.Anonymise(ctx, guidance.Actor{ID: "drift", Role: guidance.Admin}, c.ID, "Etter ønske."); err != nil || !slices.Equal(kept.forgot, []string{c.ID}) {
		t.Errorf("with the texts: %+v, %v", kept, err)
	}
	kept.err = errors.New("the disk is away")
	if err := w.queue.Anonymise(ctx, guidance.Actor{ID: "drift", Role: guidance.Admin}, c.ID, "Etter ønske."); err == nil {
		t.Error("that mails stay is not told")
	}
	if _, _, err := w.queue.Expire(ctx); err == nil {
		t.Error("that mails stay is not told")
	}
}

// Who asks to be forgotten while the case is open is reached no more at once,
// and is told what stays. Nobody else can do that to them.
func TestForgetOpen(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		ctx := t.Context()
		c, err := q.HandOver(ctx, "k", queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir", Contact: guidance.Contact{Email: "kari@example.no"}})
		if err != nil {
			t.Fatal(err)
		}
		system := guidance.Actor{ID: "test", Role: guidance.System}
		admin := guidance.Actor{ID: "drift", Role: guidance.Admin}
		for name, try := range map[string]struct {
			who    guidance.Actor
			reason string
		}{"a lawyer": {bodil, "Etter ønske."}, "without a reason": {admin, " "}} {
			if err := q.Anonymise(ctx, try.who, c.ID, try.reason); err == nil {
				t.Errorf("%s: done", name)
			}
			if _, err := w.cases.Contact(ctx, c.ID, system); err != nil {
				t.Errorf("%s: the contact: %v", name, err)
			}
		}
		err = q.Anonymise(ctx, admin, c.ID, "Etter ønske.")
		if kiveileder.ErrorCode(err) != kiveileder.CodeConflict || !strings.Contains(kiveileder.ErrorMessage(err), "Kontaktopplysningene er slettet") {
			t.Errorf("what stays: %v", err)
		}
		if _, err := w.cases.Contact(ctx, c.ID, system); !errors.Is(err, guidance.ErrNoOne) {
			t.Errorf("the contact: %v", err)
		}
		if d, err := q.Case(ctx, admin, c.ID, false); err != nil || d.Anonymised || d.Received.Question != "Hva?" {
			t.Errorf("the texts: %+v, %v", d.Case, err)
		}
	})
}

// Where nobody could be written to, no address is asked for, nor taken.
func TestNoContacts(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		w.queue.Contacts = false
		if f, err := q.Form(t.Context(), "k", kiveileder.Bokmal); err != nil || f.Contact {
			t.Errorf("the form: %+v, %v", f, err)
		}
		h := queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir", Contact: guidance.Contact{Email: "kari@example.no"}}
		if _, err := q.HandOver(t.Context(), "k", h); kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
			t.Errorf("with an address: %v", err)
		}
		h.Contact = guidance.Contact{}
		if c, err := q.HandOver(t.Context(), "k", h); err != nil || c.HasMail {
			t.Errorf("without: %+v, %v", c, err)
		}
	})
}

// The form begins with what was asked, not with a word told besides.
func TestFormAsksWhatWasAsked(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		for key, said := range map[string][]string{
			"Må vi søke REK for bildene våre?": {"Må vi søke REK for bildene våre?", "vet ikke", "pasientjournal"},
			"Og hva med prøver?":               {"Må vi søke REK for bildene våre?", "vet ikke", "Og hva med prøver?"},
			"CE-merking":                       {"CE-merking"},
		} {
			for _, m := range said {
				w.ask(key, m)
			}
			if f, err := q.Form(t.Context(), key, kiveileder.Bokmal); err != nil || f.Question != key {
				t.Errorf("after %q it asks %q, %v", said, f.Question, err)
			}
		}
	})
}

// A receipt promises mails only where one is sent, and to who left an address.
func TestReceiptPromisesNoMail(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		for i, c := range []struct {
			mails            bool
			contact          guidance.Contact
			hasMail, notSent bool
		}{
			{true, guidance.Contact{Name: "Kari", Email: "kari@example.no"}, true, false},
			{false, guidance.Contact{Name: "Kari", Email: "kari@example.no"}, true, true},
			{true, guidance.Contact{Name: "Kari"}, false, false},
			{true, guidance.Contact{}, false, false},
		} {
			w.queue.Mails = c.mails
			got, err := q.HandOver(t.Context(), "k", queue.HandOver{ID: fmt.Sprint(i), Question: "Hva?", Agency: "hdir", Contact: c.contact})
			if err != nil || got.HasMail != c.hasMail || got.NotSent != c.notSent {
				t.Errorf("%+v: has mail %v, not sent %v, %v", c, got.HasMail, got.NotSent, err)
			}
		}
	})
}

// Open cases are counted by state, and those that are late.
func TestCount(t *testing.T) {
	w := newWorld(t)
	reg := prometheus.NewRegistry()
	w.queue.Config.Metrics = reg
	w.queue = queue.New(w.queue.Config)
	count := func() string {
		t.Helper()
		if err := w.queue.Count(t.Context()); err != nil {
			t.Fatal(err)
		}
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, f := range families {
			for _, m := range f.GetMetric() {
				name := strings.TrimPrefix(f.GetName(), "kiveileder_cases")
				for _, l := range m.GetLabel() {
					name += l.GetValue()
				}
				if n := m.GetGauge().GetValue(); n > 0 {
					out = append(out, fmt.Sprint(name, "=", n))
				}
			}
		}
		return strings.Join(out, " ")
	}
	if got := count(); got != "" {
		t.Errorf("at first %s", got)
	}
	var ids []string
	for i := range 3 {
		c, err := w.queue.HandOver(t.Context(), fmt.Sprint("k", i), queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir"})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.ID)
	}
	do(t, w.queue, ids[0], bodil, guidance.Claimed, nil)
	do(t, w.queue, ids[0], bodil, guidance.Assessed, nil)
	if got := count(); got != "assessment=1 received=2" {
		t.Errorf("then %s", got)
	}
	w.now = w.now.AddDate(0, 2, 0)
	if r, err := w.queue.Tell(t.Context(), "k1", ids[1], guidance.Command{Kind: guidance.Withdrawn, Seen: 1}); err != nil || r.Refused != nil {
		t.Fatal(err, r.Refused)
	}
	if got := count(); got != "assessment=1 received=1 _late=2" {
		t.Errorf("in the end %s", got)
	}
}

// A clock that is years ahead takes nothing away but what one case or two are.
func TestExpireWithAWrongClock(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	for i := range 25 {
		key := fmt.Sprint("k", i)
		c, err := w.queue.HandOver(ctx, key, queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir"})
		if err != nil {
			t.Fatal(err)
		}
		if r, err := w.queue.Tell(ctx, key, c.ID, guidance.Command{Kind: guidance.Withdrawn, Seen: 1}); err != nil || r.Refused != nil {
			t.Fatal(err, r.Refused)
		}
	}
	w.now = w.now.AddDate(50, 0, 0)
	if _, texts, err := w.queue.Expire(ctx); err == nil || texts != 0 {
		t.Errorf("%d cases were anonymised, %v", texts, err)
	}
}

func TestData(t *testing.T) {
	for name, text := range map[string]string{
		"unknown": "- {keep: names, days: 1}", "twice": "- {keep: texts, days: 1}\n- {keep: texts, days: 1}", "no days": "- {keep: texts}",
		"longer": "- {keep: texts, days: 1}\n- {keep: contact, days: 2}\n- {keep: typing, days: 1}\n- {keep: mails, days: 1}", "some": "- {keep: texts, days: 1}",
	} {
		if _, err := queue.ReadTerms([]byte(text)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := queue.ReadModules([]byte(`- {key: a, title: {nb: A}, text: {nb: A, nn: A, en: A}}`)); err == nil {
		t.Error("a module without a title in every language is taken")
	}
	d, err := newWorld(t).queue.Desk(t.Context())
	if err != nil || len(d.Modules) < 5 || len(d.Agencies) != 4 || len(d.Facts) < 15 || len(d.Targets) == 0 {
		t.Errorf("the desk: %d modules, %d agencies, %d facts, %d targets, %v", len(d.Modules), len(d.Agencies), len(d.Facts), len(d.Targets), err)
	}
}

func TestExport(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		d := answered(t, q, "k")
		do(t, q, d.ID, bodil, guidance.Noted, guidance.NotedData{Text: "Bare for oss."})
		for format, begins := range map[string]string{"html": "<!doctype html>", "json": "{", "noark": "PK", "pdf": "%PDF-"} {
			f, err := q.Export(t.Context(), bodil, d.ID, format, kiveileder.Nynorsk)
			if err != nil || f.Name == "" || f.Type == "" || !bytes.HasPrefix(f.Content, []byte(begins)) || bytes.Contains(f.Content, []byte("Bare for oss")) {
				t.Errorf("%s: %s %s, %.20q, %v", format, f.Name, f.Type, f.Content, err)
			}
		}
		if _, err := q.Export(t.Context(), bodil, d.ID, "docx", kiveileder.Bokmal); kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
			t.Errorf("an unknown format: %v", err)
		}
	})
}
