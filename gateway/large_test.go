package gateway_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What is much too long is refused with words, also to a client that sends all
// of it before it listens, as browsers do.
func TestTooLongIsHeard(t *testing.T) {
	b := newBureau(t)
	s := listen(t, b.Gateway)
	ola := b.people["hdir"]
	for _, c := range []struct {
		name, path, head string
		status           int
	}{
		{"a note", "/v1/cases/hdir/commands", "Cookie: " + ola.cookie + "\r\nX-CSRF-Token: " + ola.csrf + "\r\nOrigin: " + bureauOrigin, http.StatusBadRequest},
		{"a question", "/v1/ask", "Accept: */*", http.StatusBadRequest},
		{"a mail", "/v1/mail/inbound", "X-Kiveileder-Signature: t=1,v1=00", http.StatusRequestEntityTooLarge},
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		body := `{"text":"` + strings.Repeat("a", 12<<20) + `"}`
		_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\n%s\r\nContent-Length: %d\r\n\r\n%s", c.path, conn.RemoteAddr(), c.head, len(body), body)
		if err != nil {
			t.Errorf("%s: cut off: %v", c.name, err)
			conn.Close()
			continue
		}
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || r.StatusCode != c.status {
			t.Errorf("%s: %v, %v", c.name, r, err)
		}
		conn.Close()
	}
}
