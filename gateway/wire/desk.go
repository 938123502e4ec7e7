package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// DeskSubprotocol is the name and version of what is spoken with the desk.
const DeskSubprotocol = "kiveileder.desk.v1"

// Types of the desk's frames that the conversations' do not have.
const DeskPresence = "presence"

// What somebody does with a case; nothing when they have left it.
const (
	Looks  = "looks"
	Writes = "writes"
)

// The frames between the desk and the service. Those of the client are
// presence and ping.
type (
	// DeskHello comes first.
	DeskHello struct {
		Type   string     `json:"type"`
		Time   time.Time  `json:"time"`
		Person DeskPerson `json:"person"`
	}
	// DeskCase says that something happened in a case that this person may see.
	DeskCase struct {
		Type   string `json:"type"`
		Case   string `json:"case"`
		Number string `json:"number"`
		Seq    int64  `json:"seq"`
		State  string `json:"state"`
	}
	// DeskPeople says who else is at a case now.
	DeskPeople struct {
		Type   string       `json:"type"`
		Case   string       `json:"case"`
		People []DeskPerson `json:"people"`
	}
	// DeskPerson is somebody at the desk.
	DeskPerson struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		Agency string `json:"agency"`
		Doing  string `json:"doing,omitempty"` // looks, writes
	}
	// DeskPong answers a ping.
	DeskPong struct {
		Type string `json:"type"`
	}
	// DeskRequest is a frame of the client.
	DeskRequest struct {
		Type  string `json:"type"`
		Case  string `json:"case,omitempty"`
		Doing string `json:"doing,omitempty"` // looks, writes; empty for one who leaves
	}
)

// DecodeDesk reads a frame of the desk's client. The error is a *Broken.
func DecodeDesk(b []byte) (DeskRequest, error) {
	var r DeskRequest
	if err := json.Unmarshal(b, &DeskRequest{}); err != nil {
		return r, &Broken{Err: fmt.Errorf("no JSON object: %w", err)}
	}
	err := strict(b, &r)
	switch {
	case err != nil:
	case r.Type == TypePing && r.Case+r.Doing == "":
	case r.Type == TypePing:
		err = errors.New("a ping has nothing else")
	case r.Type != DeskPresence:
		err = fmt.Errorf("unknown type %.20q", r.Type)
	case !GoodID(r.Case):
		err = errors.New("case: the id of a case expected")
	case r.Doing != "" && r.Doing != Looks && r.Doing != Writes:
		err = fmt.Errorf("unknown doing %.20q", r.Doing)
	}
	if err != nil {
		return DeskRequest{}, &Broken{Err: err}
	}
	return r, nil
}
