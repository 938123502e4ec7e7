package telemetry

import (
	"bufio"
	"net"
	"net/http"
)

// A Recorder remembers the status of an answer; it can be hijacked for a
// WebSocket.
type Recorder struct {
	http.ResponseWriter
	Status int
}

// NewRecorder gives a Recorder before w. Who writes no status answers with 200.
func NewRecorder(w http.ResponseWriter) *Recorder {
	return &Recorder{ResponseWriter: w, Status: http.StatusOK}
}

// WriteHeader implements http.ResponseWriter.
func (r *Recorder) WriteHeader(status int) {
	r.Status = status
	r.ResponseWriter.WriteHeader(status)
}

// Hijack implements http.Hijacker.
func (r *Recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	r.Status = http.StatusSwitchingProtocols
	return http.NewResponseController(r.ResponseWriter).Hijack()
}

// Unwrap lets an http.ResponseController reach what is behind.
func (r *Recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
