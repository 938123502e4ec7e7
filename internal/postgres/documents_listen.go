package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const documentsChannel = "kiveileder_documents"

// How long is waited before the line for news is opened again.
const listenPause, listenMost = time.Second, 30 * time.Second

// Listen calls changed when documents have changed, in whatever process, and
// when something may have been missed, until ctx ends. It holds a connection of
// its own. News may not come, as through a pool of transactions: it is only the
// faster way to what Version says.
func (d *Documents) Listen(ctx context.Context, changed func()) {
	for pause := listenPause; ctx.Err() == nil; pause = min(2*pause, listenMost) {
		if d.listen(ctx, changed) {
			pause = listenPause
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// listen passes on what comes until the line breaks, and reports whether it
// stood.
func (d *Documents) listen(ctx context.Context, changed func()) bool {
	c, err := pgx.ConnectConfig(ctx, d.db.pool.Config().ConnConfig)
	if err != nil {
		return false
	}
	defer func() {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = c.Close(within) // nothing is under way
	}()
	if _, err := c.Exec(ctx, `LISTEN `+documentsChannel); err != nil {
		return false
	}
	changed()
	for {
		if _, err := c.WaitForNotification(ctx); err != nil {
			return true
		}
		changed()
	}
}
