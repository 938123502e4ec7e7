package ws

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A conformance case is named by its id in the Autobahn suite and follows from
// RFC 6455: what a client sends to an echo, and what must come back. The tables
// are in conformance_cases_test.go and conformance_utf8_test.go.
type conformance struct {
	id   string
	send []frame
	chop int           // bytes in one write; 0: each frame in its own
	wait time.Duration // between writes

	want []frame // before the end
	// end is the code of the service's close frame: 1000 when the client says
	// goodbye after all, 1005 for a close frame without a code.
	end int
	// early lets the connection fail before all of want has come: the service
	// need not have answered what came before the client broke the protocol.
	early bool
}

// fine is what an exchange without mistakes ends with: the client says goodbye.
const fine = 0

func TestConformance(t *testing.T) {
	cases := slices.Concat(framing(), pings(), reservedBits(), opcodes(), fragmentation(), unicode(), closing(), misc())
	addr := serve(t, conformanceConfig, echo)

	// the cases mostly wait for each other's timeouts, so they run at once
	var wg sync.WaitGroup
	defer wg.Wait()
	results := make([]string, len(cases))
	for i, c := range cases {
		conn := dial(t, addr)
		wg.Go(func() { results[i] = c.run(conn) })
	}
	wg.Wait()
	for i, c := range cases {
		t.Run(c.id, func(t *testing.T) {
			if results[i] != "" {
				t.Error(results[i])
			}
		})
	}
}

func TestConformanceCovers(t *testing.T) {
	want := map[string]int{
		"1.1": 8, "1.2": 8, "2": 11, "3": 7, "4.1": 5, "4.2": 5, "5": 20,
		"6.1": 3, "6.2": 4, "6.3": 2, "6.4": 4, "6.5": 5, "6.6": 11, "6.7": 4, "6.8": 2, "6.9": 4, "6.10": 3, "6.11": 5, "6.12": 8,
		"6.13": 5, "6.14": 10, "6.15": 1, "6.16": 3, "6.17": 5, "6.18": 5, "6.19": 5, "6.20": 7, "6.21": 8, "6.22": 34, "6.23": 7,
		"7.1": 6, "7.3": 6, "7.5": 1, "7.7": 13, "7.9": 9, "7.13": 2, "10.1": 1,
	}
	ids := map[string]bool{}
	for _, c := range slices.Concat(framing(), pings(), reservedBits(), opcodes(), fragmentation(), unicode(), closing(), misc()) {
		if ids[c.id] {
			t.Errorf("%s twice", c.id)
		}
		ids[c.id] = true
	}
	total := 0
	for section, n := range want {
		total += n
		for i := range n {
			if id := fmt.Sprintf("%s.%d", section, i+1); !ids[id] {
				t.Errorf("%s is missing", id)
			}
		}
	}
	if len(ids) != total {
		t.Errorf("%d cases, want %d", len(ids), total)
	}
}

// run plays a case and tells what was wrong, if anything.
func (c conformance) run(conn *client) string {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	type answer struct {
		frames []frame
		err    error
	}
	answered := make(chan answer, 1)
	// the reader says goodbye when all that is wanted has come
	go func() {
		var a answer
		goodbye := c.end != fine
		for {
			if !goodbye && len(a.frames) == len(c.want) {
				goodbye = true
				conn.write(closeWith(1000, ""))
			}
			var f frame
			if f, a.err = readFrame(conn.r); a.err != nil {
				answered <- a
				return
			}
			a.frames = append(a.frames, f)
		}
	}()
	if err := c.play(conn); err != nil && c.end == fine {
		return fmt.Sprintf("write: %v", err)
	}
	a := <-answered
	end := c.end
	if end == fine {
		end = 1000
	}
	if a.err != io.EOF {
		return fmt.Sprintf("%v, then %v, want the line closed in order", a.frames, a.err)
	}
	n := len(a.frames)
	if n == 0 || a.frames[n-1].op != opClose || a.frames[n-1].code() != end {
		return fmt.Sprintf("got %v, want close %d at last", a.frames, end)
	}
	got := a.frames[:n-1]
	if c.early && len(got) < len(c.want) {
		return diff(c.want[:len(got)], got)
	}
	return diff(c.want, got)
}

// play sends a case's frames.
func (c conformance) play(w io.Writer) error {
	var line []byte
	for _, f := range c.send {
		if c.chop == 0 {
			if _, err := w.Write(f.masked()); err != nil {
				return err
			}
			time.Sleep(c.wait)
			continue
		}
		line = append(line, f.masked()...)
	}
	for b := range slices.Chunk(line, max(1, c.chop)) {
		if _, err := w.Write(b); err != nil {
			return err
		}
		time.Sleep(c.wait)
	}
	return nil
}

func diff(want, got []frame) string {
	if len(want) == 0 && len(got) == 0 {
		return ""
	}
	return cmp.Diff(want, got, cmp.AllowUnexported(frame{}))
}
