package loopback_test

import (
	"net"
	"testing"

	"kiveileder/internal/loopback"
)

func TestFreeAddr(t *testing.T) {
	held := map[string]bool{}
	for range 50 {
		addr, err := loopback.FreeAddr()
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatalf("nobody can listen there: %v", err)
		}
		defer l.Close()
		if p := l.Addr().(*net.TCPAddr).Port; held[addr] || p >= 32_768 {
			t.Errorf("%s: given twice (%v), or a port of clients", addr, held[addr])
		}
		held[addr] = true
	}
}
