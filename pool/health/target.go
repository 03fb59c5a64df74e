package health

import (
	"context"
	"net/netip"
	"time"
)

// A Target is a backend that is checked.
type Target struct {
	Name    string // unique in its monitor
	Address string // host:port. An IP address saves looking up a name for each connection.
	Member  Member // is told when it goes down or comes up, from being up on. May be nil.
}

// A Change is what OnChange is told: a target came up or went down.
type Change struct {
	Target Target
	Up     bool
	Reason error // of the last check when it is down
	At     time.Time
}

// A Result is what OnResult is told of each check. It has no latency: an answer is read when that costs least, not when it comes.
type Result struct {
	Target Target
	Err    error // nil: it serves
	At     time.Time
}

// TargetStats show how a target does.
type TargetStats struct {
	Target              Target
	Up                  bool
	Since               time.Time // of the last change, or of Apply
	Last                Result    // of the last check, zero before the first
	Successes, Failures uint64    // checks
	InARow              int       // results that speak against the present state
	Next                time.Time // when the next check is due; the deadline of one that is under way
	Checking            bool
	Connected           bool // a connection is kept
}

// A probe is a target on the way from check to check. All is guarded by the monitor's mu but what belongs to the check under way.
type probe struct {
	target Target
	m      *Monitor
	course course

	agenda   *agenda   // that it is in, or nil
	index    int       // there
	due      time.Time // for the next check, or for a look at the present one
	began    time.Time
	deadline time.Time // of the present check
	state    probeState
	turn     uint64    // the number of the check, so that the result of an earlier one is known as that
	seconds  int       // checks on other connections that have joined the present one
	urged    bool      // it has been suspected since the present check began
	credit   time.Time // until when its checks have been brought forward, at four for each interval
	gone     bool      // it is no longer a target

	since               time.Time
	last                Result
	successes, failures uint64
	connected           bool

	line    line               // of checks by package net; of the goroutine of the check while there is one
	running bool               // that goroutine
	cancel  context.CancelFunc // its check
	addr    netip.AddrPort
	wire    wire // of checks by system calls
}

type probeState uint8

const (
	waiting probeState = iota // for the time of the next check
	late                      // that has come, and too many others are checked
	checking
)

func (p *probe) stats() TargetStats {
	next := p.due
	if p.state == checking {
		next = p.deadline
	}
	return TargetStats{
		Target: p.target, Up: !p.course.down, Since: p.since, Last: p.last, Successes: p.successes, Failures: p.failures,
		InARow: p.course.row, Next: next, Checking: p.state == checking, Connected: p.connected,
	}
}
