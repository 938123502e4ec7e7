package gateway_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/services/conversation"
)

// fill writes questions with their answers, as if they had been asked before.
func fill(t testing.TB, store conversation.Store, id string, questions int) {
	t.Helper()
	key := keyOf(t, id)
	for i := range questions {
		m, _, err := store.Add(t.Context(), key, kiveileder.Entry{ID: fmt.Sprint("q", i+1), At: time.Now(), Text: fmt.Sprint("Spørsmål ", i+1)})
		if err != nil {
			t.Fatal(err)
		}
		a, err := echo(t.Context(), kiveileder.Turn{Question: m.Text})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := store.Add(t.Context(), key, kiveileder.Entry{ID: m.ID, At: time.Now(), ReplyTo: m.Offset, Thread: m.Offset, Answer: &a}); err != nil {
			t.Fatal(err)
		}
	}
}

// newID gives the id of a conversation that was begun some days ago.
func newID(t testing.TB, days int) string {
	t.Helper()
	return testKeys(t).New(time.Now().AddDate(0, 0, -days))
}

// keyOf gives what a conversation is stored under.
func keyOf(t testing.TB, id string) string {
	t.Helper()
	key, _, ok := testKeys(t).Check(id)
	if !ok {
		t.Fatalf("%q is no id", id)
	}
	return key
}

func TestOpenNew(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	c := dial(t, listen(t, g))
	c.say(`{"type":"open","id":"a"}`, `{"type":"open","id":"b"}`)
	f := c.hears("opened a: 0, missed 0", "opened b: 0, missed 0")
	if a, b := f[0], f[1]; len(a.Conversation) != 32 || a.Conversation == b.Conversation || a.Epoch != "epoch" {
		t.Errorf("%+v, %+v", a, b)
	}
	c.hearsNothing()
}

// A message outside any conversation begins one.
func TestAskOpens(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	s := listen(t, g)
	c := dial(t, s)
	c.ask("", "a", "Hei")
	id := c.hears(append([]string{"opened : 0, missed 0"}, asked("a", "Hei", 1)...)...)[0].Conversation
	// and one in a conversation that is not open opens it
	c = dial(t, s)
	c.ask(id, "b", "Igjen")
	c.hears(append([]string{"opened : 2, missed 2", `message a: 1 "Hei"`, "answer a: 2 to 1 answered"}, asked("b", "Igjen", 3)...)...)
	c.hearsNothing()
}

func TestOpenPosition(t *testing.T) {
	two := []string{`message q2: 3 "Spørsmål 2"`, "answer q2: 4 to 3 answered"}
	four := append([]string{`message q1: 1 "Spørsmål 1"`, "answer q1: 2 to 1 answered"}, two...)
	for _, c := range []struct {
		name     string
		epoch    string
		offset   int64
		opened   string
		followed []string
	}{
		{"knows all", "epoch", 4, "opened b: 4, missed 0", nil},
		{"knows the half", "epoch", 2, "opened b: 4, missed 2", two},
		{"knows nothing", "epoch", 0, "opened b: 4, missed 4", four},
		{"knows nothing of another stream", "older", 0, "opened b: 4, missed 4", four},
		{"knows another stream", "older", 2, "opened b: 4, lost", nil},
		{"knows more than there is", "epoch", 5, "opened b: 4, lost", nil},
		{"knows nothing like it", "", 9000, "opened b: 4, lost", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := conversation.NewMemory("epoch")
			g, _ := open(t, gateway.Config{}, over(store, echo))
			id := newID(t, 0)
			fill(t, store, id, 2)
			conn := dial(t, listen(t, g))
			conn.back(id, c.epoch, c.offset)
			conn.hears(append([]string{c.opened}, c.followed...)...)
			conn.hearsNothing()
			conn.ask(id, "new", "Og nå?") // whatever was lost, what is new comes
			conn.hears(asked("new", "Og nå?", 5)...)
		})
	}
}

