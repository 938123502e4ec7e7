package app

import (
	"context"
	"io/fs"
	"strings"
	"sync"
	"testing/fstest"

	"kiveileder"
	"kiveileder/internal/rpc"
)

// Calls by which the gateway learns of added documents, which it shows.
const callDocumentsVersion, callDocuments = "documents-version", "documents"

type nothing struct{}

// shareDocuments lets a server tell of documents: what pages are made from,
// without originals and vectors.
func shareDocuments(s *rpc.Server, d documents) {
	rpc.Handle(s, callDocumentsVersion, func(ctx context.Context, _ nothing) (string, error) { return d.Version(ctx) })
	rpc.Handle(s, callDocuments, func(ctx context.Context, _ nothing) (map[string][]byte, error) {
		files, err := d.Files(ctx)
		if err != nil {
			return nil, err
		}
		out := map[string][]byte{}
		return out, fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".jsonl") {
				return err
			}
			out[name], err = fs.ReadFile(files, name)
			return err
		})
	})
}

// farDocuments are documents that another role has. While it is away they are
// what they were, at first none: a gateway starts without the services, and
// takes the documents up when they come.
type farDocuments struct {
	client *rpc.Client

	mu      sync.Mutex // guards what follows
	version string
}

// Version implements documents.
func (d *farDocuments) Version(ctx context.Context) (string, error) {
	v, err := rpc.Call[nothing, string](ctx, d.client, callDocumentsVersion, nothing{})
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case kiveileder.ErrorCode(err) == kiveileder.CodeUnavailable:
		return d.version, nil
	case err != nil:
		return "", err
	}
	d.version = v
	return v, nil
}

// Files implements documents.
func (d *farDocuments) Files(ctx context.Context) (fs.FS, error) {
	files, err := rpc.Call[nothing, map[string][]byte](ctx, d.client, callDocuments, nothing{})
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case err != nil && d.version == "":
		return fstest.MapFS{}, nil
	case err != nil:
		return nil, err
	}
	m := fstest.MapFS{}
	for name, b := range files {
		m[name] = &fstest.MapFile{Data: b}
	}
	return m, nil
}

// Change implements documents: they are changed where they are.
func (d *farDocuments) Change(context.Context, func(string) error) error {
	return kiveileder.Errorf(kiveileder.CodeUnavailable, "documents are changed by another role")
}
