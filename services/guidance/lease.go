package guidance

import "time"

// A Claim changes the lease together with the log.
type Claim struct {
	Holder Actor
	Now    time.Time
	Until  time.Time // zero: the holder's lease is given up, another's stays
	Force  bool      // also when somebody else's runs
}

// Lease gives the lease afterwards.
func (c *Claim) Lease() Lease {
	if c.Until.IsZero() {
		return Lease{}
	}
	return Lease{Holder: c.Holder, Until: micro(c.Until)}
}

// Take gives the lease of a case after a claim on it. A nil claim leaves it as
// it is. Error: ErrHeld when somebody else's lease runs.
func (c *Claim) Take(l Lease) (Lease, error) {
	if c == nil {
		return l, nil
	}
	mine := l.Holder.ID == c.Holder.ID
	switch {
	case c.Until.IsZero() && !mine:
		return l, nil
	case l.Holds(c.Now) && !mine && !c.Force:
		return l, ErrHeld
	}
	return c.Lease(), nil
}

// A Lease says who holds a case, and until when without another heartbeat.
type Lease struct {
	Holder Actor     `json:"holder"`
	Until  time.Time `json:"until"`
}

// Holds reports whether it still does.
func (l Lease) Holds(now time.Time) bool { return l.Holder.ID != "" && now.Before(l.Until) }
