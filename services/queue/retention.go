package queue

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
	"go.uber.org/zap"

	"kiveileder/services/guidance"
)

//go:embed retention.yaml
var retentionYAML []byte

// A Term says how long something is kept.
type Term struct {
	Keep        string `yaml:"keep"` // contact, mails, typing, texts
	Days        int    `yaml:"days"`
	Unconfirmed bool   `yaml:"unconfirmed"`
}

// kinds are what a term can be of.
var kinds = []string{"contact", "mails", "typing", "texts"}

var terms = func() map[string]time.Duration {
	t, err := ReadTerms(retentionYAML)
	if err != nil {
		panic(err) // a test reads it
	}
	return t
}()

// ReadTerms reads how long each kind of data is kept. All kinds must be there,
// and contacts must not be kept longer than texts.
func ReadTerms(data []byte) (map[string]time.Duration, error) {
	var list []Term
	if err := yaml.UnmarshalWithOptions(data, &list, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("retention: %w", err)
	}
	out := map[string]time.Duration{}
	for _, t := range list {
		if t.Days <= 0 || !slices.Contains(kinds, t.Keep) || out[t.Keep] != 0 {
			return nil, fmt.Errorf("retention: %q is unknown, there twice, or has no days", t.Keep)
		}
		out[t.Keep] = time.Duration(t.Days) * 24 * time.Hour
	}
	if len(out) != len(kinds) || out["contact"] > out["texts"] {
		return nil, errors.New("retention: contact, mails, typing and texts are needed, and contacts go no later than texts")
	}
	return out, nil
}

// retention is who takes away what has outlived its time.
var retention = guidance.Actor{ID: "retention", Role: guidance.System}

// cleared says of which case, and past which of its terms, nothing is left to
// take away. It holds as long as the process: what is typed on such a case
// later goes at the next start.
type cleared struct {
	seq                   int64
	typing, contact, text bool
}

// Expire takes away what has outlived its time, and gives the number of cases
// whose contact went, and of those that were anonymised.
func (q *Queue) Expire(ctx context.Context) (contacts, texts int, err error) {
	rows, err := q.Cases.Store.List(ctx, guidance.Filter{States: guidance.TheFlow.Ends, Limit: everything})
	if err != nil {
		return 0, 0, err
	}
	if due := q.outlived(rows); due > 20 && due > len(rows)/3 {
		return 0, 0, fmt.Errorf("the texts of %d of %d ended cases would go at once: is the clock right? `kiveileder case forget` takes them one by one", due, len(rows))
	}
	var failed []error
	for _, r := range rows {
		age := q.now().Sub(r.Changed)
		now := cleared{r.Seq, age > terms["typing"], age > terms["contact"], age > terms["texts"]}
		if was, ok := q.cleared.Load(r.ID); ok && was == now {
			continue // thousands of cases rest for years
		}
		switch {
		case age > terms["texts"] && r.Title != "": // without a title it is done
			if err := q.anonymise(ctx, retention, r.ID, say.Words("term_over")); err != nil {
				failed = append(failed, err)
				continue
			}
			texts++
		case age > terms["contact"]:
			if _, err := q.Cases.Store.Contact(ctx, r.ID); errors.Is(err, guidance.ErrNoOne) {
				break
			}
			if err := q.Forget(ctx, r.ID); err != nil {
				failed = append(failed, err)
				continue
			}
			contacts++
		}
		if age > terms["typing"] { // who has read it, too: it is news to nobody any more
			if err := q.forgetKept(ctx, append(guidance.TypedKeys(r.ID), guidance.SeenKey(r.ID))); err != nil {
				failed = append(failed, err)
				continue
			}
		}
		q.cleared.Store(r.ID, now)
	}
	mails := 0
	if q.Letters != nil {
		if mails, err = q.Letters.Expire(q.now().Add(-terms["mails"])); err != nil {
			failed = append(failed, err)
		}
	}
	if contacts+texts+mails > 0 {
		q.Log.Info("old cases cleared", zap.Int("contacts", contacts), zap.Int("texts", texts), zap.Int("mails", mails))
	}
	return contacts, texts, errors.Join(failed...)
}

// forgetKept takes keys away from everybody.
func (q *Queue) forgetKept(ctx context.Context, keys []string) error {
	var failed []error
	for _, key := range keys {
		failed = append(failed, q.Cases.Store.ForgetKept(ctx, key))
	}
	return errors.Join(failed...)
}

// outlived counts the cases whose texts are past their time. A clock that is
// years ahead must not take everything away, which nothing brings back.
func (q *Queue) outlived(rows []guidance.Row) (n int) {
	for _, r := range rows {
		if q.now().Sub(r.Changed) > terms["texts"] && r.Title != "" {
			n++
		}
	}
	return n
}
