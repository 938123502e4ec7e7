package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"kiveileder"
	"kiveileder/internal/rpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "a token of the tests, 32 bytes or more"

type question struct{ Text string }
type reply struct {
	Text, Request string
	Left          time.Duration
}

// role gives a role that knows one call, and counts how often it is made.
func role(t *testing.T, token string, f func(context.Context, question) (reply, error)) (string, *atomic.Int32) {
	t.Helper()
	tok, err := rpc.NewToken(token)
	if err != nil {
		t.Fatal(err)
	}
	var made atomic.Int32
	s := &rpc.Server{Token: tok}
	rpc.Handle(s, "say", func(ctx context.Context, q question) (reply, error) { made.Add(1); return f(ctx, q) })
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return srv.URL, &made
}

func client(t *testing.T, token, urls string) *rpc.Client {
	t.Helper()
	tok, err := rpc.NewToken(token)
	if err != nil {
		t.Fatal(err)
	}
	c, err := rpc.NewClient(rpc.Options{Name: "services", URLs: urls, Token: tok})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func say(ctx context.Context, c *rpc.Client, text string) (reply, error) {
	return rpc.Call[question, reply](ctx, c, "say", question{text})
}

func back(ctx context.Context, q question) (reply, error) {
	deadline, _ := ctx.Deadline()
	return reply{q.Text, rpc.Request(ctx), time.Until(deadline)}, nil
}

// What goes along: the words, the request's id, what is left of the time.
func TestCall(t *testing.T) {
	url, _ := role(t, secret, back)
	ctx, cancel := context.WithTimeout(rpc.WithRequest(t.Context(), "request-1"), 3*time.Second)
	defer cancel()
	got, err := say(ctx, client(t, secret, url), "Må vi søke REK? æøå")
	if err != nil || got.Text != "Må vi søke REK? æøå" || got.Request != "request-1" || got.Left > 3*time.Second || got.Left < time.Second {
		t.Errorf("%+v, %v", got, err)
	}
}

// An error keeps its code and its message across; what a user must not read
// goes to the log alone.
func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		code    kiveileder.Code
		message string
		in      string // in its text
	}{
		"for the user": {&kiveileder.Error{Code: kiveileder.CodeInvalid, Message: "For langt.", Err: errors.New("4001 characters")}, kiveileder.CodeInvalid, "For langt.", "4001 characters"},
		"not there":    {kiveileder.Errorf(kiveileder.CodeNotFound, "Borte."), kiveileder.CodeNotFound, "Borte.", "services"},
		"full":         {fmt.Errorf("add: %w", kiveileder.Errorf(kiveileder.CodeConflict, "Full.")), kiveileder.CodeConflict, "Full.", "add"},
		"inner":        {errors.New("disk is broken"), kiveileder.CodeInternal, "Noe gikk galt hos oss.", "disk is broken"},
	} {
		t.Run(name, func(t *testing.T) {
			url, made := role(t, secret, func(context.Context, question) (reply, error) { return reply{}, c.err })
			_, err := say(t.Context(), client(t, secret, url), "x")
			if kiveileder.ErrorCode(err) != c.code || kiveileder.ErrorMessage(err) != c.message || !strings.Contains(err.Error(), c.in) {
				t.Errorf("%v: code %s, message %q", err, kiveileder.ErrorCode(err), kiveileder.ErrorMessage(err))
			}
			if made.Load() != 1 {
				t.Errorf("made %d times, want once: trying again does not help", made.Load())
			}
		})
	}
}

func TestPanicIsAnError(t *testing.T) {
	url, _ := role(t, "", func(context.Context, question) (reply, error) { panic("fødselsnummer 010190 12345") })
	_, err := say(t.Context(), client(t, "", url), "x")
	if kiveileder.ErrorCode(err) != kiveileder.CodeInternal || !strings.Contains(err.Error(), "panic of type string") || strings.Contains(err.Error(), "010190") {
		t.Errorf("%v", err)
	}
}

