package health

import (
	"context"
	"slices"
	"time"

	"github.com/leat-io/leat/internal/reactor"
)

// A station is the loop of a monitor, with what all its wires share. It is the only rider of the loop.
type station struct {
	m     *Monitor
	loop  *reactor.Loop
	epoll *reactor.Epoll
	buf   []byte  // what was read last
	calm  []*wire // of which the answer is not awaited, but read when the loop wakes for something else
}

// react runs the monitor on a reactor until ctx ends. It returns false when there is none to be had, or it failed.
func (m *Monitor) react(ctx context.Context) bool {
	epoll, err := reactor.NewEpoll()
	if err != nil {
		return false
	}
	s := &station{m: m, loop: reactor.New(epoll), epoll: epoll, buf: make([]byte, m.script.most)}
	s.loop.Carry(s)
	m.mu.Lock()
	portable := m.wake
	m.wake, m.station = s.loop.Wake, s
	m.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { s.loop.Post(closing{s.loop}) })
	err = s.loop.Run()
	stop()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wake, m.station = portable, nil
	for _, p := range slices.Concat(m.probes, m.trash) {
		p.wire.close()
		p.wire.calm = false
	}
	return err == nil
}

type closing struct{ loop *reactor.Loop }

// Run implements reactor.Task.
func (c closing) Run() { c.loop.Close() }

// Turn implements reactor.Rider.
func (s *station) Turn() (more bool) {
	s.m.step(time.Now())
	return false
}

// Due implements reactor.Rider.
func (s *station) Due() time.Time { return s.m.next() }

// Rest implements reactor.Rider.
func (s *station) Rest() {}

// Work implements reactor.Rider.
func (s *station) Work() {}

// call begins a check by system calls, if it can be made so.
func (m *Monitor) call(p *probe, now time.Time, haste bool) (called bool) {
	if m.station == nil || !p.addr.IsValid() || p.addr.Addr().Zone() != "" {
		return false
	}
	p.wire.call(m.station, p, now, haste)
	return true
}

// listen reads what has come without having woken the loop.
func (m *Monitor) listen() {
	s := m.station
	if s == nil {
		return
	}
	still := s.calm[:0]
	for _, w := range s.calm {
		if w.state == asked && w.calm {
			w.hear(reactor.In)
		}
		if w.calm = w.calm && w.state == asked; w.calm {
			still = append(still, w)
		}
	}
	clear(s.calm[len(still):])
	s.calm = still
}

// hangUp closes the socket of a probe.
func (m *Monitor) hangUp(p *probe) { p.wire.close() }
