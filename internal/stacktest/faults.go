package stacktest

import (
	"fmt"
	"time"
)

// A Way is one in which a line to a server fails, until Fault.Mend.
type Way struct {
	Name  string // for a subtest
	Spoil func(f *Fault)
}

// Ways without a measure.
var (
	// Cut breaks all connections and lets none begin.
	Cut = Way{"cut", (*Fault).Cut}
	// Silent lets calls through and no answers.
	Silent = Way{"nothing comes back", func(f *Fault) { f.add("timeout", "downstream", "timeout", 0) }}
	// Deaf lets no calls through.
	Deaf = Way{"nothing comes through", func(f *Fault) { f.add("timeout", "upstream", "timeout", 0) }}
	// Reset breaks each connection at its first answer.
	Reset = Way{"reset", func(f *Fault) { f.add("reset_peer", "downstream", "timeout", 0) }}
)

// Slow lets answers wait.
func Slow(wait time.Duration) Way {
	return Way{"slow", func(f *Fault) { f.add("latency", "downstream", "latency", wait.Milliseconds()) }}
}

// Half closes a connection when so many bytes of answers have come through it.
func Half(bytes int64) Way {
	return Way{"half answers", func(f *Fault) { f.add("limit_data", "downstream", "bytes", bytes) }}
}

// SlowlyCut is Cut, but who is connected hears of it after a while.
func SlowlyCut(after time.Duration) Way {
	return Way{"closes slowly", func(f *Fault) {
		f.add("slow_close", "downstream", "delay", after.Milliseconds())
		f.Cut()
	}}
}

// add spoils a stream with a toxic that has one measure.
func (f *Fault) add(toxic, stream, measure string, n int64) {
	f.t.Helper()
	f.Add(fmt.Sprintf(`{"type":%q,"stream":%q,"attributes":{%q:%d}}`, toxic, stream, measure, n))
}
