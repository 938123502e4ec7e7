package gateway_test

import (
	"testing"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/gateway/bus"
)

// One person at one case through two gateways is one person, who writes when
// they write anywhere, and has left when they have left everywhere.
func TestPresenceThroughTwoGateways(t *testing.T) {
	shared := bus.NewMemory()
	b := newBureau(t, func(d *gateway.Deps) { d.Events = shared })
	other, _ := open(t, gateway.Config{}, func(d *gateway.Deps) {
		d.Login, d.Desk, d.Events = b.login, b.desk, shared
	})
	here, there := listen(t, b.Gateway), listen(t, other)
	mari, ola, second := b.people["dmp"].watch(there), b.people["hdir"].watch(here), b.people["hdir"].watch(there)
	ola.at("both", "writes")
	mari.hears("at both: Ola Jurist writes")
	second.hears("at both: ")
	second.at("both", "looks")
	second.hears("at both: ") // it is answered
	mari.hearsNothing()
	ola.conn.Close()
	mari.hears("at both: Ola Jurist looks")
	second.conn.Close()
	mari.hears("at both: ")
	mari.hearsNothing()
}

// What a gateway said first and what came late does not stand in the place of
// what it said afterwards. One of an older version counts its words not.
func TestPresenceInAnotherOrder(t *testing.T) {
	shared := bus.NewMemory()
	b := newBureau(t, func(d *gateway.Deps) { d.Events = shared })
	mari := b.people["dmp"].watch(listen(t, b.Gateway))
	said := func(gate string, turn int64, doing string) {
		t.Helper()
		e := kiveileder.DeskEvent{Person: "p-ola", Name: "Ola", Agency: "hdir", Case: "both", Doing: doing, Gate: gate, Turn: turn}
		if err := shared.Publish(t.Context(), kiveileder.Event{Key: kiveileder.DeskKey, Desk: &e}); err != nil {
			t.Fatal(err)
		}
	}
	said("a", 2, "writes")
	mari.hears("at both: Ola writes")
	said("a", 1, "looks")
	mari.hearsNothing()
	said("a", 4, "")
	mari.hears("at both: ")
	said("a", 3, "looks")
	mari.hearsNothing()
	said("", 0, "looks")
	mari.hears("at both: Ola looks")
	said("", 0, "")
	mari.hears("at both: ")
}
