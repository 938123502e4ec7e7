package register

import (
	_ "embed"

	"kiveileder/internal/refusal"
)

//go:embed refusals.yaml
var refusalsFile []byte

// say has the words of why an answer is looked at again.
var say = refusal.Must("services/guidance/register", refusalsFile)
