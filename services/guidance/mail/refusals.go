package mail

import (
	_ "embed"

	"kiveileder/internal/refusal"
)

//go:embed refusals.yaml
var refusalsFile []byte

// say has the words of what is refused here.
var say = refusal.Must("services/guidance/mail", refusalsFile)
