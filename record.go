package kiveileder

import (
	"encoding/json"
	"time"
)

// A Record is an entry that is JSON with all that it has, for other processes
// and caches. An Entry's own JSON is what a store keeps beside its columns.
type Record Entry

type recordJSON struct {
	Offset  int64     `json:"offset"`
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	ReplyTo int64     `json:"reply_to,omitempty"`
	Thread  int64     `json:"thread,omitempty"`
	Entry
}

// MarshalJSON implements json.Marshaler.
func (r Record) MarshalJSON() ([]byte, error) {
	return json.Marshal(recordJSON{r.Offset, r.ID, r.At, r.ReplyTo, r.Thread, Entry(r)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *Record) UnmarshalJSON(b []byte) error {
	var j recordJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	*r = Record(j.Entry)
	r.Offset, r.ID, r.At, r.ReplyTo, r.Thread = j.Offset, j.ID, j.At, j.ReplyTo, j.Thread
	return nil
}
