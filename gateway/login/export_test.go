package login

import "crypto/rand"

// NewID gives the cookies of a session that was never opened, and the key that
// it is stored under.
func NewID() (id, csrf, key string) {
	b := make([]byte, idBytes)
	_, _ = rand.Read(b)
	id = b64.EncodeToString(b)
	return id, csrfToken(id), keyOf(id)
}
