package gateway

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/gateway/login"
	"kiveileder/gateway/wire"
	"kiveileder/gateway/ws"
)

// Of the live desk.
const (
	deskFrame   = 4 << 10
	deskBroken  = 5
	deskCases   = 50 // that one socket can be at
	aboutTime   = 5 * time.Second
	maxAbout    = 2_000
	sessionLook = time.Minute // how often a socket's login is looked at
	sweepTime   = 5 * time.Second
)

// A desk is who has the desk open here, and who is at which case anywhere.
type desk struct {
	g     *Gateway
	gate  string   // names this gateway among others
	news  oneByOne // of cases
	rooms oneByOne // of who is there
	about *lru.Cache[string, aboutCase]

	mu       sync.Mutex // guards what follows
	sockets  map[*deskSocket]struct{}
	turn     int64                   // counts what is said from here
	at       map[string]room         // by case
	told     map[[2]string]toldAbout // what was last published, by person and case
	sweeping bool
}

// aboutCase is whose business a case is, as of some time. A case that is not
// there is nobody's.
type aboutCase struct {
	on login.Resource
	at time.Time
}

type toldAbout struct {
	doing string
	at    time.Time
}

func newDesk(g *Gateway) *desk {
	about, err := lru.New[string, aboutCase](maxAbout)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &desk{g: g, gate: rand.Text()[:12], about: about, sockets: map[*deskSocket]struct{}{}, at: map[string]room{}, told: map[[2]string]toldAbout{}}
}

// occupied reports whether somebody has the desk open here.
func (d *desk) occupied() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.sockets) > 0
}

func (d *desk) open() []*deskSocket {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.sockets))
}

// heard takes what is told of the desk. It does not wait.
func (d *desk) heard(e kiveileder.Event) {
	if e.Case != "" {
		d.news.run(e.Case, func() { d.tellNews(e.Case) })
	}
	if e.Desk == nil {
		return
	}
	if len(e.Desk.Ended) > 0 {
		d.end(e.Desk.Ended)
	}
	if e.Desk.Case != "" && e.Desk.Person != "" {
		d.enter(e.Desk)
	}
}

// end closes the sockets of sessions that have ended.
func (d *desk) end(keys []string) {
	for _, s := range d.open() {
		if slices.Contains(keys, s.session.Key) {
			s.conn.Close(wire.CloseEnded)
		}
	}
}

// missed has everybody come back: something may have happened that nobody was
// told of.
func (d *desk) missed() {
	all := d.open()
	spread := min(lookSpread, time.Duration(len(all))*perSocket*20)
	for _, s := range all {
		time.AfterFunc(ws.Jitter(spread), func() { s.conn.Close(wire.CloseRestart) })
	}
}

// whose gives whose business a case is, as it was a moment ago.
func (d *desk) whose(ctx context.Context, id string) (login.Resource, error) {
	if a, ok := d.about.Get(id); ok && time.Since(a.at) < aboutTime {
		return a.on, nil
	}
	return d.whoseNow(ctx, id)
}

// whoseNow gives whose business it is now.
func (d *desk) whoseNow(ctx context.Context, id string) (login.Resource, error) {
	var on login.Resource
	err := safely(func() error {
		a, err := d.g.Desk.About(ctx, id)
		on = resource(a)
		return err
	})
	if err != nil && kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
		return on, err
	}
	d.about.Add(id, aboutCase{on, time.Now()})
	return on, nil
}

// safely makes an error of a panic, so that the others live on.
func safely(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic of type %T\n%s", p, debug.Stack())
		}
	}()
	return do()
}

// viewers gives the sockets of those who may see a case, as whose says.
func (d *desk) viewers(ctx context.Context, id string, whose func(context.Context, string) (login.Resource, error)) ([]*deskSocket, error) {
	all := d.open()
	if len(all) == 0 {
		return nil, nil
	}
	on, err := whose(ctx, id)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(s *deskSocket) bool { return !d.sees(s, on) }), nil
}

func (d *desk) sees(s *deskSocket, on login.Resource) bool {
	return d.g.Login.Table().May(s.session.Person, "case.read", on)
}

