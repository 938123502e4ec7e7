package mail

import (
	"errors"
	"fmt"
	netmail "net/mail"
	"regexp"
	"strings"
)

// An Identity is who our mails are from and where replies go.
type Identity struct {
	Name   string // shown beside the address
	From   string // a bare address; Message-IDs are of its domain
	Reply  string // a bare address that is read; empty: replies are not taken
	Plus   bool   // the mailbox of Reply takes what stands after a +, so that the address can carry the token
	ListID string // as ki.veiledning.example.no; empty: none
}

// addresses knows which of our addresses and Message-IDs carry a token.
type addresses struct {
	Identity
	domain      string
	local, host string // of Reply
	carries     *regexp.Regexp
}

var (
	plainAddress = regexp.MustCompile(`^[A-Za-z0-9.!#$%&'*/=?^_{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$`)
	listID       = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)
)

func newAddresses(id Identity) (addresses, error) {
	a := addresses{Identity: id}
	if !plainAddress.MatchString(id.From) {
		return a, errors.New("mail: the sender's address is not a plain address")
	}
	if id.ListID != "" && !listID.MatchString(id.ListID) {
		return a, errors.New("mail: the list's id is made of letters, digits, dots and hyphens")
	}
	_, a.domain, _ = strings.Cut(id.From, "@")
	if id.Reply == "" {
		return a, nil
	}
	if !plainAddress.MatchString(id.Reply) {
		return a, errors.New("mail: the address for replies is not a plain address")
	}
	a.local, a.host, _ = strings.Cut(id.Reply, "@")
	a.carries = regexp.MustCompile(`(?i)(?:^|[^a-z0-9.!#$%&'*/=?^_{|}~+-])` + regexp.QuoteMeta(a.local) + `\+([a-z2-7]{20,200})@` + regexp.QuoteMeta(a.host) + `(?:$|[^a-z0-9.-])`)
	return a, nil
}

// reply gives the address that a reply goes to: with the token where the
// mailbox takes it. It is also where a server sends what it can't deliver.
func (a addresses) reply(token string) (string, error) {
	switch {
	case a.Reply == "":
		return "", nil
	case !a.Plus:
		return a.Reply, nil
	case len(a.local)+1+len(token) > localMax:
		return "", fmt.Errorf("mail: the address for replies would have %d characters before the @; %d are allowed", len(a.local)+1+len(token), localMax)
	}
	return a.local + "+" + token + "@" + a.host, nil
}

// tokens gives what stands as a token in a header with addresses, in order.
func (a addresses) tokens(header string) []string {
	if a.carries == nil {
		return nil
	}
	var out []string
	for header != "" {
		m := a.carries.FindStringSubmatchIndex(header)
		if m == nil {
			return out
		}
		out = append(out, header[m[2]:m[3]])
		header = header[m[3]:]
	}
	return out
}

// messageID gives a Message-ID, without its angle brackets.
func (a addresses) messageID(token, tag string) string { return token + "." + tag + "@" + a.domain }

// idToken gives the token in one of our Message-IDs, and "" for another's.
func (a addresses) idToken(id string) string {
	local, domain, _ := strings.Cut(id, "@")
	token, tag, ok := strings.Cut(local, ".")
	if !ok || tag == "" || !strings.EqualFold(domain, a.domain) {
		return ""
	}
	return token
}

// errAddress says no more: the address itself must not stand in an error.
var errAddress = errors.New("the receiver's address can't be used")

// receiver checks the address of an asker and gives it bare.
func receiver(to string) (string, error) {
	p, err := netmail.ParseAddress(to)
	if err != nil || len(p.Address) > 254 || strings.ContainsFunc(p.Address, func(r rune) bool { return r < 0x21 || r == 0x7f }) {
		return "", errAddress
	}
	return p.Address, nil
}
