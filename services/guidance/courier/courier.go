// Package courier carries a case's letters: what is queued for the asker goes
// out by e-mail, and what comes in reaches the case.
//
// Outgoing: package mail's worker takes mails from the store's outbox. The
// courier writes each from the case as it was at the event that the mail tells
// of, and sees to it that the log says what became of it: "delivered" once a
// server has taken it, "undelivered" once it was given up or came back. A mail
// that is only kept in a folder is neither; its status tells people so.
//
// What is sent no more: nothing of a case whose texts are gone; of a withdrawn
// one no receipt (it would promise an answer), question or reminder, while an
// answer or a referral that was given still goes out; no question or reminder
// that was answered, no reminder of questions that did not arrive, and no word
// that a case was closed which was taken up again. Such mails are dropped,
// which is no failure. Where the contact was deleted the mail is given up.
//
// Incoming: only a token of our own says which case a mail belongs to (package
// mail). It speaks as the case's asker, masked by the case's own rules, under
// a command ID made of the mail, so that the same mail twice is one event.
//
// No log line of this package holds what somebody wrote, or an address.
package courier

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/mail"
	"kiveileder/services/rules"
)

// System is who the courier is in the log.
var System = guidance.Actor{ID: "courier", Role: guidance.System}

// Config is what a courier needs.
type Config struct {
	Service  *guidance.Service
	Identity mail.Identity
	Tokens   *mail.Tokens
	Sender   mail.Sender  // nil: none goes out, and letters wait
	Mailbox  mail.Mailbox // nil: none is read
	Origin   string       // of the pages, as https://ki.example.no; empty: letters have no links
	Unknown  string       // folder for mails to the hook that belong to no case; empty: the hook refuses them

	// Expected gives when an answer to a case can be expected, seen from an
	// instant. Zero: the receipt is not sent.
	Expected func(c guidance.Case, at time.Time) time.Time
	// ReplyBy gives when a reply is due in a case that waits for one; nil or
	// zero: letters name no day.
	ReplyBy func(c guidance.Case) time.Time
	// Agency gives an agency's name; nil or "": its key.
	Agency func(key string, l kiveileder.Language) string
	// Source gives the name of what a quote is from; nil or "": its id.
	Source func(q rules.Quote, l kiveileder.Language) string

	Metrics *prometheus.Registry // nil: nothing is counted
	Log     *zap.Logger          // nil: nothing is logged
	Workers int                  // that send; default 1
	Poll    time.Duration        // between two looks into the mailbox; default 30 s
	Now     func() time.Time     // nil: time.Now
}

// A Courier carries letters both ways. It is safe for concurrent use, and
// several may run over one store and one mailbox.
type Courier struct {
	Config
	*Inbound
	data     *data
	composer *mail.Composer
	count    *metrics
	wake     chan struct{}
	told     map[string]bool // dead mails whose case knows; Run's own
}

// New checks the configuration. It sends and reads nothing yet.
func New(c Config) (*Courier, error) {
	if c.Service == nil || c.Tokens == nil || c.Expected == nil {
		return nil, errors.New("courier: a service, tokens and expected dates are needed")
	}
	if c.Origin != "" {
		if u, err := url.Parse(c.Origin); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
			return nil, errors.New("courier: the origin is http or https and a host, without a path")
		}
	}
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Workers, c.Poll = max(c.Workers, 1), max(c.Poll, 0)
	if c.Poll == 0 {
		c.Poll = 30 * time.Second
	}
	d, err := loadData()
	if err != nil {
		return nil, err
	}
	composer, err := mail.NewComposer(c.Identity, c.Tokens)
	if err != nil {
		return nil, err
	}
	inbox, err := mail.NewInbox(c.Identity, c.Tokens)
	if err != nil {
		return nil, err
	}
	m := newMetrics(c.Metrics)
	return &Courier{
		Config: c, data: d, composer: composer, count: m, wake: make(chan struct{}, 1), told: map[string]bool{},
		Inbound: &Inbound{service: c.Service, inbox: inbox, folder: c.Unknown, data: d, count: m, log: c.Log, now: c.Now},
	}, nil
}

// Wake makes a worker look at once. It never blocks: guidance.Config.News may
// call it.
func (c *Courier) Wake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run sends and reads until ctx ends; the mail under way is finished first.
func (c *Courier) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	if c.Sender != nil {
		for range c.Workers {
			w := c.worker()
			wg.Go(func() { w.Run(ctx) })
		}
	}
	wg.Go(func() { c.every(ctx, time.Minute, c.look) })
	if c.Mailbox != nil {
		wg.Go(func() { c.poll(ctx) })
	}
	wg.Wait()
	return ctx.Err()
}

func (c *Courier) worker() *mail.Worker {
	return &mail.Worker{
		Outbox: outbox{c}, Letters: mail.LettersFunc(c.letter), Composer: c.composer, Sender: c.Sender,
		Log: c.Log, Wake: c.wake, Now: c.Now,
	}
}

// every does something at once and then again and again.
func (c *Courier) every(ctx context.Context, pause time.Duration, do func(context.Context) error) {
	t := time.NewTicker(pause)
	defer t.Stop()
	for ctx.Err() == nil {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			c.Log.Warn("courier", zap.Error(err))
		}
		select {
		case <-ctx.Done():
		case <-t.C:
		}
	}
}

// deadMost is how many dead mails are looked at.
const deadMost = 1000

// look counts what waits and what was given up.
func (c *Courier) look(ctx context.Context) error {
	return errors.Join(c.waiting(ctx), c.dead(ctx))
}

// waiting counts the mails that should have gone by now.
func (c *Courier) waiting(ctx context.Context) error {
	n, err := c.Service.Store.Waiting(ctx, c.Now())
	if err != nil {
		return fmt.Errorf("count waiting mails: %w", err)
	}
	c.count.waiting.Set(float64(n))
	return nil
}

// dead counts the mails that were given up, and lets their cases know where a
// process died before it could.
func (c *Courier) dead(ctx context.Context) error {
	mails, err := c.Service.Store.DeadMails(ctx, deadMost)
	if err != nil {
		return fmt.Errorf("count dead mails: %w", err)
	}
	c.count.dead.Set(float64(len(mails)))
	var problems []error
	for _, m := range mails {
		if c.told[m.ID] {
			continue
		}
		if err := c.undelivered(ctx, m, m.Reason); err != nil {
			problems = append(problems, err)
			continue
		}
		c.told[m.ID] = true
	}
	return errors.Join(problems...)
}
