package rpc

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
)

// proofHeader carries, in a call, a word that is used once and the proof that
// the caller knows the token; in the answer, the proof that its maker does.
// The token itself is never sent. A proof covers name and body, so neither can
// be changed on the way. Who listens on the network still reads all of it, and
// may send a call again, which does no harm: where the network is not trusted,
// use certificates.
const proofHeader = "Kiveileder-Proof"

// minToken is the least length of a token, in bytes.
const minToken = 32

// A Token is what the roles share. The empty one proves nothing and lets
// everything pass: for roles that know each other by certificates.
type Token []byte

// NewToken checks a token.
func NewToken(s string) (Token, error) {
	if s != "" && len(s) < minToken {
		return nil, errors.New("the token of the roles has fewer than 32 characters")
	}
	return Token(s), nil
}

// proof binds a direction, a word that is used once, a name and a body.
func (t Token) proof(direction, once, name string, body []byte) string {
	sum := sha256.Sum256(body)
	m := hmac.New(sha256.New, t)
	m.Write([]byte(direction + "\n" + once + "\n" + name + "\n"))
	m.Write(sum[:])
	return hex.EncodeToString(m.Sum(nil))
}

// call puts the caller's proof into a header and gives the word that the
// answer must be bound to.
func (t Token) call(h http.Header, name string, body []byte) (once string) {
	if len(t) == 0 {
		return ""
	}
	once = rand.Text()
	h.Set(proofHeader, once+" "+t.proof("call", once, name, body))
	return once
}

// called checks the caller's proof and gives its word.
func (t Token) called(h http.Header, name string, body []byte) (once string, ok bool) {
	if len(t) == 0 {
		return "", true
	}
	once, proof, found := strings.Cut(h.Get(proofHeader), " ")
	ok = found && len(once) >= 20 && hmac.Equal([]byte(proof), []byte(t.proof("call", once, name, body)))
	return once, ok
}

// answer puts the answering side's proof into a header.
func (t Token) answer(h http.Header, once, name string, body []byte) {
	if len(t) > 0 {
		h.Set(proofHeader, t.proof("answer", once, name, body))
	}
}

// answered checks it.
func (t Token) answered(h http.Header, once, name string, body []byte) bool {
	return len(t) == 0 || hmac.Equal([]byte(h.Get(proofHeader)), []byte(t.proof("answer", once, name, body)))
}
