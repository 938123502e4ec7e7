package mail

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kiveileder"
)

// HookHeader is the HTTP header that holds a hook's signature.
const HookHeader = "X-Kiveileder-Signature"

// hookAge is how far a hook's clock may be from ours, and how long a request
// that was overheard can be sent again; a mail that comes twice has the same
// Key.
const hookAge = 5 * time.Minute

// ErrSignature says that a hook's request is not signed by who may.
var ErrSignature = errors.New("hook is not signed, or not now")

// A Hook takes raw mails that a mail server posts.
type Hook struct {
	Inbox   *Inbox
	Secrets [][]byte // any of them signs, so that they can be changed; each of 32 bytes or more
}

// Receive checks the signature over the raw mail and sorts it.
func (h Hook) Receive(signature string, raw []byte, now time.Time) (*Arrived, error) {
	if len(raw) > MaxMail {
		return nil, refuse(ErrTooLarge)
	}
	at, sum, ok := signed(signature)
	if !ok || now.Sub(at).Abs() > hookAge || !h.mine(at, sum, raw) {
		return nil, say.Because(ErrSignature, kiveileder.CodeInvalid, "signature")
	}
	return h.Inbox.Sort(raw, Envelope{}, now)
}

func (h Hook) mine(at time.Time, sum, raw []byte) bool {
	for _, s := range h.Secrets {
		if len(s) >= minSecret && hmac.Equal(sum, hookMAC(s, raw, at)) {
			return true
		}
	}
	return false
}

// SignHook gives the header's value for a raw mail: t=<seconds>,v1=<hex>.
func SignHook(secret, raw []byte, at time.Time) string {
	return fmt.Sprintf("t=%d,v1=%x", at.Unix(), hookMAC(secret, raw, at))
}

func hookMAC(secret, raw []byte, at time.Time) []byte {
	t := strconv.FormatInt(at.Unix(), 10) + "."
	return mac(Key{Secret: secret}, "hook", bytes.Join([][]byte{[]byte(t), raw}, nil))
}

func signed(s string) (at time.Time, sum []byte, ok bool) {
	t, v, _ := strings.Cut(s, ",")
	seconds, err := strconv.ParseInt(strings.TrimPrefix(t, "t="), 10, 64)
	if err != nil || seconds < 0 || !strings.HasPrefix(t, "t=") || !strings.HasPrefix(v, "v1=") {
		return time.Time{}, nil, false
	}
	sum, err = hex.DecodeString(strings.TrimPrefix(v, "v1="))
	return time.Unix(seconds, 0), sum, err == nil
}

// A Mailbox is where mails lie that came in.
type Mailbox interface {
	// Next gives a mail that was not settled, ok false when there is none, or
	// when each has been given once since it last said so.
	Next(ctx context.Context) (m Waiting, ok bool, err error)
	// Settle says that the mail needs no further look; refused ones are kept
	// apart for a person. A mail that is gone is settled.
	Settle(ctx context.Context, id string, refused bool) error
}

// Waiting is a mail in a Mailbox.
type Waiting struct {
	ID       string // in the mailbox
	Raw      []byte
	Envelope Envelope
}
