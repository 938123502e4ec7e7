package postgres

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// A folder is a tree of files in memory: a read-only fs.FS.
type folder map[string]*node // by path; "." is its root

// A node is a file or a folder in it.
type node struct {
	name     string
	dir      bool
	body     []byte
	changed  time.Time // of a folder: when the newest file in it changed
	children []fs.DirEntry
}

// newFolder takes files with their paths, in any order. What a path means in no
// folder is an error.
func newFolder(files map[string]*node) (folder, error) {
	f := folder{".": {name: ".", dir: true}}
	for name, n := range files {
		if !fs.ValidPath(name) || name == "." {
			return nil, fmt.Errorf("%q is no path of a file", name)
		}
		n.name = path.Base(name)
		f[name] = n
	}
	for name, n := range files {
		for child := n; name != "."; {
			name = path.Dir(name)
			parent, there := f[name]
			switch {
			case !there:
				parent = &node{name: path.Base(name), dir: true}
				f[name] = parent
			case !parent.dir:
				return nil, fmt.Errorf("%q is a file and a folder", name)
			}
			if n.changed.After(parent.changed) {
				parent.changed = n.changed
			}
			if child != nil {
				parent.children = append(parent.children, child)
			}
			if child = parent; there { // and stands in its own parent already
				child = nil
			}
		}
	}
	for _, n := range f {
		slices.SortFunc(n.children, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	}
	return f, nil
}

// Open implements fs.FS.
func (f folder) Open(name string) (fs.File, error) {
	fail := func(err error) (fs.File, error) { return nil, &fs.PathError{Op: "open", Path: name, Err: err} }
	if !fs.ValidPath(name) {
		return fail(fs.ErrInvalid)
	}
	n := f[name]
	switch {
	case n == nil:
		return fail(fs.ErrNotExist)
	case n.dir:
		return &openFolder{node: n, path: name}, nil
	}
	return &openFile{node: n, Reader: bytes.NewReader(n.body)}, nil
}

// A node says all about itself: it is a fs.FileInfo and a fs.DirEntry.

func (n *node) Name() string               { return n.name }
func (n *node) Size() int64                { return int64(len(n.body)) }
func (n *node) ModTime() time.Time         { return n.changed }
func (n *node) IsDir() bool                { return n.dir }
func (n *node) Sys() any                   { return nil }
func (n *node) Type() fs.FileMode          { return n.Mode().Type() }
func (n *node) Info() (fs.FileInfo, error) { return n, nil }
func (n *node) String() string             { return fs.FormatDirEntry(n) }

func (n *node) Mode() fs.FileMode {
	if n.dir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

type openFile struct {
	node *node
	*bytes.Reader
}

func (o *openFile) Stat() (fs.FileInfo, error) { return o.node, nil }
func (o *openFile) Close() error               { return nil }

type openFolder struct {
	node *node
	path string
	next int // of the children
}

func (o *openFolder) Stat() (fs.FileInfo, error) { return o.node, nil }
func (o *openFolder) Close() error               { return nil }

func (o *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: o.path, Err: errors.New("is a directory")}
}

// ReadDir implements fs.ReadDirFile.
func (o *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	rest := o.node.children[o.next:]
	if n > 0 && len(rest) == 0 {
		return nil, io.EOF
	}
	if n > 0 {
		rest = rest[:min(n, len(rest))]
	}
	o.next += len(rest)
	return slices.Clone(rest), nil
}
