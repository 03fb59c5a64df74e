package health

import "time"

// roundJitter is the share of the time between two rounds that is random. Four times between them are never more than an interval, and
// five never less: so what was checked in one round is checked together again, and rounds do not gather what was in others.
const roundJitter = .1

// grain is the longest time between two rounds.
func (o *MonitorOptions) grain() time.Duration { return o.Interval / 4 }

// after is when the round behind one at a time begins.
func (m *Monitor) after(at time.Time) time.Time {
	return at.Add(shorter(m.o.grain(), min(m.o.Jitter, roundJitter)))
}

// begins begins the checks of a round, if it is time for one: those that are due before the next.
func (m *Monitor) begins(now time.Time) {
	if len(m.calm) == 0 || m.round.After(now) && m.calm[0].due.After(now) {
		return
	}
	m.round = m.after(now)
	for len(m.calm) > 0 && m.calm[0].due.Before(m.round) {
		m.turnTo(m.calm[0], now)
	}
}

// next is when the monitor has something to do, or the zero time.
func (m *Monitor) next() (at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sooner := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	if len(m.soon) > 0 {
		sooner(m.soon[0].due)
	}
	if len(m.calm) > 0 {
		due := m.calm[0].due
		for r := m.after(m.round); !r.After(due); r = m.after(r) { // there is nothing to do in one
			m.round = r
		}
		sooner(m.round)
		sooner(due)
	}
	if len(m.late) > 0 { // others may have been answered
		now := time.Now()
		sooner(now.Add(max(now.Sub(m.asked), shortest)))
	}
	return at
}
