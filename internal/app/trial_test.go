package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"

	"kiveileder/internal/app"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// try starts one process as somebody does who tries it, and gives what it has
// printed so far.
func try(t *testing.T, change func(*app.Config)) (cfg app.Config, base string, printed func() string) {
	t.Helper()
	cfg = app.Config{Base: app.Base{Data: t.TempDir(), EmbedDim: 1024}, Addr: "127.0.0.1:0"}
	if change != nil {
		change(&cfg)
	}
	a, err := app.New(t.Context(), cfg, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	out, done := newAnnouncement(), make(chan error, 1)
	go func() { done <- a.Serve(ctx, out) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case base = <-out.url:
	case <-time.After(30 * time.Second):
		t.Fatal("serve does not say where it listens")
	}
	base, _, _ = strings.Cut(base, "\n")
	return cfg, base, func() string { out.mu.Lock(); defer out.mu.Unlock(); return out.text }
}

// A trial is for whoever sits at the machine: through a proxy nobody hands over
// a case to the made-up people who answer.
func TestTrialIsHere(t *testing.T) {
	t.Parallel()
	_, base, printed := try(t, nil)
	var talk struct{ Conversation string }
	askerDo(t, http.MethodPost, base+"/v1/conversation", "", nil, &talk)
	status := func(method, path string, body any, change func(*http.Request)) (int, string) {
		t.Helper()
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(t.Context(), method, base+path, bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+talk.Conversation)
		if change != nil {
			change(r)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ = io.ReadAll(res.Body)
		return res.StatusCode, string(b)
	}
	h := queue.HandOver{ID: "h", Question: "Hva gjelder for menyroboten?", Agency: "hdir"}
	from := map[string]func(*http.Request){
		"a proxy":              func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.7") },
		"another kind of it":   func(r *http.Request) { r.Header.Set("Forwarded", "for=192.0.2.7") },
		"a name for this host": func(r *http.Request) { r.Host = "ki.example.no" },
	}
	for name, change := range from {
		for _, c := range []struct {
			method, path string
			body         any
		}{
			{http.MethodGet, "/v1/conversation/case-form", nil}, {http.MethodGet, "/v1/conversation/cases", nil}, {http.MethodPost, "/v1/conversation/cases", h},
			{http.MethodPost, "/v1/conversation/cases/c1/commands", map[string]any{"id": "x", "kind": "withdrawn"}},
		} {
			if got, b := status(c.method, c.path, c.body, change); got != http.StatusNotFound || !strings.Contains(b, "not_found") {
				t.Errorf("%s %s through %s: %d %s", c.method, c.path, name, got, b)
			}
		}
	}
	if got, b := status(http.MethodPost, "/v1/ask", map[string]any{"question": "Hva er helseforskning?"}, from["a proxy"]); got != http.StatusOK {
		t.Errorf("a question through a proxy: %d %s", got, b)
	}
	handsOver := func(header http.Header) string {
		t.Helper()
		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(base, "http")+"/v1/chat", header)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		if err := conn.WriteJSON(map[string]any{"type": "hand_over", "id": "h", "conversation": talk.Conversation, "question": h.Question, "agency": "hdir"}); err != nil {
			t.Fatal(err)
		}
		for {
			var f struct{ Type, ID, Code string }
			if err := conn.ReadJSON(&f); err != nil {
				t.Fatal(err)
			}
			if f.ID == "h" && (f.Type == "case" || f.Type == "error") {
				return f.Type + " " + f.Code
			}
		}
	}
	if got := handsOver(nil); got != "case " {
		t.Errorf("over a socket from here: %s", got)
	}
	if got := handsOver(http.Header{"X-Forwarded-For": {"192.0.2.7"}}); got != "error not_found" {
		t.Errorf("over a socket through a proxy: %s", got)
	}
	if got, b := status(http.MethodGet, "/v1/conversation/case-form", nil, nil); got != http.StatusOK {
		t.Errorf("from here: %d %s", got, b)
	}
	if !strings.Contains(printed(), "/login/demo") {
		t.Error("no links are printed")
	}
}

// What is set up to stand behind a proxy is no trial.
func TestBehindProxyNoTrial(t *testing.T) {
	t.Parallel()
	_, base, printed := try(t, func(c *app.Config) { c.TrustProxy = true })
	for _, path := range []string{"/v1/conversation/case-form", "/desk", "/login/demo?token=x"} {
		if status, _ := get(t, base+path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	if strings.Contains(printed(), "/login/demo") {
		t.Error("links are printed")
	}
}

// With who asked the letters go that were kept, from beside the service; those
// of another case stay.
func TestForgetTakesKeptLetters(t *testing.T) {
	t.Parallel()
	cfg, base, printed := try(t, nil)
	kept := func() []string {
		files, err := filepath.Glob(filepath.Join(cfg.Data, "mail", "*.eml"))
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	var cases []queue.AskerCase
	for i, address := range []string{"kari@example.no", "ola@example.no"} {
		var talk struct{ Conversation string }
		askerDo(t, http.MethodPost, base+"/v1/conversation", "", nil, &talk)
		var c queue.AskerCase
		askerDo(t, http.MethodPost, base+"/v1/conversation/cases", talk.Conversation,
			queue.HandOver{ID: "h", Question: "Hva gjelder for menyroboten?", Agency: "hdir", Contact: guidance.Contact{Email: address}}, &c)
		cases = append(cases, c)
		until(t, "the receipt is kept", func() bool { return len(kept()) == i+1 })
	}
	f, err := app.OpenOffice(t.Context(), cfg, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Forget(t.Context(), cases[0].ID); err != nil {
		t.Fatal(err)
	}
	left := kept()
	if len(left) != 1 {
		t.Fatalf("left %v", left)
	}
	if b, err := os.ReadFile(left[0]); err != nil || !bytes.Contains(b, []byte("ola@example.no")) {
		t.Errorf("the other's is gone: %v", err)
	}
	if _, err := f.Cases.Store.Contact(t.Context(), cases[0].ID); !errors.Is(err, guidance.ErrNoOne) {
		t.Errorf("the contact: %v", err)
	}

	// and likewise when an administrator does it on the web: what stays is said
	until(t, "links are printed", func() bool { return strings.Count(printed(), "/login/demo") >= 6 })
	for line := range strings.Lines(printed()) {
		if name, _, ok := strings.Cut(line, base+"/login/demo"); ok && strings.Contains(name, "Drift") {
			admin := signIn(t, base, strings.TrimSpace(strings.TrimPrefix(line, name)))
			status, b := admin.call(http.MethodDelete, "/v1/cases/"+cases[1].ID+"/person", map[string]string{"reason": "Etter ønske."})
			if status != http.StatusConflict || !bytes.Contains(b, []byte("Kontaktopplysningene er slettet")) {
				t.Errorf("of an open case: %d %s", status, b)
			}
			if left := kept(); len(left) != 0 {
				t.Errorf("left %v", left)
			}
			return
		}
	}
	t.Errorf("no administrator in\n%s", printed())
}
