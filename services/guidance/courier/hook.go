package courier

import (
	"context"
	"errors"

	"kiveileder/services/guidance/mail"
)

// Receive takes a raw mail (RFC 5322) that a mail server handed over, signed
// with one of the secrets as mail.SignHook does. Errors are those of Take, and
// CodeInvalid for a signature that is not good. A mail that belongs to no case
// is kept in the folder for it, where there is one, and is no error then.
func (in *Inbound) Receive(ctx context.Context, signature string, raw []byte, secrets ...[]byte) error {
	a, err := mail.Hook{Inbox: in.inbox, Secrets: secrets}.Receive(signature, raw, in.now())
	if err != nil {
		in.refused("", err)
		return err
	}
	err = in.take(ctx, a)
	if errors.Is(err, errUnknown) && in.folder != "" {
		return mail.Aside(in.folder, a.Key, raw)
	}
	return err
}
