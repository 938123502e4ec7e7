package app

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// operator is the role of "kiveileder case": it answers no questions and serves
// nobody.
const operator Role = "case"

// An Office is the queue for those who run the service, beside the processes
// that serve.
type Office struct {
	*queue.Queue
	Cases *guidance.Service
	app   *App
}

// OpenOffice opens the queue where the configuration keeps it. Close it
// afterwards.
func OpenOffice(ctx context.Context, cfg Config, log *zap.Logger) (*Office, error) {
	a, err := NewRole(ctx, cfg, operator, log)
	if err != nil {
		return nil, err
	}
	k, err := a.openStores(ctx)
	if err == nil {
		err = a.openQueue(k.cases)
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return &Office{a.queue, a.cases, a}, nil
}

// Close closes what was opened.
func (o *Office) Close() error { return o.app.Close() }
