package mail

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

const killedPort = "KIVEILEDER_TEST_MAIL_PORT"

// waiting is an outbox that never comes to say Done.
type waiting struct{ Outbox }

func (waiting) Done(context.Context, Item, Status, string) error {
	os.Stdout.WriteString("sent\n")
	select {}
}

// A process is killed between the server's yes and the store's. The next one,
// which has nothing of it, sends the same mail under the same Message-ID.
func TestKilledBetweenSentAndDone(t *testing.T) {
	box, c := &Memory{}, &clock{at: testDay}
	box.Add(testItem(Answer, 7), testDay)
	send := func(port int, o Outbox) error {
		s, err := NewSMTP(SMTPOptions{Host: "127.0.0.1", Port: port, Security: Open, Timeout: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		_, err = testWorker(t, o, s, c).One(t.Context())
		return err
	}
	if port, err := strconv.Atoi(os.Getenv(killedPort)); err == nil {
		_ = send(port, waiting{box}) // in the process that is killed
		return
	}
	srv := newServer(t, serverOptions{plain: true})
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledBetweenSentAndDone$")
	cmd.Env = append(os.Environ(), killedPort+"="+strconv.Itoa(srv.addr.Port))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	_ = cmd.Process.Kill()
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	if line != "sent\n" || err != nil {
		t.Fatalf("the process said %q, %v", line, err)
	}
	if err := send(srv.addr.Port, box); err != nil {
		t.Fatal(err)
	}
	got := srv.taken()
	if len(got) != 2 || string(got[0]) != string(got[1]) {
		t.Fatalf("%d mails; they must be the same", len(got))
	}
	if ids := srv.ids(); ids[0] != ids[1] || box.Rows()[0].MessageID != ids[0] {
		t.Errorf("ids %q", ids)
	}
}
