package kiveileder

// An Event is something new in a conversation: an entry, a stage of an answer
// under way, or that the conversation is gone. It is a hint: it may come late,
// twice, in another order or not at all, and what it tells of is in the store.
type Event struct {
	Key   string // of the conversation
	Entry *Entry // nil when it tells of something else
	ID    string // of the message that Stage belongs to
	Stage Stage  // empty when it tells of something else
	Gone  bool   // the conversation was deleted
}
