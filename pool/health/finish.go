package health

import (
	"errors"
	"syscall"
	"time"
)

// settle takes in what a goroutine found out.
func (m *Monitor) settle(o outcome, now time.Time) {
	p := o.p
	if o.second {
		m.settleSecond(o, now)
		return
	}
	p.running = false
	p.connected = p.line.conn != nil
	switch {
	case p.gone:
		m.flying--
		p.line.close()
	case p.state == checking && p.turn == o.turn:
		m.finish(p, o.err, now)
	default: // it was given up
		m.flying--
	}
}

// depart lets go of a check whose target was removed.
func (m *Monitor) depart(p *probe) {
	if p.state == checking && !p.running {
		m.flying--
	}
	p.state = waiting
}

// finish ends a check, and those that have joined it, and enters the next one.
func (m *Monitor) finish(p *probe, err error, now time.Time) {
	times := 1
	if errors.Is(err, m.expired) { // all of them have
		times += p.seconds
	}
	p.state = waiting
	p.turn++
	if !p.running {
		m.flying--
	}
	if p.gone {
		return
	}
	p.last = Result{Target: p.target, Err: err, At: now}
	if err == nil {
		p.successes++
	} else {
		p.failures += uint64(times)
	}
	changed := false
	for ; times > 0 && !changed && !isLocal(err); times-- {
		changed = p.course.result(err == nil, &m.o)
	}
	if changed {
		p.since = now
	}
	if changed || m.o.OnResult != nil {
		n := news{result: p.last, changed: changed}
		n.change = Change{Target: p.target, Up: !p.course.down, Reason: err, At: now}
		m.news = append(m.news, n)
	}
	wait, exactly := p.course.wait(&m.o)
	to := &m.calm
	if exactly {
		to = &m.soon
	}
	to.put(p, later(p.began.Add(wait), now))
	if p.urged {
		p.urged = false
		m.urge(p, now)
	}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// isLocal reports whether it is this machine that cannot check.
func isLocal(err error) bool {
	if err == nil {
		return false
	}
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// news is what others are told when the lock has been left.
type news struct {
	change  Change
	result  Result
	changed bool
	quiet   bool // only the member is told, of a change that is older than it
}

func (m *Monitor) tell(all []news) {
	for _, n := range all {
		if member := n.change.Target.Member; member != nil && (n.changed || n.quiet) {
			member.SetUp(n.change.Up)
		}
		if n.quiet {
			continue
		}
		if m.o.OnResult != nil {
			m.o.OnResult(n.result)
		}
		if n.changed && m.o.OnChange != nil {
			m.o.OnChange(n.change)
		}
	}
}
