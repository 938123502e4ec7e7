package app

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/courier"
	"kiveileder/services/guidance/mail"
	"kiveileder/services/guidance/register"
	"kiveileder/services/guidance/timing"
	"kiveileder/services/queue"
	"kiveileder/services/rules"
)

// openQueue opens the queue over what cases are kept in.
func (a *App) openQueue(store guidance.Store) error {
	secrets, err := a.cfg.caseSecrets(a.role)
	if err != nil {
		return err
	}
	cfg := guidance.Config{
		Store: store, Known: a.inService, Due: timing.Due, News: a.caseNews, Fill: a.fill,
		Verbatim: func(q rules.Quote) bool { return a.state.Load().ground().Verbatim(q) },
	}
	if len(secrets) > 0 {
		if cfg.Seal, err = guidance.NewSealer(derived(secrets, "contacts")...); err != nil {
			return err
		}
	}
	cases := guidance.New(cfg)
	q := queue.Config{
		Cases: cases, Talks: a.talks, Dialogue: a, Search: a, Source: a.Source, Rules: func() *rules.Set { return a.state.Load().rules },
		Ground: func() *register.Ground { return a.state.Load().ground() }, Docs: a.docs, Changed: a.wakeWatch, Pack: a.packer(), Meaning: a.meaning(), Public: a.isPublic,
		Contacts: cfg.Seal != nil && (a.role != Services || a.cfg.SMTPURL != ""), Mails: a.cfg.SMTPURL != "",
		Letters: a.cfg.letters(a.role), Metrics: a.figures, Log: a.log.Named("queue"),
	}
	if cfg.Seal != nil {
		if a.courier, err = a.newCourier(cases, secrets); err != nil {
			return err
		}
		if q.Inbound, err = a.hook(); err != nil {
			return err
		}
		a.warnOfMail()
	}
	a.cases, a.queue = cases, queue.New(q)
	return nil
}

// newCourier gives who carries letters.
func (a *App) newCourier(cases *guidance.Service, secrets [][]byte) (*courier.Courier, error) {
	id, err := a.cfg.identity()
	if err != nil {
		return nil, err
	}
	// the oldest: marks in letters that are out must go on being known
	keys := derived(secrets, "mail tokens")
	tokens, err := mail.NewTokens([]mail.Key{{Secret: keys[len(keys)-1]}}, 0)
	if err != nil {
		return nil, err
	}
	sender, err := a.cfg.mailSender(a.role)
	if err != nil {
		return nil, err
	}
	box, err := a.cfg.mailbox()
	if err != nil {
		return nil, err
	}
	return courier.New(courier.Config{
		Service: cases, Identity: id, Tokens: tokens, Sender: sender, Mailbox: box, Origin: a.origin(), Unknown: a.cfg.unknownMails(),
		Expected: timing.Expected, ReplyBy: timing.ReplyBy, Agency: a.agencyName, Source: a.sourceName, Metrics: a.figures, Log: a.log.Named("mail"),
	})
}

// derived gives a key of 32 bytes for one purpose from each secret: what is
// known of one opens nothing of another.
func derived(secrets [][]byte, purpose string) (keys [][]byte) {
	for _, s := range secrets {
		k, err := hkdf.Key(sha256.New, s, nil, "kiveileder "+purpose, 32)
		if err != nil {
			panic(err) // only for a length that no hash gives
		}
		keys = append(keys, k)
	}
	return keys
}

// caseSecrets gives what contacts are encrypted with: that of the
// configuration, else of the data folder, which is made at the first start.
// Services without one take no contacts.
func (c Config) caseSecrets(role Role) ([][]byte, error) {
	text := c.CaseKey
	if text == "" && (role == Everything || role == operator && c.DatabaseURL == "") {
		b, err := c.ownSecret("case-key")
		if err != nil {
			return nil, err
		}
		text = string(b)
	}
	if text == "" {
		return nil, nil
	}
	out, err := split(text)
	if err != nil {
		return nil, fmt.Errorf("KIVEILEDER_CASE_KEY: %w", err)
	}
	return out, nil
}

