package sqlite

import (
	"fmt"

	"kiveileder"
)

// wrapper gives what says of an error in which part it came, and at what; one
// with a code stays as it is.
func wrapper(part string) func(what string, err error) error {
	return func(what string, err error) error {
		if err == nil || kiveileder.ErrorCode(err) != kiveileder.CodeInternal {
			return err
		}
		return fmt.Errorf("%s: %s: %w", part, what, err)
	}
}
