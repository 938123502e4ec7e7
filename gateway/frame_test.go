package gateway_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"kiveileder"
	"kiveileder/gateway/wire"
	"kiveileder/services/queue"
)

// A frame is anything that the service sends.
type frame struct {
	Type, ID, Conversation, Epoch, Stage, Text, Code, Message string
	Protocol, Session                                         string
	Offset                                                    int64
	ReplyTo                                                   int64 `json:"reply_to"`
	Recovered                                                 bool
	Missed                                                    int
	RetryAfter                                                int `json:"retry_after"`
	Masked                                                    []string
	Facts                                                     map[string]any
	Answer                                                    *kiveileder.Answer
	Case                                                      *queue.AskerCase
	Limits                                                    wire.Limits
	Versions                                                  kiveileder.Versions
	At, Time                                                  time.Time

	Event string `json:"-"` // its id in an event stream
}

// String gives a frame as the tests write it down.
func (f frame) String() string {
	switch f.Type {
	case wire.TypeOpened:
		if !f.Recovered {
			return fmt.Sprintf("opened %s: %d, lost", f.ID, f.Offset)
		}
		return fmt.Sprintf("opened %s: %d, missed %d", f.ID, f.Offset, f.Missed)
	case wire.TypeMessage:
		return fmt.Sprintf("message %s: %d %q", f.ID, f.Offset, f.Text)
	case wire.TypeAnswer:
		return fmt.Sprintf("answer %s: %d to %d %s", f.ID, f.Offset, f.ReplyTo, f.Answer.Status)
	case wire.TypeProgress:
		return fmt.Sprintf("progress %s: %s", f.ID, f.Stage)
	case wire.TypeError:
		return fmt.Sprintf("error %s: %s", f.ID, f.Code)
	case wire.TypeCase:
		return fmt.Sprintf("case %s: %s %d %s", f.ID, f.Case.ID, f.Case.Seq, f.Case.State)
	case wire.TypeHello, wire.TypeGone:
		return f.Type
	}
	return f.Type + " " + f.ID
}

// A client takes the frames of a socket or of an event stream.
type client struct {
	t      testing.TB
	conn   *websocket.Conn // nil for an event stream
	hello  frame
	frames chan frame
	code   int // that the socket was closed with; when frames is closed
	hangUp func()
}

// patience is how long a test waits for something that should come.
const patience = 30 * time.Second

// dial opens a socket and hears the greeting; header fields come in pairs.
func dial(t testing.TB, s *site, header ...string) *client {
	t.Helper()
	conn, resp, err := s.upgrade(header...)
	if err != nil {
		t.Fatalf("dial: %v, %v", err, resp)
	}
	c := &client{t: t, conn: conn, frames: make(chan frame, 10_000)}
	ended := make(chan struct{})
	go func() { defer close(ended); c.read() }()
	c.hangUp = func() { conn.Close(); <-ended }
	t.Cleanup(c.hangUp)
	if f := c.next(); f.Type == wire.TypeHello {
		c.hello = f
	} else if f.Type != "" {
		t.Fatalf("first frame %v, want hello", f)
	}
	return c
}

// read takes frames until the connection ends.
func (c *client) read() {
	defer close(c.frames)
	for {
		kind, b, err := c.conn.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed):
			c.code = closed.Code
			return
		case err != nil:
			return
		case kind != websocket.TextMessage:
			c.t.Errorf("a frame of kind %d", kind)
		}
		c.frames <- readFrame(c.t, b)
	}
}

func readFrame(t testing.TB, b []byte) frame {
	var f frame
	if err := json.Unmarshal(b, &f); err != nil {
		t.Errorf("%v in frame %s", err, b)
	}
	return f
}

// next gives the next frame, an empty one when the line has ended. The comments
// that keep a stream alive come when a test takes long, and are passed over.
func (c *client) next() frame {
	c.t.Helper()
	end := time.After(patience)
	for {
		select {
		case f := <-c.frames:
			if f.Type != ":" {
				return f
			}
		case <-end:
			c.t.Fatal("no frame")
			return frame{}
		}
	}
}

// until gives the frames up to the first of one of the types.
func (c *client) until(kinds ...string) []frame {
	c.t.Helper()
	var out []frame
	for {
		f := c.next()
		if f.Type == "" {
			c.t.Fatalf("the line ended (%d) before a frame of type %s, after %v", c.code, kinds, out)
		}
		if out = append(out, f); slices.Contains(kinds, f.Type) {
			return out
		}
	}
}

// say sends frames as they stand.
func (c *client) say(frames ...string) {
	c.t.Helper()
	for _, f := range frames {
		if err := c.conn.WriteMessage(websocket.TextMessage, []byte(f)); err != nil {
			c.t.Fatal(err)
		}
	}
}

// hears checks the next frames, and gives them.
func (c *client) hears(want ...string) []frame {
	c.t.Helper()
	var got []frame
	var lines []string
	for range want {
		f := c.next()
		got, lines = append(got, f), append(lines, f.String())
		if f.Type == "" {
			break
		}
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		c.t.Fatalf("frames (-want +got):\n%s", diff)
	}
	return got
}

// hearsNothing checks that nothing was sent up to now.
func (c *client) hearsNothing() {
	c.t.Helper()
	c.say(`{"type":"ping","id":"nothing"}`)
	c.hears("pong nothing")
}

// open opens a conversation, a new one when id is empty, and gives its id.
func (c *client) open(id string) string {
	c.t.Helper()
	c.say(`{"type":"open","id":"o"` + field("conversation", id) + `}`)
	f := c.next()
	if f.Type != wire.TypeOpened || f.ID != "o" || id != "" && f.Conversation != id {
		c.t.Fatalf("frame %+v, want opened", f)
	}
	return f.Conversation
}

// back comes back to a conversation with a position.
func (c *client) back(id, epoch string, offset int64) {
	c.t.Helper()
	c.say(fmt.Sprintf(`{"type":"open","id":"b","conversation":%q,"position":{"epoch":%q,"offset":%d}}`, id, epoch, offset))
}

// ask writes a message.
func (c *client) ask(conversation, id, question string) {
	c.t.Helper()
	c.say(asking(conversation, id, question))
}

func asking(conversation, id, question string) string {
	return `{"type":"ask"` + field("id", id) + field("conversation", conversation) + field("question", question) + `}`
}

// asked is what is heard of a question that is answered at once.
func asked(id, question string, offset int) []string {
	return []string{
		fmt.Sprintf("message %s: %d %q", id, offset, question),
		fmt.Sprintf("progress %s: searching", id),
		fmt.Sprintf("answer %s: %d to %d answered", id, offset+1, offset),
	}
}

func field(name, value string) string {
	if value == "" {
		return ""
	}
	b, _ := json.Marshal(value)
	return `,"` + name + `":` + string(b)
}

// closedWith checks the code that a socket was closed with.
func (c *client) closedWith(code int) {
	c.t.Helper()
	for {
		if f := c.next(); f.Type == "" {
			break
		}
	}
	if c.code != code {
		c.t.Errorf("closed with %d, want %d", c.code, code)
	}
}

// lines gives frames as the tests write them down.
func lines(fs []frame) string {
	var out []string
	for _, f := range fs {
		out = append(out, f.String())
	}
	return strings.Join(out, "\n")
}