// tellNews tells those who may see a case that something happened in it.
func (d *desk) tellNews(id string) {
	ctx, cancel := context.WithTimeout(d.g.base, lookTime)
	defer cancel()
	to, err := d.viewers(ctx, id, d.whoseNow)
	if err == nil && len(to) > 0 {
		var frame wire.DeskCase
		err = safely(func() error {
			c, err := d.g.Desk.Case(ctx, actor(to[0].session.Person, "", nil), id, false)
			frame = wire.DeskCase{Type: wire.TypeCase, Case: id, Number: c.Number, Seq: c.Seq, State: string(c.State)}
			return err
		})
		if err == nil {
			for _, s := range to {
				s.send(frame)
			}
		}
	}
	if err != nil && d.g.base.Err() == nil && kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
		d.g.Log.Warn("news of a case could not be told", zap.Error(err))
		for _, s := range to { // they come back and look for themselves
			s.conn.Close(wire.CloseRestart)
		}
	}
}

// enter notes what somebody somewhere does with a case.
func (d *desk) enter(e *kiveileder.DeskEvent) {
	if !wire.GoodID(e.Case) || e.Doing != "" && e.Doing != wire.Looks && e.Doing != wire.Writes {
		return // of a newer version
	}
	now := time.Now()
	d.mu.Lock()
	r := d.at[e.Case]
	if r == nil {
		r = room{}
		d.at[e.Case] = r
	}
	changed := r.put(e, now)
	d.sweepLater()
	d.mu.Unlock()
	if changed {
		d.tellPeople(e.Case)
	}
}

// tellPeople tells those who may see a case who is there.
func (d *desk) tellPeople(id string) {
	d.rooms.run(id, func() {
		ctx, cancel := context.WithTimeout(d.g.base, lookTime)
		defer cancel()
		to, err := d.viewers(ctx, id, d.whose)
		if err != nil { // the next change tells it
			return
		}
		for _, s := range to {
			s.send(d.people(id, s.session.Person.ID))
		}
	})
}

func (d *desk) people(id, but string) wire.DeskPeople {
	d.mu.Lock()
	defer d.mu.Unlock()
	return wire.DeskPeople{Type: wire.DeskPresence, Case: id, People: d.at[id].people(but, time.Now())}
}

// sweepLater has those taken away who leave without a word. The caller holds mu.
func (d *desk) sweepLater() {
	if d.sweeping || len(d.at)+len(d.told) == 0 || d.g.base.Err() != nil {
		return
	}
	d.sweeping = true
	time.AfterFunc(sweepTime, func() {
		now := time.Now()
		var changed []string
		d.mu.Lock()
		for id, r := range d.at {
			if r.sweep(now) {
				changed = append(changed, id)
			}
			if len(r) == 0 {
				delete(d.at, id)
			}
		}
		maps.DeleteFunc(d.told, func(_ [2]string, t toldAbout) bool { return now.Sub(t.at) > presenceTime })
		d.sweeping = false
		d.sweepLater()
		d.mu.Unlock()
		for _, id := range changed {
			d.tellPeople(id)
		}
	})
}

// say publishes what a person does with a case, over all sockets here: at once
// when it is new, else once in a while.
func (d *desk) say(ctx context.Context, p login.Person, id string) {
	now, doing := time.Now(), ""
	d.mu.Lock()
	for s := range d.sockets {
		if s.session.Person.ID == p.ID {
			doing = max(doing, s.does(id, now)) // to write is more than to look
		}
	}
	key := [2]string{p.ID, id}
	was := d.told[key]
	if was.doing == doing && (doing == "" || now.Sub(was.at) < presenceBeat) {
		d.mu.Unlock()
		return
	}
	d.told[key] = toldAbout{doing, now}
	d.turn++
	e := &kiveileder.DeskEvent{Person: p.ID, Name: p.Name, Agency: p.Agency, Case: id, Doing: doing, Gate: d.gate, Turn: d.turn}
	d.sweepLater()
	d.mu.Unlock()
	d.g.publish(ctx, kiveileder.Event{Key: kiveileder.DeskKey, Desk: e})
}

// publish tells all gateways, this one too.
func (g *Gateway) publish(ctx context.Context, e kiveileder.Event) {
	if g.Events == nil {
		g.heard(e)
		return
	}
	if err := g.Events.Publish(ctx, e); err != nil {
		g.Log.Warn("other gateways were not told", zap.Error(err))
	}
}

// EndSessions closes the sockets of logins that have ended, at every gateway.
// It is for login.Config.OnEnd.
func (g *Gateway) EndSessions(ctx context.Context, ended []login.Session) {
	var keys []string
	for _, s := range ended {
		keys = append(keys, s.Key)
	}
	if len(keys) > 0 {
		g.publish(ctx, kiveileder.Event{Key: kiveileder.DeskKey, Desk: &kiveileder.DeskEvent{Ended: keys}})
	}
}
