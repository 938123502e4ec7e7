package mail

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

var (
	// ErrForged says that a token is none of ours.
	ErrForged = errors.New("token is not ours")
	// ErrExpired says that a token is ours but too old to be answered.
	ErrExpired = errors.New("token has expired")
)

const (
	macBytes  = 10 // 80 bits: a guess needs a mail each
	dayBytes  = 2
	maxCaseID = 64
	minSecret = 32
	// localMax is what RFC 5321 allows before the @.
	localMax = 64
	// tokenLife is how long a mail can be replied to, unless told otherwise.
	tokenLife = 2 * 365 * 24 * time.Hour
)

// Lower case, as some servers fold the local part of an address.
var tokenText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

var epoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// A Key signs tokens for events from Since on. The key is chosen by the
// event's time, so that a mail that is repeated after a new key came has the
// Message-ID that it had before.
type Key struct {
	Since  time.Time
	Secret []byte // 32 bytes or more
}

// Tokens makes and opens the tokens that tie a mail to a case. They hold the
// case's id and are signed; nothing is stored.
type Tokens struct {
	keys []Key // oldest first
	life time.Duration
}

// NewTokens checks the keys. A life of 0 means two years.
func NewTokens(keys []Key, life time.Duration) (*Tokens, error) {
	if len(keys) == 0 {
		return nil, errors.New("mail: no key for tokens")
	}
	for _, k := range keys {
		if len(k.Secret) < minSecret {
			return nil, fmt.Errorf("mail: a key for tokens has %d bytes; it needs %d", len(k.Secret), minSecret)
		}
	}
	if life == 0 {
		life = tokenLife
	}
	keys = slices.Clone(keys)
	slices.SortStableFunc(keys, func(a, b Key) int { return a.Since.Compare(b.Since) })
	return &Tokens{keys, life}, nil
}

// A Ref is what a token says: the case, the event that the mail told of, and
// its day.
type Ref struct {
	Case string
	Seq  int64
	Day  time.Time // midnight UTC
}

// Make gives the token of an event, the same each time.
func (t *Tokens) Make(caseID string, seq int64, at time.Time) (string, error) {
	days := int64(at.Sub(epoch) / (24 * time.Hour))
	switch {
	case caseID == "" || len(caseID) > maxCaseID:
		return "", fmt.Errorf("mail: a case's id has 1 to %d bytes, not %d", maxCaseID, len(caseID))
	case seq < 0 || days < 0 || days > 0xffff:
		return "", errors.New("mail: event number or time out of range")
	}
	b := binary.BigEndian.AppendUint16(nil, uint16(days))
	b = binary.AppendUvarint(b, uint64(seq))
	b = append(b, pack(caseID)...)
	return tokenText.EncodeToString(append(b, mac(t.key(at), "token", b)[:macBytes]...)), nil
}

// Open reads a token. ErrExpired comes with the Ref, ErrForged without.
func (t *Tokens) Open(token string, now time.Time) (Ref, error) {
	token = strings.ToLower(token)
	b, err := tokenText.DecodeString(token)
	// The last letter has spare bits: only one spelling of a token is ours.
	if err != nil || len(b) <= dayBytes+macBytes || tokenText.EncodeToString(b) != token {
		return Ref{}, ErrForged
	}
	body, sum := b[:len(b)-macBytes], b[len(b)-macBytes:]
	ours := slices.ContainsFunc(t.keys, func(k Key) bool { return hmac.Equal(sum, mac(k, "token", body)[:macBytes]) })
	seq, n := binary.Uvarint(body[dayBytes:])
	if !ours || n <= 0 {
		return Ref{}, ErrForged
	}
	r := Ref{
		Case: unpack(body[dayBytes+n:]), Seq: int64(seq),
		Day: epoch.AddDate(0, 0, int(binary.BigEndian.Uint16(body))),
	}
	if now.Sub(r.Day) > t.life {
		return r, ErrExpired
	}
	return r, nil
}

// A case's id of hexadecimal digits takes half the room, so that an address
// with a token holds it. Marks tell packed ids from others.
const (
	packedID = 0
	plainID  = 1
)

func pack(id string) []byte {
	if b, err := hex.DecodeString(id); err == nil && hex.EncodeToString(b) == id {
		return append([]byte{packedID}, b...)
	}
	if id[0] <= plainID {
		return append([]byte{plainID}, id...)
	}
	return []byte(id)
}

func unpack(b []byte) string {
	switch {
	case len(b) > 0 && b[0] == packedID:
		return hex.EncodeToString(b[1:])
	case len(b) > 0 && b[0] == plainID:
		return string(b[1:])
	}
	return string(b)
}

// tag tells mails of one event apart.
func (t *Tokens) tag(id string, at time.Time) string {
	return tokenText.EncodeToString(mac(t.key(at), "mail", []byte(id))[:5])
}

// key gives the newest that was in force at an instant, else the oldest.
func (t *Tokens) key(at time.Time) Key {
	for _, k := range slices.Backward(t.keys) {
		if !k.Since.After(at) {
			return k
		}
	}
	return t.keys[0]
}

// mac signs b for one use, so that what is signed for one is no good for
// another.
func mac(k Key, use string, b []byte) []byte {
	h := hmac.New(sha256.New, k.Secret)
	h.Write([]byte("kiveileder mail " + use + "\x00"))
	h.Write(b)
	return h.Sum(nil)
}
