package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancetest"
)

// deskFile names the file to the child that TestGuidanceKill kills.
const deskFile = "KIVEILEDER_TEST_DESK_FILE"

// TestGuidanceChild is that child: it does nothing in a run of its own.
func TestGuidanceChild(t *testing.T) {
	file := os.Getenv(deskFile)
	if file == "" {
		return // TestGuidanceKill starts it
	}
	t.Fatal(answerForEver(file, os.Getenv(deskFile+"_ROUND")))
}

// answerForEver brings case after case from the hand-over to its answer, sends
// mails beside that, and prints what was acknowledged.
func answerForEver(file, round string) error {
	ctx := context.Background()
	db, err := Open(ctx, file)
	if err != nil {
		return err
	}
	s, err := deskOn(db)
	if err != nil {
		return err
	}
	failed := make(chan error)
	for w := range 3 {
		go func() {
			for i := 0; ; i++ {
				if err := answerCase(ctx, s, os.Stdout, fmt.Sprintf("r%s-w%d-%d", round, w, i)); err != nil {
					failed <- err
				}
			}
		}()
	}
	go func() {
		for {
			now := time.Now()
			m, ok, err := s.Store.Due(ctx, now, now.Add(time.Millisecond)) // who finds it next is another
			if err != nil {
				failed <- err
			}
			if !ok {
				time.Sleep(time.Millisecond)
				continue
			}
			fmt.Printf("mail %s %s\n", m.Case, m.ID) // the server has it; Done may never come
			_ = s.Store.Done(ctx, m, guidance.MailSent, "<"+m.ID+"@example.no>")
		}
	}()
	return <-failed
}

func deskOn(db *DB) (*guidance.Service, error) {
	seal, err := guidance.NewSealer(make([]byte, 32))
	return guidance.New(guidance.Config{Store: db.Guidance(), Seal: seal}), err
}

// answerCase does each step under an ID of its own, so that all of it may be
// done again: what was done is done.
func answerCase(ctx context.Context, s *guidance.Service, acks io.Writer, id string) error {
	who := guidance.Contact{Email: "kari@example.no"}
	snap, err := s.Open(ctx, id, guidancetest.Person, guidance.ReceivedData{Question: "Må vi søke?", Agencies: []string{"hdir", "dmp"}}, who)
	if err != nil {
		return err
	}
	fmt.Fprintf(acks, "ack %s 1 received\n", id)
	draft := guidance.Draft{Sections: []guidance.Section{{Text: "Ja. " + id}}}
	for i, c := range []guidance.Command{
		{Actor: guidancetest.Anne, Kind: guidance.Claimed},
		{Actor: guidancetest.Anne, Kind: guidance.Assessed},
		{Actor: guidancetest.Anne, Kind: guidance.DraftSaved, Data: guidance.DraftSavedData{Draft: draft}},
		{Actor: guidancetest.Anne, Kind: guidance.Submitted, Data: guidance.SubmittedData{Hash: draft.Hash()}},
		{Actor: guidancetest.Anne, Kind: guidance.Signed, Data: guidance.SignedData{Hash: draft.Hash(), Verdict: guidance.Approve}},
		{Actor: guidancetest.Bodil, Kind: guidance.Signed, Data: guidance.SignedData{Hash: draft.Hash(), Verdict: guidance.Approve}},
		{Actor: guidancetest.Anne, Kind: guidance.Sent, Data: guidance.SentData{Hash: draft.Hash()}},
	} {
		c.ID, c.Seen = fmt.Sprint("step ", i), snap.Case.Seq
		var e guidance.Event
		if snap, e, err = s.Do(ctx, id, c); err != nil {
			return err
		}
		if e.Seq != int64(i)+2 {
			return fmt.Errorf("%s of %s is event %d", e.Kind, id, e.Seq)
		}
		fmt.Fprintf(acks, "ack %s %d %s\n", id, e.Seq, e.Kind)
	}
	return nil
}

