package mail

import (
	"errors"
	"fmt"
	"net/textproto"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// A Failure is a mail that was not taken, or of which nobody knows. Its text
// holds no words of the server, as servers like to quote addresses.
type Failure struct {
	Step      string // connect, sender, recipient, data
	Code      int    // as 550; 0 when the server did not say
	Enhanced  string // as 5.1.1, where the server gives it
	Permanent bool   // trying again is no use
	Server    bool   // the server is away or refuses us: no fault of this mail
	Cause     error  // for operators; only from before the server heard of the mail
}

func (f *Failure) Error() string {
	s := "mail not taken at " + f.Step
	if f.Code != 0 {
		s += fmt.Sprintf(": %d", f.Code)
	}
	if f.Enhanced != "" {
		s += " " + f.Enhanced
	}
	return s
}

func (f *Failure) Unwrap() error { return f.Cause }

// failure reads an error of go-mail. Only a refusal of the receiver or of the
// mail itself is permanent; a policy (5.7) may be mended at either side.
func failure(err error) *Failure {
	var e *gomail.SendError
	if !errors.As(err, &e) {
		f := &Failure{Step: "connect", Server: true}
		var reply *textproto.Error
		if errors.As(err, &reply) {
			f.Code = reply.Code
		} else {
			f.Cause = err
		}
		return f
	}
	f := &Failure{Code: e.ErrorCode(), Enhanced: e.EnhancedStatusCode()}
	own := false // the refusal is of this mail
	switch e.Reason {
	case gomail.ErrGetSender, gomail.ErrGetRcpts:
		return &Failure{Step: "recipient", Permanent: true}
	case gomail.ErrSMTPMailFrom:
		f.Step, f.Server = "sender", true
	case gomail.ErrSMTPRcptTo:
		f.Step, own = "recipient", true
	case gomail.ErrSMTPData, gomail.ErrWriteContent, gomail.ErrSMTPDataClose:
		f.Step, own = "data", true
	default:
		f.Step, f.Server = "connect", true
	}
	f.Permanent = own && f.Code >= 500 && !strings.HasPrefix(f.Enhanced, "5.7")
	f.Server = f.Server || f.Code == 0 || f.Code == 421 // cut off, or closing
	return f
}

// Reasons are the words that say why a mail was not sent, or did not arrive;
// the desk has them in every language. What a server said in numbers follows.
var Reasons = []string{"connect", "sender", "recipient", "data", "gone", "address", "unwritten", Returned}

// Returned is the reason of a mail that came back.
const Returned = "returned"

// reason gives one of Reasons, for the desk.
func reason(err error) string {
	var f *Failure
	switch {
	case errors.As(err, &f):
		return strings.TrimPrefix(strings.ReplaceAll(f.Error(), ":", ""), "mail not taken at ")
	case errors.Is(err, ErrGone):
		return "gone"
	case errors.Is(err, errAddress):
		return "address"
	}
	return "unwritten"
}
