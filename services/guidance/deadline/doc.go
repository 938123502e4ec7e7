// Package deadline says when a case is due.
//
// Nothing here ticks. A [Clock] holds what a case's log says: when it began,
// when it stood still, what was extended, what is done. Due dates, what is
// left and what is overdue are computed from it for any instant, by a
// [Calendar] (holidays, working hours) and [Target]s, all of which are data
// (calendar.yaml, targets.yaml). The same arguments always give the same
// answer: the machine's clock and its zone are never asked, and every instant
// is compared as wall time, so that a clock that jumps changes nothing that
// was stored.
//
// Days are days in Norway. The zone's rules are in the binary.
package deadline

import zone "kiveileder/internal/oslo"

// Oslo is the zone that days and working hours are in.
var Oslo = zone.Zone