// Only who knows the token is answered, and only an answer of one who knows
// it is believed.
func TestProof(t *testing.T) {
	other := strings.Replace(secret, "a token", "another", 1)
	for _, c := range []struct {
		name, caller, callee string
		ok                   bool
	}{
		{"both know it", secret, secret, true},
		{"certificates alone", "", "", true},
		{"caller knows another", other, secret, false},
		{"caller knows none", "", secret, false},
		{"callee knows another", secret, other, false},
		{"callee knows none, and answers", secret, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			url, made := role(t, c.callee, back)
			_, err := say(t.Context(), client(t, c.caller, url), "x")
			if c.ok != (err == nil) || !c.ok && kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable {
				t.Errorf("%v", err)
			}
			if c.callee != "" && !c.ok && made.Load() > 0 {
				t.Error("the call was made")
			}
			if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), other)) {
				t.Errorf("the token stands in %v", err)
			}
		})
	}
	if _, err := rpc.NewToken("too short"); err == nil {
		t.Error("a token of 9 characters is taken")
	}
}

// A call whose body or name was changed on the way is not made.
func TestChangedOnTheWay(t *testing.T) {
	url, made := role(t, secret, back)
	for name, change := range map[string]func(h http.Header, body []byte) []byte{
		"body": func(http.Header, []byte) []byte { return nil },
		"word": func(h http.Header, body []byte) []byte {
			once, proof, _ := strings.Cut(h.Get("Kiveileder-Proof"), " ")
			h.Set("Kiveileder-Proof", once+"A "+proof)
			return body
		},
		"none": func(h http.Header, body []byte) []byte { h.Del("Kiveileder-Proof"); return body },
	} {
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
				return
			}
			h := r.Header.Clone()
			body = change(h, body)
			out, err := http.NewRequestWithContext(r.Context(), r.Method, url+r.URL.Path, bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			out.Header = h
			resp, err := http.DefaultTransport.RoundTrip(out)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			w.WriteHeader(resp.StatusCode)
		}))
		if _, err := say(t.Context(), client(t, secret, proxy.URL), "x"); err == nil || made.Load() != 0 {
			t.Errorf("%s: %v, made %d times", name, err, made.Load())
		}
		proxy.Close()
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// A replica that is gone costs nothing but a moment: the next one is asked.
func TestReplicas(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + gone.Addr().String()
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	url, made := role(t, secret, back)
	c := client(t, secret, nobody+", "+url+"/")
	for range 50 {
		if _, err := say(t.Context(), c, "x"); err != nil {
			t.Fatal(err)
		}
	}
	if made.Load() != 50 {
		t.Errorf("made %d times, want 50", made.Load())
	}
	alone := client(t, secret, nobody)
	begin := time.Now()
	for range 20 {
		if _, err := say(t.Context(), alone, "x"); kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable {
			t.Fatalf("nobody answers: %v", err)
		}
	}
	if took := time.Since(begin); took > 8*time.Second {
		t.Errorf("20 calls of nobody took %v", took)
	}
	for _, bad := range []string{"", "127.0.0.1:80", "ftp://x", "http://", "http://a,"} {
		if _, err := rpc.NewClient(rpc.Options{Name: "services", URLs: bad}); err == nil {
			t.Errorf("address %q is taken", bad)
		}
	}
}

// The caller's time is the call's: a role that hangs is unavailable, a caller
// that goes away ends the work.
func TestTime(t *testing.T) {
	ended := make(chan error, 8)
	url, _ := role(t, secret, func(ctx context.Context, _ question) (reply, error) {
		<-ctx.Done()
		ended <- ctx.Err()
		return reply{}, ctx.Err()
	})
	c := client(t, secret, url)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := say(ctx, c, "x"); kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable {
		t.Errorf("hanging: %v", err)
	}
	<-ended
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := say(ctx, c, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("gone: %v", err)
	}
	<-ended
}

