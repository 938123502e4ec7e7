package queue

import (
	_ "embed"

	words "kiveileder/internal/refusal"
)

//go:embed refusals.yaml
var refusalsFile []byte

// say has the words of what is refused here.
var say = words.Must("services/queue", refusalsFile)
