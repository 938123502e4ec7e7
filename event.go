package kiveileder

// An Event is something new in a conversation or at the desk: an entry, a stage
// of an answer under way, that the conversation is gone, or news of a case. It
// is a hint: it may come late, twice, in another order or not at all, and what
// it tells of is in the store.
type Event struct {
	Key   string     // of the conversation, or DeskKey
	Entry *Entry     // nil when it tells of something else
	ID    string     // of the message that Stage belongs to
	Stage Stage      // empty when it tells of something else
	Gone  bool       // the conversation was deleted
	Case  string     // id of a case in which something happened; empty when it tells of something else
	Seq   int64      // of what happened in it
	Desk  *DeskEvent // nil when it tells of something else
}

// DeskKey is the key of events for those who answer cases: all of them hear
// each one.
const DeskKey = "desk"

// DocumentsKey is the key of events that tell that the documents have changed:
// they say nothing else.
const DocumentsKey = "documents"

// A DeskEvent says what people at the desk are doing. It stands in no store:
// who missed one hears the next.
type DeskEvent struct {
	Person string   `json:"person,omitempty"` // an id
	Name   string   `json:"name,omitempty"`
	Agency string   `json:"agency,omitempty"`
	Case   string   `json:"case,omitempty"`
	Doing  string   `json:"doing,omitempty"` // looks, writes, or nothing: has left
	Gate   string   `json:"gate,omitempty"`  // of the gateway that says it: one person may be at a case through several
	Turn   int64    `json:"turn,omitempty"`  // counts what that gateway has said: what comes late is passed over
	Ended  []string `json:"ended,omitempty"` // keys of sessions that have ended; their sockets are closed
}
