// Package builtin is the built-in corpus made ready to search. The snapshot is
// made by `kiveileder corpus build` from the files of package corpus; a test
// holds that the two fit.
package builtin

import (
	_ "embed"
	"sync"

	"kiveileder/retriever"
)

//go:embed snapshot.bin
var snapshot []byte

// Snapshot reads the snapshot in the binary, once.
var Snapshot = sync.OnceValues(func() (*retriever.Snapshot, error) {
	return retriever.ReadSnapshot(snapshot)
})
