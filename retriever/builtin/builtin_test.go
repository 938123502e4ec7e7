package builtin_test

import (
	"os"
	"testing"

	"kiveileder/corpus"
	"kiveileder/retriever/builtin"
	"kiveileder/retriever/embed/e5"
)

// The snapshot in the binary was made from the corpus as it stands, with the
// model that is built in.
func TestSnapshotFits(t *testing.T) {
	s, err := builtin.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	version, err := corpus.Hash(os.DirFS("../../corpus"))
	if err != nil || version != s.Version {
		t.Errorf("the corpus is %s, %v, the snapshot was made of %s: make it again with `kiveileder corpus build`", version, err, s.Version)
	}
	m, err := e5.Default()
	if err != nil || m.ID() != s.Model {
		t.Errorf("the model is %s, %v, the snapshot was made with %s", m.ID(), err, s.Model)
	}
}
