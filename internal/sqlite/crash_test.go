package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kiveileder"
)

// crashFile names the file to the child that TestKill kills.
const crashFile = "KIVEILEDER_TEST_CRASH_FILE"

func TestMain(m *testing.M) {
	if file := os.Getenv(crashFile); file != "" {
		fmt.Fprintln(os.Stderr, writeForEver(file, os.Getenv(crashFile+"_ROUND")))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

var crashKeys = strings.Split("abcdefghijkl", "") // enough that none gets full

// writeForEver adds messages and answers from several goroutines, and prints
// each when it was acknowledged: key, offset, id.
func writeForEver(file, round string) error {
	ctx := context.Background()
	db, err := Open(ctx, file)
	if err != nil {
		return err
	}
	c := db.Conversations()
	failed := make(chan error)
	for w := range 6 {
		go func() {
			for i := 0; ; i++ {
				key := crashKeys[(w+i)%len(crashKeys)]
				e, added, err := c.Add(ctx, key, kiveileder.Entry{ID: fmt.Sprintf("r%s-w%d-%d", round, w, i), At: time.Now(), Text: "Må vi søke?"})
				if err == nil && i%2 == 0 {
					fmt.Printf("%s %d %s\n", key, e.Offset, e.ID)
					e, added, err = c.Add(ctx, key, kiveileder.Entry{ID: e.ID, At: time.Now(), ReplyTo: e.Offset, Thread: e.Offset, Answer: &kiveileder.Answer{Lead: e.ID}})
				}
				if err != nil || !added {
					failed <- fmt.Errorf("added %v: %w", added, err)
					return
				}
				fmt.Printf("%s %d %s\n", key, e.Offset, e.ID)
			}
		}()
	}
	return <-failed
}

// What was acknowledged is there after kill -9 at any moment: when the file is
// made, in the middle of writing, and again and again on the same file.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	file := filepath.Join(t.TempDir(), "kiveileder.db")
	acknowledged := map[string]string{} // "key offset" to the id
	for round := range 20 {
		lines := random.IntN(40)
		if round < 8 { // while it opens, perhaps
			lines = 0
		}
		for _, line := range kill(t, file, round, lines, time.Duration(random.IntN(20_000))*time.Microsecond) {
			f := strings.Fields(line)
			acknowledged[f[0]+" "+f[1]] = f[2]
		}
		check(t, file, round, acknowledged)
		if t.Failed() {
			return
		}
	}
	if len(acknowledged) < 100 {
		t.Errorf("only %d writes were acknowledged: the child hardly runs", len(acknowledged))
	}
}

// kill starts a child, kills it some time after it has printed some lines,
// and gives all that it printed.
func kill(t *testing.T, file string, round, lines int, after time.Duration) []string {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashFile+"="+file, fmt.Sprintf("%s_ROUND=%d", crashFile, round))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var printed []string
	killed := make(chan struct{})
	shoot := func() {
		time.AfterFunc(after, func() {
			defer close(killed)
			if err := child.Process.Kill(); err != nil {
				t.Error(err)
			}
		})
	}
	if lines == 0 {
		shoot()
	}
	for in := bufio.NewReader(out); ; {
		line, err := in.ReadString('\n')
		if err != nil {
			break // what has no end was not acknowledged
		}
		if printed = append(printed, line); len(printed) == lines {
			shoot()
		}
	}
	if len(printed) < lines {
		child.Process.Kill()
		t.Fatalf("round %d: the child ended by itself", round)
	}
	<-killed
	child.Wait() // says that it was killed
	return printed
}

// check opens the file and holds it against what was acknowledged.
func check(t *testing.T, file string, round int, acknowledged map[string]string) {
	t.Helper()
	db, err := Open(t.Context(), file)
	if err != nil {
		t.Errorf("round %d: %v", round, err)
		return
	}
	defer db.Close()
	c := db.Conversations()
	found, open := 0, 0
	for _, key := range crashKeys {
		s, err := c.Read(t.Context(), key, 0, 1_000_000)
		if err != nil || s.Top != int64(len(s.Entries)) {
			t.Errorf("round %d: %s: top %d of %d entries, %v", round, key, s.Top, len(s.Entries), err)
		}
		ids := map[string]int{}
		for i, e := range s.Entries {
			if e.Offset != int64(i)+1 {
				t.Errorf("round %d: %s: entry %d has offset %d", round, key, i, e.Offset)
			}
			if id, ok := acknowledged[fmt.Sprintf("%s %d", key, e.Offset)]; ok {
				found++
				if id != e.ID {
					t.Errorf("round %d: %s %d is %s, acknowledged was %s", round, key, e.Offset, e.ID, id)
				}
			}
			if e.Answer == nil {
				open++
				ids[e.ID]++
			} else {
				open--
			}
		}
		for id, n := range ids {
			if n > 1 {
				t.Errorf("round %d: %s has %s %d times", round, key, id, n)
			}
		}
	}
	if found != len(acknowledged) {
		t.Errorf("round %d: %d of %d acknowledged entries are there", round, found, len(acknowledged))
	}
	if refs, err := c.Unanswered(t.Context(), 1_000_000); err != nil || len(refs) != open {
		t.Errorf("round %d: %d unanswered, %v; want %d", round, len(refs), err, open)
	}
}
