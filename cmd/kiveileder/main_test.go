package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rogpeppe/go-internal/testscript"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/gateway/wire"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kiveileder": main})
}

// TestScript runs what people type, as it stands in testdata/script.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			talk, err := os.ReadFile(filepath.Join(e.WorkDir, "talk.in"))
			if err != nil {
				return nil // only one script talks
			}
			long := bytes.Replace(talk, []byte("LONG"), bytes.Repeat([]byte("lang "), 1000), 1)
			return os.WriteFile(filepath.Join(e.WorkDir, "talk"), long, 0o644)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"verbatim": verbatim,
		},
	})
}

// verbatim checks that the answer on stdout has citations, and that each quote
// is a passage of its source and stands in the source's original.
func verbatim(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: verbatim")
	}
	var a kiveileder.Answer
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &a))
	c, err := corpus.Load(os.DirFS("../../corpus"))
	ts.Check(err)
	if len(a.Citations) == 0 || len(a.Citations) > kiveileder.MaxCitations {
		ts.Fatalf("%d citations", len(a.Citations))
	}
	for _, q := range a.Citations {
		p, ok := c.Passage(q.Passage)
		if !ok || !strings.Contains(p.Text, q.Quote) || p.Source != q.Source {
			ts.Fatalf("%s: the quote is not in the passage: %q", q.Passage, q.Quote)
		}
		i := slices.IndexFunc(c.Sources, func(m corpus.Meta) bool { return m.ID == q.Source })
		names, err := filepath.Glob(filepath.Join(root, "sources", q.Source, "original.*"))
		ts.Check(err)
		b, err := os.ReadFile(names[0])
		ts.Check(err)
		o, err := corpus.NewOriginal(c.Sources[i], b)
		ts.Check(err)
		ts.Check(o.Verbatim(p))
	}
}

// root is the repository's corpus, also from a script's folder.
var root = func() string {
	dir, err := filepath.Abs("../../corpus")
	if err != nil {
		panic(err)
	}
	return dir
}()

// output collects what a command prints and tells when a line has come.
type output struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
	want *regexp.Regexp
	got  chan string
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(b)
	if o.want == nil {
		return len(b), nil
	}
	if m := o.want.FindStringSubmatch(o.text.String()); m != nil {
		select {
		case o.got <- m[1]:
		default:
		}
	}
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// TestServe runs the service as main does, but in this process: pages, an
// answer over HTTP and over a socket, and a clean end.
func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out := &output{want: regexp.MustCompile(`listens on (http://\S+)\n`), got: make(chan string, 1)}
	log := &output{}
	done := make(chan error, 1)
	go func() {
		done <- Main(ctx, []string{"serve", "--addr", "127.0.0.1:0", "--data", t.TempDir(), "--log-format", "json", "--log-level", "debug"}, strings.NewReader(""), out, log)
	}()
	var url string
	select {
	case url = <-out.got:
	case err := <-done:
		t.Fatalf("serve: %v\n%s", err, log)
	case <-time.After(30 * time.Second):
		t.Fatal("serve does not say where it listens")
	}

	const question = "Gjelder helsepersonelloven for tyttebærsyltetøy og KI?"
	for path, want := range map[string]string{
		"/":                   "<title>",
		"/kilder":             "/kilder/formal-2024",
		"/kilder/formal-2024": `id="helseforskning-`,
		"/livez":              "ok",
		"/readyz":             "ready",
	} {
		res, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(b), want) {
			t.Errorf("%s: %d, %v, want %q", path, res.StatusCode, err, want)
		}
	}

	body, err := json.Marshal(kiveileder.Turn{Question: question})
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(url+"/v1/ask", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var overHTTP kiveileder.Answer
	if err := json.NewDecoder(res.Body).Decode(&overHTTP); err != nil || res.StatusCode != http.StatusOK || overHTTP.Status == "" || overHTTP.Versions.Corpus == "" {
		t.Errorf("over HTTP: %d, %v, %+v", res.StatusCode, err, overHTTP)
	}

	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/v1/chat", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if err := conn.WriteJSON(map[string]string{"type": "ask", "id": "1", "question": question}); err != nil {
		t.Fatal(err)
	}
	var f struct {
		Type   string
		Answer kiveileder.Answer
	}
	for f.Type != "answer" {
		if err := conn.ReadJSON(&f); err != nil || f.Type == "error" {
			t.Fatalf("over the socket: %+v, %v", f, err)
		}
	}
	if f.Answer.Status != overHTTP.Status || len(f.Answer.Citations) != len(overHTTP.Citations) || f.Answer.Conversation == overHTTP.Conversation {
		t.Errorf("over the socket %+v, over HTTP %+v: want the same answer in another conversation", f.Answer, overHTTP)
	}

	cancel()
	if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, int(wire.CloseRestart)) {
		t.Errorf("the socket ends with %v, want 4000", err)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("serve ends with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("serve does not end")
	}
	if strings.Contains(log.String(), "tyttebær") || !strings.Contains(log.String(), `"path":"/v1/ask"`) {
		t.Errorf("log: want the paths and no questions:\n%s", log)
	}
}

// The flags that config prints are those that serve takes.
func TestConfigNamesFlags(t *testing.T) {
	run := func(args ...string) string {
		var out bytes.Buffer
		if err := Main(context.Background(), args, strings.NewReader(""), &out, io.Discard); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	help := run("serve", "--help")
	flags := regexp.MustCompile(` --([a-z-]+) `).FindAllStringSubmatch(run("config"), -1)
	if len(flags) < 10 {
		t.Fatalf("config names only %v", flags)
	}
	for _, f := range flags {
		if !regexp.MustCompile(`--(\[no-\])?` + f[1] + `\b`).MatchString(help) {
			t.Errorf("serve has no flag --%s", f[1])
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		indent, text string
		width        int
		want         string
	}{
		{"", "", 20, "\n"},
		{"", "kort", 20, "kort\n"},
		{"", "en to tre fire", 8, "en to\ntre fire\n"},
		{"  ", "en to tre", 7, "  en to\n  tre\n"},
		{"    │ ", "en to tre", 11, "    │ en to\n    │ tre\n"},
		{"! ", "en to tre", 7, "! en to\n  tre\n"},
		{"", "altforlangtord og mer", 5, "altforlangtord\nog\nmer\n"},
		{"", "æøå æøå", 7, "æøå æøå\n"},
	} {
		var b strings.Builder
		wrap(&b, c.indent, c.text, c.width)
		if b.String() != c.want {
			t.Errorf("%q in %d: %q, want %q", c.indent+c.text, c.width, b.String(), c.want)
		}
	}
}
