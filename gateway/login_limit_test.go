package gateway_test

import (
	"net/http"
	"testing"

	"kiveileder/gateway"
	"kiveileder/gateway/login"
)

// Who tries to sign in again and again is counted like anybody who opens
// something: each try may cost a call to a provider.
func TestLoginIsLimited(t *testing.T) {
	l, err := login.New(login.Config{Origin: bureauOrigin, Store: login.NewMemory(), Demo: true})
	if err != nil {
		t.Fatal(err)
	}
	g, _ := open(t, gateway.Config{RatePerMinute: 1}, func(d *gateway.Deps) { d.Login = l })
	for _, c := range []call{
		{path: bureauOrigin + "/login", from: "127.0.0.2:1"},
		{path: bureauOrigin + "/login/demo?token=x", from: "127.0.0.3:1"},
		{path: bureauOrigin + "/login/callback/x?state=a", from: "127.0.0.4:1"},
		{method: "POST", path: bureauOrigin + "/login/backchannel/x", from: "127.0.0.5:1"},
	} {
		last := 0
		for range 60 { // of 100 a minute a third may come at once
			last = do(g, c).Code
		}
		if last != http.StatusTooManyRequests {
			t.Errorf("%s: status %d", c.path, last)
		}
	}
}
