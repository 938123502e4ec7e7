package login

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Role is what somebody may be here.
type Role string

const (
	Asker   Role = "asker"   // asks; sees own cases
	Lawyer  Role = "lawyer"  // answers for an agency
	Lead    Role = "lead"    // leads an agency's lawyers
	Analyst Role = "analyst" // sees figures, never cases
	Admin   Role = "admin"   // runs the service
)

// Roles are all roles that people have.
var Roles = []Role{Asker, Lawyer, Lead, Analyst, Admin}

// ofAgency says whether a role means nothing without an agency.
func (r Role) ofAgency() bool { return r == Lawyer || r == Lead || r == Analyst }

// A Person is somebody who has signed in. ID stays the same from login to
// login and tells nobody who it is; it may stand in a log of decisions. Name
// is as the provider gave it, and may be empty.
type Person struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Agency string `json:"agency,omitempty"`
	Roles  []Role `json:"roles"`
}

// Is says whether the person has a role.
func (p Person) Is(r Role) bool { return slices.Contains(p.Roles, r) }

// personID gives the ID of who an issuer knows as subject.
func personID(issuer, subject string) string { return "p-" + digest("person", issuer, subject)[:20] }

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// digest gives a one-way name of values. What is stored is found by it and
// opens nothing.
func digest(purpose string, values ...string) string {
	h := sha256.New()
	h.Write([]byte(purpose))
	for _, v := range values {
		h.Write([]byte{0})
		h.Write([]byte(v))
	}
	return encoding.EncodeToString(h.Sum(nil))
}

// maxName is the most characters that a name keeps.
const maxName = 100

// cleanName drops what no name has: control characters, marks that turn the
// direction of text, white space at the ends and in rows.
func cleanName(s string) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > maxName {
		s = strings.TrimSpace(string([]rune(s)[:maxName]))
	}
	return s
}
