package courier

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/mail"
)

// letter finds what a mail says. It tells of the case as it was at its event,
// so that a mail that is sent again says the same; whether it is sent at all,
// and to whom, is as of now.
func (c *Courier) letter(ctx context.Context, it mail.Item) (mail.Letter, error) {
	snap, err := c.Service.Load(ctx, it.Case)
	if err != nil {
		return mail.Letter{}, err
	}
	if it.Seq < 1 || it.Seq > int64(len(snap.Log)) {
		return mail.Letter{}, fmt.Errorf("case %s has no event %d", it.Case, it.Seq)
	}
	if needless(snap.Case, it) {
		return mail.Letter{}, mail.ErrNeedless
	}
	contact, err := c.Service.Contact(ctx, it.Case, System)
	switch {
	case errors.Is(err, guidance.ErrNoOne):
		return mail.Letter{}, mail.ErrGone
	case err != nil:
		return mail.Letter{}, fmt.Errorf("open the contact of case %s: %w", it.Case, err)
	case contact.Email == "": // reached by telephone alone
		return mail.Letter{}, mail.ErrNeedless
	}
	was, err := guidance.Fold(snap.Log[:it.Seq])
	if err != nil {
		return mail.Letter{}, fmt.Errorf("case %s: %w", it.Case, err)
	}
	lang := language(was.Received.Language)
	l := mail.Letter{To: contact.Email, Language: lang, Number: snap.Number, Link: c.link(contact)}
	if l.References, err = c.references(ctx, it); err != nil {
		return mail.Letter{}, err
	}
	switch it.Kind {
	case mail.Receipt:
		if l.Expected = c.Expected(was, it.At); l.Expected.IsZero() {
			return mail.Letter{}, mail.ErrNeedless
		}
	case mail.Question, mail.Reminder:
		if l.Questions = asked(was, it); len(l.Questions) == 0 {
			return mail.Letter{}, fmt.Errorf("case %s asks nothing at %d", it.Case, it.Seq)
		}
		if c.ReplyBy != nil {
			l.Due = c.ReplyBy(was)
		}
		if l.Due.Before(it.At) { // a day that has passed is none to reply by
			l.Due = time.Time{}
		}
	case mail.Closing:
		d, _ := snap.Log[it.Seq-1].Data.(guidance.ClosedData)
		l.Questions, l.Due = asked(was, it), d.Until
		if d.Reason != "" {
			l.Sections = []mail.Section{{Text: d.Reason}}
		}
	case mail.Answer:
		c.answer(&l, was, it.Seq)
	case mail.Notice:
		d, _ := snap.Log[it.Seq-1].Data.(guidance.InformedData)
		l.Expected, l.Sections = d.Until, []mail.Section{{Text: d.Text}}
	case mail.Referral:
		d, _ := snap.Log[it.Seq-1].Data.(guidance.ReferredData)
		l.Referred, l.Sections = c.agency(d.To, lang), []mail.Section{{Text: d.Reason}}
	}
	return l, nil
}

// needless reports whether a mail tells nothing any more.
func needless(c guidance.Case, it mail.Item) bool {
	switch {
	case c.Anonymised:
		return true
	case it.Kind == mail.Receipt:
		return c.State == guidance.IsWithdrawn
	case it.Kind == mail.Question:
		t, ok := taskOf(c, it.Seq)
		return !ok || !t.Open() || c.State != guidance.Waiting
	case it.Kind == mail.Reminder:
		// a silence that was broken since has no such reminder any more
		stands := c.Silence != nil && slices.ContainsFunc(c.Silence.Reminded, func(at time.Time) bool { return at.Equal(it.At) })
		return !stands || lost(c, it.Case)
	case it.Kind == mail.Closing:
		return c.Closing == nil || c.Closing.Seq != it.Seq || c.State != guidance.IsClosed
	}
	return false
}

// lost reports whether no letter with an open question arrived.
func lost(c guidance.Case, id string) bool {
	return !slices.ContainsFunc(c.Tasks, func(t guidance.Task) bool {
		return t.Open() && !slices.Contains(c.Undelivered, guidance.MailID(id, t.ID, mail.Question))
	})
}

// asked gives what a letter asks: its question, or all that are open.
func asked(was guidance.Case, it mail.Item) (out []string) {
	for _, t := range was.Tasks {
		if t.ID == it.Seq || t.Open() && it.Kind != mail.Question {
			out = append(out, t.Text)
		}
	}
	return out
}

func taskOf(c guidance.Case, seq int64) (guidance.Task, bool) {
	i := slices.IndexFunc(c.Tasks, func(t guidance.Task) bool { return t.ID == seq })
	if i < 0 {
		return guidance.Task{}, false
	}
	return c.Tasks[i], true
}

// answer writes the answer that was sent at seq: its sections, then what it
// quotes and refers to.
func (c *Courier) answer(l *mail.Letter, was guidance.Case, seq int64) {
	i := slices.IndexFunc(was.Answers, func(a guidance.Answer) bool { return a.Seq == seq })
	if i < 0 {
		return // the composer says that there is nothing to say
	}
	a := was.Answers[i]
	for _, key := range a.Agencies {
		l.Agencies = append(l.Agencies, c.agency(key, l.Language))
	}
	for _, s := range a.Draft.Sections {
		l.Sections = append(l.Sections, mail.Section{Heading: s.Question, Text: s.Text})
	}
	var quotes []string
	for _, q := range a.Draft.Quotes {
		name := ""
		if c.Source != nil {
			name = c.Source(q, l.Language)
		}
		if name == "" {
			name = q.Source
		}
		quotes = append(quotes, "«"+strings.TrimSpace(q.Text)+"» ("+name+")")
	}
	if len(quotes) > 0 {
		l.Sections = append(l.Sections, mail.Section{Heading: c.data.Quotes[l.Language], Text: strings.Join(quotes, "\n\n")})
	}
	if len(a.Draft.References) > 0 {
		l.Sections = append(l.Sections, mail.Section{Heading: c.data.References[l.Language], Text: strings.Join(a.Draft.References, "\n")})
	}
}

func (c *Courier) agency(key string, l kiveileder.Language) string {
	if c.Agency != nil {
		if name := c.Agency(key, l); name != "" {
			return name
		}
	}
	return key
}

// link opens the conversation wherever the letter is read. The id stands in
// the fragment, which browsers send to nobody.
func (c *Courier) link(who guidance.Contact) string {
	if c.Origin == "" || who.Conversation == "" {
		return ""
	}
	return c.Origin + "/#sak=" + url.QueryEscape(who.Conversation)
}

// references gives the Message-IDs of what was written before. Whether it was
// sent does not matter: the same mail has the same references each time.
func (c *Courier) references(ctx context.Context, it mail.Item) ([]string, error) {
	mails, err := c.Service.Store.Mails(ctx, it.Case)
	if err != nil {
		return nil, fmt.Errorf("earlier mails of case %s: %w", it.Case, err)
	}
	slices.SortStableFunc(mails, func(a, b guidance.Mail) int { return a.At.Compare(b.At) })
	var out []string
	for _, m := range mails {
		if !m.At.Before(it.At) || m.Kind == mail.Reminder {
			continue
		}
		id, err := c.composer.MessageID(m)
		if err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}
