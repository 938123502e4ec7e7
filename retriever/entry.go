package retriever

import "kiveileder"

// Kind says what an entry of the index is.
type Kind uint8

const (
	PassageText Kind = iota // a passage, with its headings
	Sentence                // a sentence or item of a passage
	Question                // an exemplar question of a passage
	Unanswered              // a question of the field that the sources do not answer
	Outside                 // a message from outside the field
	IntentText              // an example of an intent
)

// An Entry is one text with its vector.
type Entry struct {
	Kind   Kind
	Ref    int32 // passage number; for negatives the topic's, for intents the intent's
	Lang   kiveileder.Language
	Text   string
	Vector []float32
}

func (k Kind) side() side {
	if k == PassageText || k == Sentence {
		return passageSide
	}
	return questionSide
}
