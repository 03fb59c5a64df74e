package muxnet

import (
	"net"
	"time"
)

// deadlines are those of a stream that has any.
type deadlines struct{ read, write deadline }

// A deadline is guarded by the lock of its stream.
type deadline struct {
	timer *time.Timer
	round int // counts the settings, so that a timer that fires late harms nobody
	over  bool
}

func (d *deadlines) stop() {
	if d == nil {
		return
	}
	for _, t := range [...]*time.Timer{d.read.timer, d.write.timer} {
		if t != nil {
			t.Stop()
		}
	}
}

func (s *Stream) setDeadline(t time.Time, write bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	if s.dead == nil {
		s.dead = new(deadlines)
	}
	d, w := &s.dead.read, wakeReader
	if write {
		d, w = &s.dead.write, wakeWriter
	}
	if d.timer != nil {
		d.timer.Stop()
	}
	d.round++
	d.over = false
	if t.IsZero() {
		return nil
	}
	left := time.Until(t)
	if left <= 0 {
		d.over = true
		s.halted.Store(true)
		s.wake(w)
		return nil
	}
	round := d.round
	d.timer = time.AfterFunc(left, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if d.round == round {
			d.over = true
			s.halted.Store(true)
			s.wake(w)
		}
	})
	return nil
}
