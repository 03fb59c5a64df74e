package health

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// A Monitor checks a changing set of targets with one checker, and tells their members when they go down or come up.
//
// The first checks are spread over an interval. Checks that need no haste begin in rounds, a quarter of an interval apart, because to wake
// costs a process several times what a check does. A part of the time between rounds is random, so many monitors do not
// keep step. A target whose results speak against its state is asked sooner; one that stays down less and less often.
// A kept connection that its peer closes brings the next check forward, and so does [Monitor.Suspect].
//
// A check that is not answered soon is joined by others on fresh connections, so that at the end of its time they are failures enough.
// As long as one of them is answered, the target serves.
//
// On Linux one thread runs all checks of [TCP], [Ping] and [SendExpect] against IP addresses, on sockets that do not wait, and sleeps
// in between. What answers a check that needs no haste is read when that thread wakes for the next round. All others have a goroutine
// each while they run.
//
// A fault of this machine, such as no descriptor to connect with, is shown as a result and changes nothing.
type Monitor struct {
	checker  Checker
	script   *script // the checker when it is one, or nil
	o        MonitorOptions
	expired  error // of a check that took too long
	portable bool  // package net is used even where there is a reactor

	mu      sync.Mutex
	probes  []*probe          // guarded by mu, in the order of Apply
	named   map[string]*probe // guarded by mu: the same
	soon    agenda            // guarded by mu: those that are checked or in doubt, who have their turn when they are due
	calm    agenda            // guarded by mu: those that are due for a check in the last round before it
	round   time.Time         // guarded by mu: the next one
	late    []*probe          // guarded by mu: due, and too many others are checked
	asked   time.Time         // guarded by mu: when a check began last
	flying  int               // guarded by mu: checks under way, with those whose deadline is over but that still run
	posted  []outcome         // guarded by mu
	trash   []*probe          // guarded by mu: the sockets of targets that were removed, for the loop to close
	news    []news            // guarded by mu
	wake    func()            // guarded by mu: nil unless it runs
	station *station          // guarded by mu: the reactor while it runs on one
	ctx     context.Context
	running sync.WaitGroup
}

// An outcome is what a goroutine found out.
type outcome struct {
	p      *probe
	turn   uint64
	err    error
	second bool // it was on another connection than the check itself
}

// NewMonitor makes a monitor without targets, which checks nothing until Run.
func NewMonitor(c Checker, o MonitorOptions) (*Monitor, error) {
	if c == nil {
		return nil, errors.New("health: a monitor needs a Checker")
	}
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	m := &Monitor{
		checker: c, o: o,
		expired: fmt.Errorf("no answer within %v: %w", o.Timeout, context.DeadlineExceeded),
	}
	m.script, _ = c.(*script)
	return m, nil
}

// Apply makes these the targets. Those of the same name and address keep their state; a member that takes the place of another is told
// of it. It may be called at any time.
func (m *Monitor) Apply(targets []Target) error {
	if err := validate(targets); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.named
	now := time.Now()
	var added []*probe
	m.probes, m.named = make([]*probe, 0, len(targets)), make(map[string]*probe, len(targets))
	for _, t := range targets {
		p := old[t.Name]
		if p == nil || p.target.Address != t.Address {
			p = m.newProbe(t, now)
			added = append(added, p)
		} else {
			delete(old, t.Name)
			m.replace(p, t.Member)
		}
		m.probes, m.named[t.Name] = append(m.probes, p), p
	}
	for _, p := range old {
		m.forget(p)
	}
	m.spread(added, now)
	if m.wake != nil {
		m.wake()
	}
	return nil
}

func validate(targets []Target) error {
	names := make(map[string]bool, len(targets))
	for i, t := range targets {
		switch {
		case t.Name == "":
			return fmt.Errorf("health: target %d (address %q) has no name", i, t.Address)
		case t.Address == "":
			return fmt.Errorf("health: target %q has no address", t.Name)
		case names[t.Name]:
			return fmt.Errorf("health: two targets have the name %q", t.Name)
		}
		names[t.Name] = true
	}
	return nil
}

func (m *Monitor) newProbe(t Target, now time.Time) *probe {
	p := &probe{target: t, m: m, since: now, line: line{script: m.script}}
	p.addr, _ = netip.ParseAddrPort(t.Address)
	return p
}

// replace gives a probe another member.
func (m *Monitor) replace(p *probe, member Member) {
	if p.target.Member == member {
		return
	}
	p.target.Member = member
	if p.course.down {
		m.news = append(m.news, news{change: Change{Target: p.target}, quiet: true})
	}
}

// forget ends a probe. A goroutine that checks it closes its own connection.
func (m *Monitor) forget(p *probe) {
	p.gone = true
	p.drop()
	m.late = slices.DeleteFunc(m.late, func(l *probe) bool { return l == p })
	if !p.running {
		p.line.close()
	}
	if m.wake != nil {
		m.trash = append(m.trash, p)
	}
}

// spread gives each of the probes its own part of an interval for the next check.
func (m *Monitor) spread(probes []*probe, now time.Time) {
	for i, p := range probes {
		at := (float64(i) + rand.Float64()) / float64(len(probes))
		m.calm.put(p, now.Add(time.Duration(at*float64(m.o.Interval))))
	}
}

// Stats are for people to look at, one for each target in the order of Apply.
func (m *Monitor) Stats() []TargetStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]TargetStats, len(m.probes))
	for i, p := range m.probes {
		all[i] = p.stats()
	}
	return all
}
