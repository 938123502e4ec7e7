package guidance_test

import (
	"bytes"
	"testing"

	"kiveileder/services/guidance"
)

func TestSealer(t *testing.T) {
	old, young := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	seal := func(keys ...[]byte) *guidance.Sealer {
		s, err := guidance.NewSealer(keys...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	who := guidance.Contact{Name: "Kari", Email: "kari@example.no", Conversation: "conversation-1"}
	sealed, err := seal(old).Seal("c1", who)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := seal(young, old).Open("c1", sealed); got != who || err != nil {
		t.Errorf("after the key was changed: %v, %v", got, err)
	}
	again, err := seal(old).Seal("c1", who)
	if err != nil || bytes.Equal(again, sealed) || bytes.Contains(sealed, []byte("Kari")) || bytes.Contains(sealed, []byte("conversation")) {
		t.Errorf("sealed alike twice, or readable: %v", err)
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := seal(old).Open("c1", bad); err == nil {
			t.Errorf("it opens with byte %d changed", i)
		}
		if _, err := seal(old).Open("c1", sealed[:i]); err == nil {
			t.Errorf("it opens with %d bytes", i)
		}
	}
	if _, err := seal(old).Open("c2", sealed); err == nil {
		t.Error("it opens for another case")
	}
	if _, err := seal(young).Open("c1", sealed); err == nil {
		t.Error("it opens with another key")
	}
	if _, err := guidance.NewSealer([]byte("short")); err == nil {
		t.Error("a short key was taken")
	}
	if _, err := guidance.NewSealer(); err == nil {
		t.Error("no key was taken")
	}
}

// The id of the conversation lets its holder speak for the asker: it goes into
// letters, not to the desk.
func TestConversationOfContact(t *testing.T) {
	seal, err := guidance.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	s := guidance.New(guidance.Config{Store: guidance.NewMemory(), Seal: seal})
	who := guidance.Contact{Email: "kari@example.no", Conversation: "conversation-1"}
	if _, err := s.Open(t.Context(), "c1", person, guidance.ReceivedData{Question: "Må vi?", Agencies: []string{"hdir"}}, who); err != nil {
		t.Fatal(err)
	}
	for role, want := range map[guidance.Role]guidance.Contact{guidance.System: who, guidance.Lawyer: who.Public(), guidance.Lead: who.Public()} {
		got, err := s.Contact(t.Context(), "c1", guidance.Actor{ID: "x", Role: role, Agency: "hdir"})
		if err != nil || got != want || role != guidance.System && got.Conversation != "" {
			t.Errorf("%s: %v, %v", role, got, err)
		}
	}
	snap, err := s.Open(t.Context(), "c2", person, guidance.ReceivedData{Question: "Må vi?"}, guidance.Contact{Conversation: "conversation-1"})
	if err != nil || snap.Case.Received.HasContact {
		t.Errorf("nobody is reached by a conversation alone: %v", err)
	}
	if _, err := s.Open(t.Context(), "c3", person, guidance.ReceivedData{Question: "Må vi?"}, guidance.Contact{Name: "K", Conversation: "a\nb"}); err == nil {
		t.Error("a line break was taken")
	}
}
