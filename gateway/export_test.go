package gateway

// Held is what a gateway holds of its clients: feeds in the hub, connections
// on the books, clients that are counted.
func (g *Gateway) Held() (feeds, connections, clients int) {
	g.hub.mu.Lock()
	for _, f := range g.hub.feeds {
		feeds += len(f)
	}
	g.hub.mu.Unlock()
	g.sockets.mu.Lock()
	defer g.sockets.mu.Unlock()
	return feeds, g.sockets.open + len(g.sockets.sessions), len(g.sockets.clients)
}

// PositionOf reads where the client of an event stream has come to.
var PositionOf = position

// Accepting reports whether messages are taken: not when the service stops.
func (g *Gateway) Accepting() bool {
	g.turns.mu.Lock()
	defer g.turns.mu.Unlock()
	return !g.turns.closed
}

// ActorOf chooses the role in which somebody does something.
var ActorOf = actor

// MailsAtOnce is how many mails are taken in at the same time.
const MailsAtOnce = mailsAtOnce