// What is no call is refused, and a role of another kind is not believed.
func TestStrangers(t *testing.T) {
	url, _ := role(t, "", back)
	post := func(path, body string) int {
		resp, err := http.Post(url+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	got := []int{post("/rpc/say", "{}"), post("/rpc/say", "{"), post("/rpc/say", `{"Text":7}`), post("/rpc/dance", "{}"), post("/", "{}")}
	if d := cmp.Diff([]int{200, 400, 400, 404, 404}, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if resp, err := http.Get(url + "/rpc/say"); err != nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %v, %v", resp, err)
	} else {
		resp.Body.Close()
	}
	// one without a token is not believed either; what it gives may be what people
	// wrote, and is not for the log
	if _, err := say(t.Context(), client(t, secret, url), "om pasienten"); err == nil || strings.Contains(err.Error(), "pasienten") {
		t.Errorf("a role without a token: %v", err)
	}
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }))
	defer page.Close()
	if _, err := say(t.Context(), client(t, "", page.URL), "x"); err == nil {
		t.Error("a page is taken for an answer")
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// A role that was there a moment ago is waited for: it is being restarted.
func TestRestart(t *testing.T) {
	tok, err := rpc.NewToken(secret)
	if err != nil {
		t.Fatal(err)
	}
	s := &rpc.Server{Token: tok}
	rpc.Handle(s, "say", back)
	srv := httptest.NewServer(s)
	addr := srv.Listener.Addr().String()
	c := client(t, secret, srv.URL)
	if _, err := say(t.Context(), c, "x"); err != nil {
		t.Fatal(err)
	}
	srv.Close()
	time.AfterFunc(500*time.Millisecond, func() {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Error(err)
			return
		}
		again := &httptest.Server{Listener: l, Config: &http.Server{Handler: s}}
		again.Start()
		t.Cleanup(again.Close)
	})
	begin := time.Now()
	if _, err := say(t.Context(), c, "x"); err != nil || time.Since(begin) < 400*time.Millisecond {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
}

// An answer that is too large is no reason to doubt the token, nor to ask again.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	url, made := role(t, secret, func(context.Context, question) (reply, error) {
		return reply{Text: strings.Repeat("x", 64<<20)}, nil
	})
	_, err := say(t.Context(), client(t, secret, url), "x")
	if err == nil || !strings.Contains(err.Error(), "more than 64 MB") || made.Load() != 1 {
		t.Errorf("%.200v, asked %d times", err, made.Load())
	}
}

// A replica that takes long is waited for, as long as it says that it is
// there, and the call is made once.
func TestSlow(t *testing.T) {
	if testing.Short() {
		t.Skip("takes five seconds")
	}
	t.Parallel()
	slow, made := role(t, secret, func(ctx context.Context, q question) (reply, error) {
		select {
		case <-time.After(5 * time.Second):
			return back(ctx, q)
		case <-ctx.Done():
			return reply{}, ctx.Err()
		}
	})
	if _, err := say(t.Context(), client(t, secret, slow), "x"); err != nil || made.Load() != 1 {
		t.Errorf("%v, made %d times", err, made.Load())
	}
}

// A replica that hangs is left for the next.
func TestSilent(t *testing.T) {
	if testing.Short() {
		t.Skip("takes six seconds")
	}
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	quick, made := role(t, secret, back)
	begin := time.Now()
	c := client(t, secret, "http://"+l.Addr().String()+","+quick)
	for range 2 {
		if _, err := say(t.Context(), c, "x"); err != nil {
			t.Error(err)
		}
	}
	if took := time.Since(begin); made.Load() != 2 || took > 9*time.Second {
		t.Errorf("made %d times in %v", made.Load(), took)
	}
}

// A role of another kind, or one with another name, is not taken for the one
// that is meant.
func TestPing(t *testing.T) {
	for name, ok := range map[string]bool{"services": true, "retriever": false, "": false} {
		srv := httptest.NewServer(func() http.Handler {
			s := &rpc.Server{Name: name}
			rpc.Handle(s, "say", back)
			return s
		}())
		if err := client(t, "", srv.URL).Ping(t.Context()); (err == nil) != ok {
			t.Errorf("%q is taken for services: %v", name, err)
		}
		srv.Close()
	}
}