// After kill -9 at any moment of claim, sign and send: what was acknowledged is
// there, no step is there by half, each answer has one mail, and a mail that
// goes out again has the same id. Who has heard nothing sends the same again,
// and each step is there once.
func TestGuidanceKill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	file := filepath.Join(t.TempDir(), "kiveileder.db")
	acknowledged := map[string]string{} // "case seq" to the kind
	mailed := map[string]bool{}         // "case id"
	for round := range 12 {
		for _, line := range killDesk(t, file, round, 1+random.IntN(60), time.Duration(random.IntN(20_000))*time.Microsecond) {
			switch f := strings.Fields(line); {
			case len(f) == 4 && f[0] == "ack":
				acknowledged[f[1]+" "+f[2]] = f[3]
			case len(f) == 3 && f[0] == "mail":
				mailed[f[1]+" "+f[2]] = true
			}
		}
		if checkDesk(t, file, round, acknowledged, mailed); t.Failed() {
			return
		}
	}
	if len(acknowledged) < 100 || len(mailed) == 0 {
		t.Errorf("only %d steps and %d mails: the child hardly runs", len(acknowledged), len(mailed))
	}
}

func killDesk(t *testing.T, file string, round, lines int, after time.Duration) []string {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestGuidanceChild$")
	child.Env = append(os.Environ(), deskFile+"="+file, fmt.Sprintf("%s_ROUND=%d", deskFile, round))
	child.Stderr = os.Stderr
	return killed(t, child, lines, after)
}

// checkDesk opens the file and holds it against what was acknowledged.
func checkDesk(t *testing.T, file string, round int, acknowledged map[string]string, mailed map[string]bool) {
	t.Helper()
	db, err := Open(t.Context(), file)
	if err != nil {
		t.Errorf("round %d: %v", round, err)
		return
	}
	defer db.Close()
	s, err := deskOn(db)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Guidance().List(t.Context(), guidance.Filter{Limit: 1_000_000})
	if err != nil {
		t.Errorf("round %d: %v", round, err)
		return
	}
	found := 0
	var numbers []string
	queued := map[string]bool{}
	for _, r := range rows {
		numbers = append(numbers, r.Number)
		snap, err := s.Load(t.Context(), r.ID)
		if err != nil || snap.Case.Seq != r.Seq || snap.Case.State != r.State || snap.Case.Holder != nil && snap.Lease.Holder.ID != snap.Case.Holder.ID {
			t.Errorf("round %d: %s: row %d %s, case %d %s, lease %v, %v", round, r.ID, r.Seq, r.State, snap.Case.Seq, snap.Case.State, snap.Lease, err)
		}
		var want, got []string
		for _, e := range snap.Log {
			if acknowledged[fmt.Sprintf("%s %d", r.ID, e.Seq)] == string(e.Kind) {
				found++
			}
			switch e.Kind {
			case guidance.Received:
				want = append(want, guidance.MailID(r.ID, e.Seq, guidance.MailReceipt))
			case guidance.Sent:
				want = append(want, guidance.MailID(r.ID, e.Seq, guidance.MailAnswer))
			}
		}
		mails, err := db.Guidance().Mails(t.Context(), r.ID)
		for _, m := range mails {
			got = append(got, m.ID)
			queued[r.ID+" "+m.ID] = true
		}
		if !slices.Equal(got, want) || err != nil {
			t.Errorf("round %d: %s: mails %v, %v; want %v", round, r.ID, got, err, want)
		}
	}
	for _, r := range rows {
		if r.State == guidance.Answered {
			continue
		}
		if err := answerCase(t.Context(), s, io.Discard, r.ID); err != nil { // its log and its mails are looked at in the next round
			t.Errorf("round %d: %s, done again from %s: %v", round, r.ID, r.State, err)
		}
	}
	if found != len(acknowledged) {
		t.Errorf("round %d: %d of %d acknowledged steps are there", round, found, len(acknowledged))
	}
	for m := range mailed {
		if !queued[m] {
			t.Errorf("round %d: %s went out, but is not known", round, m)
		}
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if !strings.HasSuffix(n, fmt.Sprintf("-%04d", i+1)) {
			t.Errorf("round %d: case %d has number %s", round, i+1, n)
			return
		}
	}
}

// killed starts a child, kills it some time after it has printed some lines,
// and gives all that it printed.
func killed(t *testing.T, child *exec.Cmd, lines int, after time.Duration) (printed []string) {
	t.Helper()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	for in := bufio.NewReader(out); ; {
		line, err := in.ReadString('\n')
		if err != nil {
			break // what has no end was not acknowledged
		}
		if printed = append(printed, line); len(printed) == lines {
			time.AfterFunc(after, func() {
				defer close(done)
				if err := child.Process.Kill(); err != nil {
					t.Error(err)
				}
			})
		}
	}
	if len(printed) < lines {
		child.Wait()
		t.Fatalf("the child ended by itself: %s", printed)
	}
	<-done
	child.Wait() // says that it was killed
	return printed
}
