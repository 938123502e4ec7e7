package memory_test

import (
	"testing"

	"kiveileder/retriever/index"
	"kiveileder/retriever/index/indextest"
	"kiveileder/retriever/index/memory"
)

func TestIndex(t *testing.T) {
	indextest.Test(t, func(*testing.T) index.Index { return &memory.Index{} })
}
