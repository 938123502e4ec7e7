// Package loopback gives addresses on this machine to those who start a server,
// stop it, and start it again at the same place.
package loopback

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// The ports to choose from. They lie below those that Linux, macOS and Windows
// give to outgoing connections (32768 and up; RFC 6335 has 49152): a port that
// the system has chosen by itself may go to some client while its server is
// away, even to a client that tries to reach that very server.
const first, last = 20_000, 31_999

// FreeAddr gives an address, host:port, where nobody listens.
func FreeAddr() (string, error) {
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", first+rand.N(last-first+1))
		if l, err := net.Listen("tcp", addr); err == nil {
			return addr, l.Close()
		}
	}
	return "", errors.New("loopback: no free port")
}
