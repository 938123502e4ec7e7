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
	Keep        string `yaml:"keep"` // contact, typing, texts
	Days        int    `yaml:"days"`
	Unconfirmed bool   `yaml:"unconfirmed"`
}

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
		if t.Days <= 0 || !slices.Contains([]string{"contact", "typing", "texts"}, t.Keep) || out[t.Keep] != 0 {
			return nil, fmt.Errorf("retention: %q is unknown, there twice, or has no days", t.Keep)
		}
		out[t.Keep] = time.Duration(t.Days) * 24 * time.Hour
	}
	if len(out) != 3 || out["contact"] > out["texts"] {
		return nil, errors.New("retention: contact, typing and texts are needed, and contacts go no later than texts")
	}
	return out, nil
}

// retention is who takes away what has outlived its time.
var retention = guidance.Actor{ID: "retention", Role: guidance.System}

// Expire takes away what has outlived its time, and gives the number of cases
// whose contact went, and of those that were anonymised.
func (q *Queue) Expire(ctx context.Context) (contacts, texts int, err error) {
	rows, err := q.Cases.Store.List(ctx, guidance.Filter{States: guidance.TheFlow.Ends, Limit: everything})
	if err != nil {
		return 0, 0, err
	}
	var failed []error
	for _, r := range rows {
		age := q.now().Sub(r.Changed)
		switch {
		case age > terms["texts"] && r.Title != "": // without a title it is done
			if err := q.Anonymise(ctx, retention, r.ID, "Lagringstiden er ute."); err != nil {
				failed = append(failed, err)
				continue
			}
			texts++
		case age > terms["contact"]:
			if _, err := q.Cases.Store.Contact(ctx, r.ID); errors.Is(err, guidance.ErrNoOne) {
				break
			}
			if err := q.Cases.Store.DeleteContact(ctx, r.ID); err != nil {
				failed = append(failed, err)
				continue
			}
			contacts++
		}
		if age > terms["typing"] {
			if err := q.Cases.Store.ForgetKept(ctx, "draft:"+r.ID); err != nil {
				failed = append(failed, err)
			}
		}
	}
	if contacts+texts > 0 {
		q.Log.Info("old cases cleared", zap.Int("contacts", contacts), zap.Int("texts", texts))
	}
	return contacts, texts, errors.Join(failed...)
}
