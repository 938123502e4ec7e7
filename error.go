package kiveileder

import (
	"errors"
	"fmt"
)

// Code says what kind of error it is; edges map it to an HTTP status or a
// WebSocket frame in one place.
type Code string

const (
	CodeInvalid     Code = "invalid"   // the request can't be read or breaks a limit; the sender can mend it
	CodeNotFound    Code = "not_found" // no such source, passage, conversation
	CodeRateLimited Code = "rate_limited"
	CodeUnavailable Code = "unavailable" // a part is away for now; trying again helps
	CodeConflict    Code = "conflict"    // somebody else was first
	CodeInternal    Code = "internal"    // anything else; its text never reaches a user
)

// An Error carries a code and a message that a user may read: in plain words,
// without personal data or inner workings. Texts are the same in the languages
// of the service; without them Message is in the user's language already, or is
// the same in all. Err is the chain for operators.
type Error struct {
	Code    Code
	Message string
	Texts   map[Language]string
	Err     error
}

func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return fmt.Sprintf("%s: %s", e.Code, e.Message)
	case e.Message == "":
		return fmt.Sprintf("%s: %v", e.Code, e.Err)
	}
	return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error without a cause.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// ErrorCode gives the code of the first Error in err's chain, Internal when
// there is none, and "" for nil.
func ErrorCode(err error) Code {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return CodeInternal
}

// At gives what says of an error in which part it came, and at what, for
// operators; nil and an error with a code stay as they are.
func At(part string) func(what string, err error) error {
	return func(what string, err error) error {
		if err == nil || ErrorCode(err) != CodeInternal {
			return err
		}
		return fmt.Errorf("%s: %s: %w", part, what, err)
	}
}

// ErrorMessage gives what a user may read of err. An error without a code
// says nothing about itself.
func ErrorMessage(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Message != "" {
		return e.Message
	}
	return "Noe gikk galt hos oss."
}
