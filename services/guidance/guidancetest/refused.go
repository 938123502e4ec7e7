package guidancetest

import (
	"context"
	"strings"
	"testing"

	"kiveileder"
	"kiveileder/services/guidance"
)

func invalid(t testing.TB, what string, err error) {
	t.Helper()
	if kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
		t.Errorf("%s: %v", what, err)
	}
}

// A closed store takes nothing.
type closed struct {
	guidance.Store
	t *testing.T
}

func (c closed) Append(context.Context, guidance.Batch) error {
	c.t.Error("it came as far as the store")
	return nil
}

func testRefused(t *testing.T, open Opener) {
	noTexts := []string{"a\x00b", "\xff", "\xc3\x28", "\xed\xa0\x80"}
	t.Run("what is no text is refused, or there is none of it", func(t *testing.T) {
		s, _ := open(t)
		a := put(t, s, first("c1", 1))
		for _, x := range noTexts {
			for name, f := range map[string]guidance.Filter{
				"text": {Text: x}, "agency": {Agency: x}, "holder": {Holder: x}, "asker": {Asker: x}, "number": {Number: x},
				"state": {States: []guidance.State{guidance.State(x)}}, "after": {After: &guidance.Row{ID: x, Changed: at(9)}},
			} {
				f.Limit = 9
				_, err := s.List(t.Context(), f)
				invalid(t, "List by "+name, err)
			}
			for name, change := range map[string]func(*guidance.Batch){
				"title":     func(b *guidance.Batch) { b.Row.Title = x },
				"topic":     func(b *guidance.Batch) { b.Row.Topics = []string{x} },
				"state":     func(b *guidance.Batch) { b.Row.State = guidance.State(x) },
				"holder":    func(b *guidance.Batch) { b.Row.Holder = &guidance.Actor{ID: x} },
				"asker":     func(b *guidance.Batch) { b.Row.Asker = x },
				"published": func(b *guidance.Batch) { b.Row.Published = x },
				"claim": func(b *guidance.Batch) {
					b.Claim = &guidance.Claim{Holder: guidance.Actor{ID: x}, Now: at(1), Until: at(2)}
				},
				"mail":      func(b *guidance.Batch) { b.Mails = []guidance.Mail{mail(x, "c1", 2, 2)} },
				"mail kind": func(b *guidance.Batch) { b.Mails = []guidance.Mail{{ID: "m", Case: "c1", Kind: guidance.MailKind(x)}} },
			} {
				b := added(a, 2, "mer")
				change(&b)
				invalid(t, "Append with "+name, s.Append(t.Context(), b))
			}
			if s.Append(t.Context(), first(x, 1)) == nil {
				t.Errorf("there is a case %q", x)
			}
			_, err := s.Lease(t.Context(), "c1", guidance.Actor{ID: x}, at(1), at(2))
			invalid(t, "Lease", err)
			_, err = s.Lease(t.Context(), x, Anne, at(1), at(2))
			is(t, "Lease", guidance.ErrNoCase, err)
			_, err = s.Contact(t.Context(), x)
			is(t, "Contact", guidance.ErrNoCase, err)
			is(t, "DeleteContact", nil, s.DeleteContact(t.Context(), x))
			mails, err := s.Mails(t.Context(), x)
			if len(mails) > 0 || err != nil {
				t.Errorf("mails %v, %v", mails, err)
			}
			is(t, "Done", guidance.ErrLost, s.Done(t.Context(), guidance.Mail{ID: x, Attempt: 1}, guidance.MailSent, ""))
		}
		l := load(t, s, "c1")
		if len(l.Events) != 1 || l.Lease != (guidance.Lease{}) {
			t.Errorf("%d events, lease %v", len(l.Events), l.Lease)
		}
	})
	t.Run("what other servers say is kept as text", func(t *testing.T) {
		s, _ := open(t)
		b := first("c1", 1)
		b.Mails = []guidance.Mail{mail("m1", "c1", 1, 1)}
		put(t, s, b)
		m, _, err := s.Due(t.Context(), at(2), at(9))
		is(t, "Due", nil, err)
		is(t, "Done", nil, s.Done(t.Context(), m, guidance.MailSent, "<a\x00\xff@b>"))
		mails, err := s.Mails(t.Context(), "c1")
		if err != nil || len(mails) != 1 || mails[0].MessageID != "<a  @b>" {
			t.Errorf("mails %+v, %v", mails, err)
		}
	})
	t.Run("10 MB never come as far as the store", func(t *testing.T) {
		s, _ := open(t)
		put(t, s, first("c1", 1))
		large := strings.Repeat("æ ", 5<<20)
		service := guidance.New(guidance.Config{Store: closed{s, t}})
		for name, data := range map[string]any{
			"text":   guidance.ReceivedData{Question: large},
			"title":  guidance.ReceivedData{Question: "Må vi?", Title: large},
			"facts":  guidance.ReceivedData{Question: "Må vi?", Facts: map[string]any{"x": []any{large}}},
			"key":    guidance.ReceivedData{Question: "Må vi?", Facts: map[string]any{large: 1}},
			"topics": guidance.ReceivedData{Question: "Må vi?", Topics: strings.SplitAfterN(large, " ", 10_000)},
			"note":   guidance.NotedData{Text: large},
			"raw":    []byte(`{"text": "` + large + `"}`),
		} {
			var err error
			switch d := data.(type) {
			case guidance.ReceivedData:
				_, err = service.Open(t.Context(), "c2", Person, d, guidance.Contact{})
			case []byte:
				_, _, err = service.Do(t.Context(), "c1", guidance.Command{Actor: Anne, Kind: guidance.Noted, Data: rawJSON(d), Seen: 1})
			default:
				_, _, err = service.Do(t.Context(), "c1", guidance.Command{Actor: Anne, Kind: guidance.Noted, Data: d, Seen: 1})
			}
			invalid(t, name, err)
		}
		_, err := service.Open(t.Context(), "c2", Person, guidance.ReceivedData{Question: "Må vi?"}, guidance.Contact{Name: large})
		invalid(t, "contact", err)
		_, _, err = service.Do(t.Context(), "c1", guidance.Command{ID: large, Actor: Anne, Kind: guidance.Noted, Data: guidance.NotedData{Text: "x"}})
		invalid(t, "the command's id", err)
		_, err = s.List(t.Context(), guidance.Filter{Limit: 9, Text: large})
		invalid(t, "a search", err)
		_, err = s.List(t.Context(), guidance.Filter{Limit: 9, States: make([]guidance.State, 100_000)})
		invalid(t, "states", err)
	})
}
