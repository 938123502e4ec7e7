package wire

// A CloseCode says why a connection ended. 4000 to 4499 ask the client to come
// back, but for CloseEnded at once; 4500 to 4999 not to: the same again would
// end the same way.
type CloseCode int

// The codes of the service's own, and those of RFC 6455 section 7.4.1 that it
// uses.
const (
	CloseRestart CloseCode = 4000 // the service goes away for a moment
	CloseSlow    CloseCode = 4001 // the client did not take what was sent
	CloseSilent  CloseCode = 4002 // no pong
	CloseTotal   CloseCode = 4003 // open for the longest time allowed
	CloseFlood   CloseCode = 4004 // frames too fast
	CloseIdle    CloseCode = 4005 // nothing was asked for a long time

	CloseEnded CloseCode = 4401 // of the desk: the login has ended; back after another one

	CloseVersion CloseCode = 4500 // no common subprotocol
	CloseBroken  CloseCode = 4501 // too many frames that can't be read

	CloseNormal      CloseCode = 1000
	CloseGoingAway   CloseCode = 1001
	CloseProtocol    CloseCode = 1002
	CloseUnsupported CloseCode = 1003 // binary frames
	CloseNotUTF8     CloseCode = 1007
	CloseTooBig      CloseCode = 1009
	CloseInternal    CloseCode = 1011 // the service failed
)

// Codes are the codes that the service closes with, with their names.
var Codes = map[CloseCode]string{
	CloseRestart: "restart", CloseSlow: "slow", CloseSilent: "silent", CloseTotal: "total",
	CloseFlood: "flood", CloseIdle: "idle", CloseEnded: "ended", CloseVersion: "version", CloseBroken: "broken",
	CloseGoingAway: "restart", CloseUnsupported: "binary", CloseNotUTF8: "not utf-8", CloseTooBig: "too big",
	CloseInternal: "internal",
}

// Reconnect reports whether a client should come back by itself.
func (c CloseCode) Reconnect() bool {
	switch c {
	case CloseEnded, CloseProtocol, CloseUnsupported, CloseNotUTF8, CloseTooBig:
		return false
	}
	return c < 4500
}

func (c CloseCode) String() string {
	if s := Codes[c]; s != "" {
		return s
	}
	return "closed"
}
