package courier

import (
	"context"
	"errors"
	"io"
	"net/http"

	"go.uber.org/zap"

	"kiveileder"
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

// Hook receives mails over HTTP, with the signature in mail.HookHeader. 204
// when a mail was taken, now or before; 413 when it is too large, 429 when its
// case gets too many, 400 when it is refused otherwise; 503 when sending it
// again helps.
func (in *Inbound) Hook(secrets ...[]byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mail.MaxMail))
		if err == nil {
			err = in.Receive(r.Context(), r.Header.Get(mail.HookHeader), raw, secrets...)
		}
		status := http.StatusServiceUnavailable
		var large *http.MaxBytesError
		switch {
		case err == nil:
			w.WriteHeader(http.StatusNoContent)
			return
		case errors.As(err, &large), errors.Is(err, mail.ErrTooLarge):
			status = http.StatusRequestEntityTooLarge
		case kiveileder.ErrorCode(err) == kiveileder.CodeRateLimited:
			status = http.StatusTooManyRequests
		case Refusal(err):
			status = http.StatusBadRequest
		default:
			in.log.Error("mail not taken", zap.Error(err))
		}
		http.Error(w, kiveileder.ErrorMessage(err), status)
	})
}
