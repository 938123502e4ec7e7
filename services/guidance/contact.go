package guidance

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"kiveileder"
)

// A Contact is how the asker is reached. It never stands in the log.
type Contact struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`

	// Conversation is the id of the asker's conversation: whoever has it may
	// speak for the asker. It stands in the links of letters and is shown to
	// nobody else.
	Conversation string `json:"conversation,omitempty"`
}

// Public gives what people who work on the case may see.
func (c Contact) Public() Contact {
	c.Conversation = ""
	return c
}

// check refuses what is no contact; ok is false for one that reaches nobody.
func (c Contact) check() (ok bool, err error) {
	if c.Public() == (Contact{}) {
		return false, nil
	}
	for _, s := range []string{c.Name, c.Email, c.Phone, c.Conversation} {
		if err := checkText(s, MaxShort); err != nil {
			return false, err
		}
		if strings.ContainsAny(s, "\r\n") {
			return false, say.Error(kiveileder.CodeInvalid, "line_break")
		}
	}
	if c.Email == "" {
		return true, nil
	}
	a, err := mail.ParseAddress(c.Email)
	if err != nil || a.Name != "" || a.Address != c.Email || len(c.Email) > 254 { // err may hold the address: it is not kept
		return false, say.Error(kiveileder.CodeInvalid, "email")
	}
	return true, nil
}

// A Sealer encrypts contacts: AES-256-GCM, bound to the case, so that one
// moved to another case does not open.
type Sealer struct {
	keys []sealKey // the first seals, all open
}

type sealKey struct {
	id   [4]byte
	aead cipher.AEAD
}

const sealVersion = 1

var errSealed = errors.New("guidance: the contact does not open: another key, another case, or damaged")

// NewSealer takes keys of 32 bytes. The first seals; the others only open what
// was sealed before the key was changed.
func NewSealer(keys ...[]byte) (*Sealer, error) {
	if len(keys) == 0 {
		return nil, errors.New("guidance: no key for contacts")
	}
	s := &Sealer{}
	for i, key := range keys {
		if len(key) != 32 {
			return nil, fmt.Errorf("guidance: key %d for contacts has %d bytes, want 32", i+1, len(key))
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(append([]byte("guidance contact key "), key...))
		s.keys = append(s.keys, sealKey{[4]byte(sum[:4]), aead})
	}
	return s, nil
}

// Seal gives version, key, nonce and text of a contact.
func (s *Sealer) Seal(caseID string, c Contact) ([]byte, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	k := s.keys[0]
	head := append([]byte{sealVersion}, k.id[:]...)
	nonce := make([]byte, k.aead.NonceSize())
	rand.Read(nonce) // never fails
	return k.aead.Seal(slices.Concat(head, nonce), nonce, text, slices.Concat(head, []byte(caseID))), nil
}

// Open gives back what Seal made for the same case.
func (s *Sealer) Open(caseID string, sealed []byte) (c Contact, err error) {
	const head = 5
	if len(sealed) < head || sealed[0] != sealVersion {
		return c, errSealed
	}
	for _, k := range s.keys {
		n := head + k.aead.NonceSize()
		if [4]byte(sealed[1:head]) != k.id || len(sealed) < n {
			continue
		}
		text, err := k.aead.Open(nil, sealed[head:n], sealed[n:], slices.Concat(sealed[:head], []byte(caseID)))
		if err != nil {
			return c, errSealed
		}
		return c, json.Unmarshal(text, &c)
	}
	return c, errSealed
}
