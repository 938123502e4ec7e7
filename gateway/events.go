package gateway

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kiveileder"
	"kiveileder/gateway/wire"
)

// Of event streams.
const (
	beat        = 15 * time.Second // a comment, so that proxies keep the line
	streamQueue = 256              // frames that wait for a slow client
	streamWrite = 10 * time.Second
)

// events answers GET /v1/conversation/events: the frames of one conversation
// for a client that has no socket.
func (g *Gateway) events(w http.ResponseWriter, r *http.Request) {
	id, key, ok := g.bearer(w, r)
	if !ok {
		return
	}
	from, err := position(r)
	if err != nil {
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "Last-Event-ID: epoch:offset"))
		return
	}
	client := g.client(r)
	if err := g.sockets.admit(client); err != nil {
		g.fail(w, r, g.explainAdmission(r, err))
		return
	}
	defer g.sockets.dismiss(client)
	g.metrics.streams.Inc()
	defer g.metrics.streams.Dec()

	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(g.streams, cancel)()
	s := &stream{ctx: ctx, cancel: cancel, frames: make(chan any, streamQueue)}
	f := &feed{key: key, id: id, line: s, read: g.Conversations.Read, log: g.Log, filling: true}
	g.hub.join(f)
	defer g.hub.leave(f)
	defer f.end()

	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no") // nginx would gather frames
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	out := &eventWriter{w: w, rc: http.NewResponseController(w)}
	_ = out.rc.SetReadDeadline(time.Time{}) // a stream outlives the server's limits
	opened := make(chan error, 1)
	go func() {
		err := f.open(ctx, "", from)
		if err == nil {
			g.opened(key)
		}
		opened <- err
	}()
	_ = out.frame("", g.hello(requestID(r.Context())))
	s.run(g, out, opened, LanguageOf(r), requestID(r.Context()))
}

// run writes what comes until the client, the service or the longest time
// ends it.
func (s *stream) run(g *Gateway, out *eventWriter, opened <-chan error, lang kiveileder.Language, request string) {
	t := time.NewTicker(beat)
	defer t.Stop()
	total := time.NewTimer(totalTime)
	defer total.Stop()
	epoch := ""
	for {
		var err error
		select {
		case <-s.ctx.Done():
			return
		case <-total.C:
			return
		case <-t.C:
			err = out.comment()
		case failed := <-opened:
			if opened = nil; failed != nil {
				code, message := g.explain(s.ctx, lang, request, g.aboutConversation(failed, lang))
				_ = out.frame("", wire.Error{Type: wire.TypeError, Code: code, Message: message})
				return
			}
		case f := <-s.frames:
			if o, ok := f.(wire.Opened); ok {
				epoch = o.Epoch
			}
			err = out.frame(eventID(epoch, f), f)
			if _, ok := f.(wire.Gone); ok {
				return
			}
		}
		if err != nil {
			return // the client has gone
		}
	}
}

// position reads where a client has come to: the id of the last event it got,
// or the query's epoch and after.
func position(r *http.Request) (*wire.Position, error) {
	epoch, offset := r.URL.Query().Get("epoch"), r.URL.Query().Get("after")
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		at := strings.LastIndexByte(last, ':')
		if at < 0 {
			return nil, fmt.Errorf("no offset in %.20q", last)
		}
		epoch, offset = last[:at], last[at+1:]
	} else if offset == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(offset, 10, 64)
	if err != nil || n < 0 {
		return nil, fmt.Errorf("offset %.20q", offset)
	}
	return &wire.Position{Epoch: epoch, Offset: n}, nil
}

// eventID gives the id of an entry's event; other frames have none.
func eventID(epoch string, frame any) string {
	switch f := frame.(type) {
	case encoded:
		return eventID(epoch, f.frame)
	case wire.Message:
		return epoch + ":" + strconv.FormatInt(f.Offset, 10)
	case wire.Answer:
		return epoch + ":" + strconv.FormatInt(f.Offset, 10)
	}
	return ""
}

// A stream is a line whose frames one goroutine writes.
type stream struct {
	ctx    context.Context
	cancel context.CancelFunc
	frames chan any
}

// send ends the stream of a client that does not take what is sent: it comes
// back and gets the rest.
func (s *stream) send(frame any) bool {
	select {
	case s.frames <- frame:
		return true
	case <-s.ctx.Done():
		return false
	default:
		s.cancel()
		return false
	}
}

func (s *stream) fail() { s.cancel() }

func (s *stream) wait(frame any) bool {
	select {
	case s.frames <- frame:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// An eventWriter writes server-sent events.
type eventWriter struct {
	w  http.ResponseWriter
	rc *http.ResponseController
	b  bytes.Buffer
}

func (e *eventWriter) frame(id string, frame any) error {
	data, err := encode(frame)
	if err != nil {
		return err
	}
	e.b.Reset()
	if id != "" {
		fmt.Fprintf(&e.b, "id: %s\n", id)
	}
	fmt.Fprintf(&e.b, "data: %s\n\n", data)
	return e.flush()
}

func (e *eventWriter) comment() error {
	e.b.Reset()
	e.b.WriteString(":\n\n")
	return e.flush()
}

func (e *eventWriter) flush() error {
	if err := e.rc.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return err
	}
	if _, err := e.b.WriteTo(e.w); err != nil {
		return err
	}
	return e.rc.Flush()
}
