package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"kiveileder/gateway"
)

// keys gives the maker of conversation ids: with the secret of the
// configuration, else with the data folder's own, which is made at the first
// start.
func (c Config) keys() (gateway.Keys, error) {
	if c.Secret != "" {
		k, err := gateway.NewKeys([]byte(c.Secret))
		if err != nil {
			return k, fmt.Errorf("KIVEILEDER_SECRET: %w", err)
		}
		return k, nil
	}
	name := filepath.Join(c.Data, "secret")
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		b = []byte(rand.Text() + rand.Text())
		err = c.keepSecret(name, b)
		if errors.Is(err, fs.ErrExist) { // another process was first
			b, err = os.ReadFile(name)
		}
	}
	if err != nil {
		return gateway.Keys{}, fmt.Errorf("secret: %w", err)
	}
	k, err := gateway.NewKeys(b)
	if err != nil {
		return k, fmt.Errorf("%s: %w", name, err)
	}
	return k, nil
}

// keepSecret writes the secret whole, unless there is one.
func (c Config) keepSecret(name string, secret []byte) error {
	fresh := name + ".new-" + rand.Text()
	defer os.Remove(fresh)
	err := writeFile(fresh, 0o600, func(f *os.File) error {
		_, err := f.Write(secret)
		return err
	})
	if err != nil {
		return err
	}
	if err := os.Link(fresh, name); err != nil {
		return err
	}
	return syncFolder(c.Data)
}
