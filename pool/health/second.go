package health

import (
	"context"
	"errors"
	"time"
)

// mostTogether bounds the checks of one target that are waited for at a time.
const mostTogether = 4

// together is how many checks the present one of a probe is to be, if none is answered.
func (m *Monitor) together(p *probe) int {
	if m.script == nil {
		return 1
	}
	return min(p.course.doubts(&m.o), mostTogether)
}

// joined is when the next check joins the present one of a probe, which they do at even times, or its deadline.
func (m *Monitor) joined(p *probe) time.Time {
	n := m.together(p)
	if p.seconds+1 >= n {
		return p.deadline
	}
	return p.began.Add(m.o.Timeout / time.Duration(n) * time.Duration(p.seconds+1))
}

// lookAt is when a check that is not answered is looked at again: after a grain, then ever later.
func (m *Monitor) lookAt(p *probe, now time.Time) time.Time {
	at := now.Add(max(now.Sub(p.began), m.o.grain()))
	if j := m.joined(p); j.Before(at) {
		at = j
	}
	if at.After(p.deadline) {
		at = p.deadline
	}
	return at
}

// doubt deals with a check that has not been answered yet.
func (m *Monitor) doubt(p *probe, now time.Time) {
	if !m.joined(p).After(now) {
		p.seconds++
		m.second(p)
	}
	m.soon.put(p, m.lookAt(p, now))
}

// second begins another check of a probe, on a connection of its own.
func (m *Monitor) second(p *probe) {
	turn, address := p.turn, p.target.Address
	ctx, cancel := context.WithDeadlineCause(m.ctx, p.deadline, m.expired)
	m.running.Go(func() {
		defer cancel()
		err := m.script.Check(ctx, address)
		if err != nil && ctx.Err() != nil {
			err = m.expired
		}
		m.post(outcome{p: p, turn: turn, err: err, second: true})
	})
}

// settleSecond takes in what such a check has found out. The first answer counts; that there is none counts at the deadline.
func (m *Monitor) settleSecond(o outcome, now time.Time) {
	p := o.p
	if p.gone || p.state != checking || p.turn != o.turn || errors.Is(o.err, m.expired) || isLocal(o.err) {
		return
	}
	m.hangUp(p)
	if p.running {
		p.cancel()
	}
	m.finish(p, o.err, now)
}
