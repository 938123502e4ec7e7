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

// keys gives the maker of conversation ids.
func (c Config) keys() (gateway.Keys, error) {
	secret, err := c.secret()
	if err != nil {
		return gateway.Keys{}, err
	}
	k, err := gateway.NewKeys(secret)
	if err != nil {
		return k, fmt.Errorf("KIVEILEDER_SECRET or %s: %w", filepath.Join(c.Data, "secret"), err)
	}
	return k, nil
}

// secret gives that of the configuration, else the data folder's own, which is
// made at the first start.
func (c Config) secret() ([]byte, error) {
	if c.Secret != "" {
		return []byte(c.Secret), nil
	}
	return c.ownSecret("secret")
}

// ownSecret gives a secret of the data folder, which is made when it is not
// there.
func (c Config) ownSecret(file string) ([]byte, error) {
	name := filepath.Join(c.Data, file)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		b = []byte(rand.Text() + rand.Text())
		err = c.keepSecret(name, b)
		if errors.Is(err, fs.ErrExist) { // another process was first
			b, err = os.ReadFile(name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err) // which names the file
	}
	return b, nil
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