// split gives the secrets of a list with commas.
func split(list string) (out [][]byte, err error) {
	for s := range strings.SplitSeq(list, ",") {
		if s = strings.TrimSpace(s); len(s) < 32 {
			return nil, errors.New("each secret needs at least 32 characters")
		}
		out = append(out, []byte(s))
	}
	return out, nil
}

// inService reports whether an agency may be on a case.
func (a *App) inService(key string) bool {
	set := a.state.Load().rules
	return set != nil && guidance.InService(set)(key)
}

// fill puts into the data of a command what the service knows: what a
// publication leans on, and what deadlines say.
func (a *App) fill(c guidance.Case, data any, at time.Time) (any, error) {
	data, err := timing.Fill(c, data, at)
	if err != nil {
		return data, err
	}
	return a.state.Load().ground().Fill(c, data), nil
}

// isPublic reports whether an address is one that a source names, or stands on
// the same host: it tells nobody who asked.
func (a *App) isPublic(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return false
	}
	for _, s := range a.Sources() {
		if v, err := url.Parse(s.URL); err == nil && v.Host != "" && strings.EqualFold(u.Host, v.Host) {
			return true
		}
	}
	return false
}

// agencyName gives an agency's name, its key when it is unknown.
func (a *App) agencyName(key string, l kiveileder.Language) string {
	set := a.state.Load().rules
	if set == nil {
		return key
	}
	if agency, ok := set.Agency(key); ok {
		return agency.Name.Get(l)
	}
	return key
}

// sourceName gives the title and the date of what a quote is from.
func (a *App) sourceName(q rules.Quote, _ kiveileder.Language) string {
	src, ok := a.Source(q.Source)
	if !ok {
		return ""
	}
	return strings.Trim(src.Title+", "+src.Date(), ", ")
}

// retoldTime is how far back a process that starts tells of cases that changed,
// and retoldMost of how many.
const retoldTime, retoldMost = 5 * time.Minute, 500

// retell tells of cases that changed a moment ago: whoever stored that may have
// crashed before it told anybody. Those who know already ask for nothing.
func (a *App) retell(ctx context.Context) {
	var rows []guidance.Row
	err := patiently(ctx, a.waits, func() (err error) {
		rows, err = a.cases.Store.List(ctx, guidance.Filter{Limit: retoldMost})
		return err
	})
	if err != nil && ctx.Err() == nil {
		a.log.Warn("what changed lately is not told again", zap.Error(err))
	}
	for _, r := range rows {
		if time.Since(r.Changed) > retoldTime || ctx.Err() != nil {
			return
		}
		if snap, err := a.cases.Load(ctx, r.ID); err == nil {
			a.tell(snap.Case.Asker, r.ID, snap.Case.AskerSeq)
			a.tell(kiveileder.DeskKey, r.ID, snap.Case.Seq)
		}
	}
}

// caseNews tells the asker's conversation and the desk that a case has moved.
func (a *App) caseNews(id string, c guidance.Case) {
	if c.AskerSeq == c.Seq { // what is internal is no news to an asker, not even that it is
		a.tell(c.Asker, id, c.Seq)
	}
	a.tell(kiveileder.DeskKey, id, c.Seq)
	if a.courier != nil {
		a.courier.Wake()
	}
}

// tell tells those who follow a key that a case has come to an event.
func (a *App) tell(key, id string, seq int64) {
	if key == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), newsTime)
	defer cancel()
	if err := a.events.Publish(ctx, kiveileder.Event{Key: key, Case: id, Seq: seq}); err != nil {
		a.log.Debug("news of a case not told to other replicas now", zap.Error(err)) // they look by themselves
	}
}

// newsTime is how long it may take to tell of a case.
const newsTime = 2 * time.Second
