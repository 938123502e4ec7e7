package guidance

import (
	"encoding/json"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"kiveileder"
)

var (
	errTooLong = say.Error(kiveileder.CodeInvalid, "long")
	errNoText  = say.Error(kiveileder.CodeInvalid, "no_text")
	errDeep    = say.Error(kiveileder.CodeInvalid, "data")
)

// checkText refuses what is too long or no text: broken UTF-8, NUL and other
// control characters, and marks that turn the direction of what follows, by
// which a text can look like another one than it is. HTML is text like any
// other: the pages escape it.
func checkText(s string, most int) error {
	if len(s) > most && utf8.RuneCountInString(s) > most {
		return errTooLong
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, forbidden) {
		return errNoText
	}
	return nil
}

func forbidden(r rune) bool {
	switch {
	case r == '\n' || r == '\t' || r == '\r':
		return false
	case r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069':
		return true
	}
	return unicode.IsControl(r) || r == unicode.ReplacementChar
}

// checkData refuses data that is too large, or has texts that are none.
func checkData(data any) error {
	if err := checkValue(reflect.ValueOf(data), 0); err != nil {
		return err
	}
	b, err := json.Marshal(data)
	if err != nil {
		return say.Because(err, kiveileder.CodeInvalid, "data")
	}
	if len(b) > MaxData {
		return errTooLong
	}
	return nil
}

func checkValue(v reflect.Value, depth int) error {
	if depth > 12 {
		return errDeep
	}
	switch v.Kind() {
	case reflect.String:
		return checkText(v.String(), MaxText)
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				continue // of time.Time
			}
			if err := checkValue(v.Field(i), depth+1); err != nil {
				return err
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := checkValue(v.Index(i), depth+1); err != nil {
				return err
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if err := checkValue(it.Key(), depth+1); err != nil {
				return err
			}
			if err := checkValue(it.Value(), depth+1); err != nil {
				return err
			}
		}
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			return checkValue(v.Elem(), depth+1)
		}
	}
	return nil
}
