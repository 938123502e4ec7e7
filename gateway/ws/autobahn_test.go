package ws

import (
	"net/http"
	"os"
	"os/signal"
	"testing"
)

// TestAutobahnServer is the server that scripts/autobahn tests: it runs when
// KIVEILEDER_AUTOBAHN names a file, writes its address there, and echoes until
// it is interrupted.
func TestAutobahnServer(t *testing.T) {
	file := os.Getenv("KIVEILEDER_AUTOBAHN")
	if file == "" {
		return // not skipped: nothing is left out, scripts/autobahn runs it
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	addr := serveWith(t, conformanceConfig, echo, func(*http.Server) {})
	if err := os.WriteFile(file, []byte(addr), 0o600); err != nil {
		t.Fatal(err)
	}
	<-stop
	signal.Stop(stop)
}

// conformanceConfig lets in the longest message of the suite.
var conformanceConfig = Config{MaxFrame: 1 << 20}
