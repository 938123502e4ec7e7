package queue

import (
	"context"
	"net/mail"
	"slices"
	"strings"

	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/services/guidance"
)

var (
	errNoAddress = say.Error(kiveileder.CodeInvalid, "no_address")
	errNoCaseKey = say.Error(kiveileder.CodeConflict, "no_case_key") // to try again is no use
)

// contactsAtOnce is how many contacts are read at a time.
const contactsAtOnce = 1000

// Find implements Calls. Contacts are sealed, each differently, so every one of
// them is opened. The log says who has searched and how much was found, never
// for what.
func (q *Queue) Find(ctx context.Context, who guidance.Actor, email string) (Found, error) {
	out := Found{Cases: []DeskRow{}}
	if who.Role != guidance.Admin {
		words := guidance.TheFlow.Guards["role"]
		return out, &kiveileder.Error{Code: kiveileder.CodeInvalid, Message: words.Get(kiveileder.Bokmal), Texts: words}
	}
	email = strings.TrimSpace(email)
	a, err := mail.ParseAddress(email)
	switch { // an error of its own may hold the address
	case err != nil || a.Address != email || len(email) > guidance.MaxShort:
		return out, errNoAddress
	case q.Cases.Seal == nil:
		return out, errNoCaseKey
	}
	opened, after := 0, ""
	defer func() {
		q.Log.Info("contacts searched for an address", zap.String("by", who.ID), zap.Int("opened", opened), zap.Int("sealed", len(out.Sealed)), zap.Int("found", len(out.Cases)))
	}()
	for {
		sealed, err := q.Cases.Store.Contacts(ctx, after, contactsAtOnce)
		if err != nil {
			return out, err
		}
		for _, s := range sealed {
			c, err := q.Cases.Seal.Open(s.Case, s.Contact)
			switch {
			case err != nil: // of another key: the others are looked for all the same
				out.Sealed = append(out.Sealed, s.Number)
				continue
			case strings.EqualFold(c.Email, email):
				rows, err := q.Cases.Store.List(ctx, guidance.Filter{Number: s.Number, Limit: 1})
				if err != nil {
					return out, err
				}
				for _, r := range rows {
					out.Cases = append(out.Cases, deskRow(r, q.now()))
				}
			}
			opened++
		}
		if len(sealed) < contactsAtOnce {
			break
		}
		after = sealed[len(sealed)-1].Case
	}
	slices.SortStableFunc(out.Cases, func(a, b DeskRow) int { return b.Changed.Compare(a.Changed) })
	return out, nil
}
