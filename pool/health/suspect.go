package health

import "time"

// Suspect says that a request to a target has failed in a way that speaks against it: it was refused, its connection was lost, the reply did
// not come in time. Its next check is then brought forward to now, and decides as any other does. This may be called for each failure:
// no more than four checks for each Interval are brought forward, and none of a target that is down or in doubt already. A name
// that no target has is ignored.
func (m *Monitor) Suspect(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p := m.named[name]; p != nil && m.wake != nil && m.urge(p, time.Now()) {
		m.wake()
	}
}

// urge brings the next check of a probe forward, and reports whether there is something to do sooner than before.
func (m *Monitor) urge(p *probe, now time.Time) bool {
	switch {
	case p.gone || p.course.down || p.course.row > 0 || p.state == late:
		return false
	case p.state == checking: // which may have begun before what has happened
		first := !p.urged
		p.urged = true
		return first
	}
	at := later(now, p.began.Add(m.o.Suspect))
	at = later(at, p.credit.Add(-3*m.o.Interval/4))
	if !at.Before(p.due) || p.agenda == &m.soon {
		return false
	}
	p.credit = later(p.credit, now).Add(m.o.Interval / 4)
	m.soon.put(p, at)
	return true
}
