package ingest

import (
	"strings"
	"testing"
)

// Pages of an older time are read in the characters that they were written in.
func TestToUTF8(t *testing.T) {
	for name, c := range map[string]struct{ page, want string }{
		"named":                    {"<meta charset=\"iso-8859-15\"><p>100 \xa4 for \xe6\xf8\xe5", "100 € for æøå"},
		"named the old way":        {"<meta http-equiv=Content-Type content='text/html; charset=ISO-8859-1'><p>\x96 \xe6\xf8\xe5", "– æøå"},
		"not named":                {"<p>s\xf8knad", "søknad"},
		"said to be UTF-8":         {"<meta charset=utf-8><p>s\xf8knad", "søknad"},
		"XML":                      {"<?xml version='1.0' encoding='windows-1252'?><p>s\xf8knad", "søknad"},
		"UTF-16, little end first": {"\xff\xfes\x00\xf8\x00k\x00", "søk"},
		"UTF-16, big end first":    {"\xfe\xff\x00s\x00\xf8\x00k", "søk"},
	} {
		got, err := toUTF8([]byte(c.page))
		if err != nil || !strings.HasSuffix(string(got), c.want) {
			t.Errorf("%s: %q, %v; want %q at the end", name, got, err, c.want)
		}
	}
	if _, err := toUTF8([]byte("<meta charset=shift_jis>\x82\xa0")); err == nil || !strings.Contains(err.Error(), "shift_jis") {
		t.Errorf("another character set: %v", err)
	}
}
