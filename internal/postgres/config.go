package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// session is what a connection is set to where the URL says nothing.
var session = map[string]string{
	"application_name":                    "kiveileder",
	"statement_timeout":                   "10s",
	"lock_timeout":                        "5s",
	"idle_in_transaction_session_timeout": "15s",
	"default_transaction_isolation":       "read committed", // what our locks are made for
}

func (cfg Config) parse() (*pgxpool.Config, error) {
	pc, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil || cfg.URL == "" {
		return nil, badURL(err)
	}
	for name, value := range session {
		pc.ConnConfig.RuntimeParams[name] = cmp.Or(pc.ConnConfig.RuntimeParams[name], value)
	}
	if !strings.Contains(cfg.URL, "connect_timeout") && os.Getenv("PGCONNECT_TIMEOUT") == "" {
		pc.ConnConfig.ConnectTimeout = connectTimeout
		pc.ConnConfig.DialFunc = (&net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second}).DialContext
	}
	switch {
	case cfg.MaxConns > 0:
		pc.MaxConns = int32(min(cfg.MaxConns, 10_000))
	case !strings.Contains(cfg.URL, "pool_max_conns"):
		pc.MaxConns = defaultConns
	}
	pc.MaxConnLifetimeJitter = 10 * time.Minute // not all at once
	pc.PingTimeout = 2 * time.Second
	pc.ConnConfig.Tracer = cfg.Tracer
	pc.AfterConnect = durable
	return pc, nil
}

// durable makes what was written survive a crash of the server where a
// server's own setting would not: what is acknowledged is kept. Stronger
// settings stay.
func durable(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`)
	return lost(ctx, conn, err) // a connection may end before anybody had it
}

// badURL says that a URL can't be read. What the parser says of it may hold
// the password, which may be what is wrong.
func badURL(err error) error {
	const want = "want postgres://user:password@host:5432/database, with signs like / ? # @ % in the password percent-encoded, and known settings"
	var file *fs.PathError // of a certificate
	if errors.As(err, &file) {
		return fmt.Errorf("postgres: the database URL names a file that can't be read: %w", file)
	}
	return errors.New("postgres: the database URL can't be read: " + want)
}
