package gateway

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

// Keys makes the ids of conversations and knows its own. An id is its
// conversation's key, so it is 112 bits of chance, the day it was made, and a
// mark made with a secret: one that was made up is refused without a look at
// the store. All replicas have the same secret.
type Keys struct{ secret []byte }

const (
	dayBytes    = 2
	chanceBytes = 14
	markBytes   = 8
	idBytes     = dayBytes + chanceBytes + markBytes
	idChars     = idBytes / 3 * 4
)

// minSecret is the least that a secret may have.
const minSecret = 32

// NewKeys takes the secret, at least 32 bytes.
func NewKeys(secret []byte) (Keys, error) {
	if len(secret) < minSecret {
		return Keys{}, errors.New("gateway: the secret has less than 32 bytes")
	}
	return Keys{secret}, nil
}

var encoding = base64.RawURLEncoding.Strict() // one spelling for each id

// New gives an id for a new conversation.
func (k Keys) New(now time.Time) string {
	b := make([]byte, dayBytes+chanceBytes, idBytes)
	binary.BigEndian.PutUint16(b, day(now))
	_, _ = rand.Read(b[dayBytes:]) // never fails, see crypto/rand
	return encoding.EncodeToString(append(b, k.mark(b)...))
}

// Check reports whether an id is one of ours, and gives the key that the
// conversation is stored under and when the id was made, to the day. The key
// does not tell the id: what is stored or logged opens nothing.
func (k Keys) Check(id string) (key string, made time.Time, ok bool) {
	if len(id) != idChars { // the decoder leaves out line breaks
		return "", made, false
	}
	b, err := encoding.DecodeString(id)
	if err != nil || len(b) != idBytes {
		return "", made, false
	}
	body, mark := b[:idBytes-markBytes], b[idBytes-markBytes:]
	if !hmac.Equal(mark, k.mark(body)) {
		return "", made, false
	}
	sum := sha256.Sum256([]byte("conversation " + id))
	return encoding.EncodeToString(sum[:16]), time.Unix(int64(binary.BigEndian.Uint16(b))*86_400, 0), true
}

func (k Keys) mark(b []byte) []byte {
	h := hmac.New(sha256.New, k.secret)
	h.Write([]byte("conversation id"))
	h.Write(b)
	return h.Sum(nil)[:markBytes]
}

func day(t time.Time) uint16 { return uint16(t.Unix() / 86_400) }