// At most 200 entries are sent again.
func TestOpenRecovery(t *testing.T) {
	store := conversation.NewMemory("epoch")
	g, _ := open(t, gateway.Config{}, over(store, echo))
	id := newID(t, 0)
	fill(t, store, id, 101)
	c := dial(t, listen(t, g))
	c.back(id, "epoch", 1)
	c.hears("opened b: 202, lost")
	c.open(id)
	c.hearsNothing() // nothing known is 202 missed
	c.back(id, "epoch", 2)
	c.hears("opened b: 202, missed 200")
	for i := range int64(200) {
		if f := c.next(); f.Offset != i+3 {
			t.Fatalf("%v, want offset %d", f, i+3)
		}
	}
	c.hearsNothing()
}

// Opened again, a conversation begins anew; nothing comes twice afterwards.
func TestOpenTwice(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	c := dial(t, listen(t, g))
	id := c.open("")
	c.open(id)
	c.ask(id, "a", "Hei")
	c.hears(asked("a", "Hei", 1)...)
	c.back(id, "epoch", 1)
	c.hears("opened b: 2, missed 1", "answer a: 2 to 1 answered")
	c.hearsNothing()
}

func TestLeave(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	s := listen(t, g)
	one, other := dial(t, s), dial(t, s)
	id := one.open("")
	other.open(id)
	one.say(`{"type":"leave","id":"l","conversation":"`+id+`"}`, `{"type":"leave","id":"l","conversation":"`+id+`"}`, `{"type":"leave","id":"l","conversation":"unknown"}`)
	one.hearsNothing()
	other.ask(id, "a", "Hei")
	other.hears(asked("a", "Hei", 1)...)
	one.hearsNothing()
	one.back(id, "epoch", 0)
	one.hears("opened b: 2, missed 2", `message a: 1 "Hei"`, "answer a: 2 to 1 answered")
	one.hearsNothing()
}

func TestTooManyConversations(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	s := listen(t, g)
	c := dial(t, s, "Accept-Language", "en")
	var ids []string
	for range 8 {
		ids = append(ids, c.open(""))
	}
	c.say(`{"type":"open","id":"ninth"}`)
	if f := c.hears("error ninth: conflict")[0]; !strings.Contains(f.Message, "At most 8 conversations") {
		t.Errorf("%+v", f)
	}
	c.ask("", "ninth", "Hei")
	c.hears("error ninth: conflict")
	c.open(ids[3]) // is open already
	c.say(`{"type":"leave","id":"l","conversation":"` + ids[0] + `"}`)
	c.open("")
	// one that is gone takes no place
	s.send(t, http.MethodDelete, "/v1/conversation", ids[5], "").Body.Close()
	c.hears("gone")
	c.open("")
	c.say(`{"type":"open","id":"again"}`)
	c.hears("error again: conflict")
}

// Thirty days after its last message a conversation is not there any more; an
// id that was never used lives as long from its making.
func TestOldConversations(t *testing.T) {
	for _, c := range []struct {
		name string
		days int // since it was begun
		used bool
		want string
	}{
		{"new", 0, false, "opened b: 0, missed 0"},
		{"29 days, never used", 29, false, "opened b: 0, missed 0"},
		{"32 days, never used", 32, false, "error b: not_found"},
		{"32 days, used since", 32, true, "opened b: 2, missed 0"},
		{"a year, used since", 365, true, "opened b: 2, missed 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := conversation.NewMemory("epoch")
			g, _ := open(t, gateway.Config{}, over(store, echo))
			id, offset := newID(t, c.days), int64(0)
			if c.used {
				fill(t, store, id, 1)
				offset = 2
			}
			conn := dial(t, listen(t, g))
			conn.back(id, "epoch", offset)
			conn.hears(c.want)
			status := do(g, call{path: "/v1/conversation", header: bearer(id)}).Code
			if found := status == http.StatusOK; found == strings.HasPrefix(c.want, "error") {
				t.Errorf("over HTTP: status %d", status)
			}
		})
	}
}

func bearer(id string) map[string]string { return map[string]string{"Authorization": "Bearer " + id} }
