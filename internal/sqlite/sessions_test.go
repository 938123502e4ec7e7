package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"kiveileder/gateway/login"
	"kiveileder/gateway/login/logintest"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	logintest.Run(t, openSessions)
	logintest.Repeat(t, openSessions)
}

func openSessions(t *testing.T) login.Store {
	return openFile(t, filepath.Join(t.TempDir(), "kiveileder.db")).Sessions()
}

// What one process kept the next one has.
func TestSessionsOutlive(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "kiveileder.db")
	logintest.Outlive(t, func() (login.Store, func()) {
		db, err := Open(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		return db.Sessions(), func() {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// What has ended is forgotten by the next that cleans up after its time.
func TestSessionsForgotten(t *testing.T) {
	t.Parallel()
	db := openFile(t, filepath.Join(t.TempDir(), "kiveileder.db"))
	s, now := db.Sessions(), time.Now()
	rows := func() (n int) {
		if err := db.read.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM login_session) + (SELECT count(*) FROM login_token)`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := s.Add(t.Context(), login.Session{Key: "a", Person: login.Person{ID: "p"}, Began: now, Used: now}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.End(t.Context(), login.Match{Key: "a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Expire(t.Context(), login.DefaultLimits, now); err != nil || rows() != 2 {
		t.Fatalf("%d rows, %v: a call that comes again would not be known", rows(), err)
	}
	if _, err := db.write.ExecContext(t.Context(), `UPDATE login_session SET ended = ended - ?`, login.RepeatTime.Microseconds()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Expire(t.Context(), login.DefaultLimits, now.Add(2*login.RepeatTime)); err != nil || rows() != 0 {
		t.Fatalf("%d rows, %v", rows(), err)
	}
}
