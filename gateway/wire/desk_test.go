package wire_test

import (
	"errors"
	"strings"
	"testing"

	"kiveileder/gateway/wire"
)

func TestDecodeDesk(t *testing.T) {
	for frame, want := range map[string]wire.DeskRequest{
		`{"type":"ping"}`: {Type: "ping"},
		`{"type":"presence","case":"c-1","doing":"writes"}`:     {Type: "presence", Case: "c-1", Doing: wire.Writes},
		` {"doing":"", "case":"c_1", "type":"presence"}` + "\n": {Type: "presence", Case: "c_1"},
	} {
		if got, err := wire.DecodeDesk([]byte(frame)); got != want || err != nil {
			t.Errorf("%s: %+v, %v", frame, got, err)
		}
	}
}

func TestDecodeDeskBroken(t *testing.T) {
	for frame, says := range map[string]string{
		"":                                 "no JSON",
		"[]":                               "no JSON",
		`{"type":1}`:                       "no JSON",
		`{"type":"ping"} {}`:               "no JSON",
		`{"type":"open"}`:                  `unknown type "open"`,
		`{"type":"ping","case":"c"}`:       "a ping has nothing else",
		`{"type":"ping","id":"a"}`:         `unknown field "id"`,
		`{"type":"presence"}`:              "case: ",
		`{"type":"presence","case":"a b"}`: "case: ",
		`{"type":"presence","case":"c","doing":"sleeps"}`: `unknown doing "sleeps"`,
	} {
		_, err := wire.DecodeDesk([]byte(frame))
		var b *wire.Broken
		if !errors.As(err, &b) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", frame, err, says)
		}
	}
}
