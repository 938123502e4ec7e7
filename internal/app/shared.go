package app

import (
	"context"

	"kiveileder"
	"kiveileder/services/conversation"
)

// A bus carries news of conversations to everybody who listens.
type eventBus interface {
	Publish(ctx context.Context, e kiveileder.Event) error
	Subscribe(wants func(key string) bool, take func(kiveileder.Event), changed func(up bool)) (stop func())
}

func (a *App) openRedis(ctx context.Context) error { return nil }

func (a *App) near(s conversation.Store) conversation.Store { return s }
