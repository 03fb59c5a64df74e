package health

import (
	"context"
	"fmt"
	"time"
)

// Run checks until ctx ends, and closes the connections. It may be called again when it has returned; what the targets were found to be
// stays. It returns when all checks have: a [Func] that does not end with its context keeps it.
func (m *Monitor) Run(ctx context.Context) {
	token := make(chan struct{}, 1)
	m.begin(ctx, func() {
		select {
		case token <- struct{}{}:
		default:
		}
	})
	if m.script == nil || m.portable || !m.react(ctx) {
		m.loop(ctx, token)
	}
	m.running.Wait()
	m.end()
}

func (m *Monitor) begin(ctx context.Context, wake func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.wake != nil {
		panic("health: a Monitor runs once at a time")
	}
	m.ctx, m.wake, m.round = ctx, wake, time.Now()
	m.spread(m.probes, time.Now())
}

// loop is the thread of a monitor without a reactor.
func (m *Monitor) loop(ctx context.Context, token <-chan struct{}) {
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		m.step(time.Now())
		if at := m.next(); !at.IsZero() {
			t.Reset(time.Until(at))
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-token:
		}
	}
}

func (m *Monitor) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range m.posted {
		o.p.line.close()
	}
	m.wake, m.posted, m.trash, m.late, m.flying = nil, nil, nil, nil, 0
	for _, p := range m.probes {
		p.line.close()
		p.state, p.running, p.connected, p.urged = waiting, false, false, false
	}
}

// step does what is due.
func (m *Monitor) step(now time.Time) {
	m.mu.Lock()
	for _, o := range m.posted {
		m.settle(o, now)
	}
	m.posted = m.posted[:0]
	for _, p := range m.trash {
		m.hangUp(p)
		m.depart(p)
	}
	m.trash = m.trash[:0]
	m.listen()
	for len(m.soon) > 0 && !m.soon[0].due.After(now) {
		m.turnTo(m.soon[0], now)
	}
	m.begins(now)
	for len(m.late) > 0 && m.flying < m.o.Concurrency {
		p := m.late[0]
		m.late = m.late[1:]
		m.ask(p, now, true)
	}
	told := m.news
	m.news = nil
	m.mu.Unlock()
	m.tell(told)
}

// turnTo deals with a probe that is due.
func (m *Monitor) turnTo(p *probe, now time.Time) {
	switch {
	case p.state == checking && now.Before(p.deadline):
		m.doubt(p, now)
	case p.state == checking:
		m.hangUp(p)
		m.finish(p, m.expired, now)
	case m.flying >= m.o.Concurrency && !p.running:
		p.drop()
		p.state = late
		m.late = append(m.late, p)
	default:
		m.ask(p, now, p.agenda == &m.soon)
	}
}

// ask begins a check. One in haste is finished as soon as the answer comes.
func (m *Monitor) ask(p *probe, now time.Time, haste bool) {
	p.state, p.began, p.deadline, p.seconds = checking, now, now.Add(m.o.Timeout), 0
	m.asked = now
	m.soon.put(p, m.lookAt(p, now))
	if p.running {
		m.finish(p, fmt.Errorf("an earlier check has not returned: %w", m.expired), now)
		return
	}
	m.flying++
	if m.call(p, now, haste) {
		return
	}
	p.running = true
	turn := p.turn
	ctx, cancel := context.WithDeadlineCause(m.ctx, p.deadline, m.expired)
	p.cancel = cancel
	m.running.Go(func() {
		defer cancel()
		m.post(outcome{p: p, turn: turn, err: m.check(ctx, p)})
	})
}

// check runs on a goroutine of its own.
func (m *Monitor) check(ctx context.Context, p *probe) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the check panicked: %v", r)
		}
		if err != nil && ctx.Err() != nil {
			err = m.expired
		}
	}()
	if m.script == nil {
		return m.checker.Check(ctx, p.target.Address)
	}
	if p.line.conn != nil && time.Since(p.line.since) >= m.o.Reconnect {
		p.line.close()
	}
	return p.line.check(ctx, p.target.Address)
}

func (m *Monitor) post(o outcome) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.posted = append(m.posted, o)
	m.wake()
}
