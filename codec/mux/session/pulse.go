package session

import (
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/codec/mux"
)

// A pulse is what a session knows about time. It is guarded by the session's lock, but for heard.
type pulse struct {
	begun  time.Time
	heard  atomic.Int64  // when something was received last, in nanoseconds since begun
	others time.Duration // keepalive of the other side
	wrote  time.Time     // when something was fetched to be written
	trip   time.Duration
	pinged time.Time // when PING was sent that has no answer yet
	last   time.Time // when PING was sent
	number uint64
}

func (p *pulse) begin(now time.Time) { p.begun, p.wrote = now, now }

// at is the session's clock, which begins at 1.
func (p *pulse) at(now time.Time) time.Duration { return max(now.Sub(p.begun), 1) }

// Heard notes that something was received, so that the other side is alive.
func (s *Session) Heard() { s.pulse.heard.Store(int64(time.Since(s.pulse.begun))) }

// tidy gives back memory of a session that has nothing to send. The lock is held.
func (s *Session) tidy(now time.Time) {
	if o := &s.out; len(o.bytes) == 0 && !o.busy && now.Sub(s.pulse.wrote) > time.Second {
		o.bytes, o.spare = nil, nil
	}
}

// between is the least time between two PING that measure the round trip: far below what the other side allows. The first few follow each
// other at once, because the least of them is what windows grow by.
const (
	between = time.Second
	first   = 5
)

// measure asks for the round trip, if it was not asked for of late. The lock is held.
func (s *Session) measure(now time.Time) {
	p := &s.pulse
	if !p.pinged.IsZero() || now.Sub(p.last) < between && p.number >= first {
		return
	}
	s.ping(now)
}

func (s *Session) ping(now time.Time) {
	p := &s.pulse
	p.pinged, p.last = now, now
	p.number++
	from := len(s.out.bytes)
	s.out.bytes = mux.AppendPing(s.out.bytes, p.number)
	s.announce(from)
}

// pingIn answers PING.
func (s *Session) pingIn(f *mux.Frame) error {
	if !s.inflow.pings.take(time.Now()) {
		return wrong(mux.Limit, "too many PING")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	from := len(s.out.bytes)
	s.out.bytes = mux.AppendPong(s.out.bytes, mux.ParsePing(f.Payload))
	s.control(from)
	return s.err
}

// pongIn takes the answer to a PING. The least of late is what counts: what is above it waited somewhere.
func (s *Session) pongIn(data uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &s.pulse
	if p.pinged.IsZero() || data != p.number {
		return
	}
	took := max(time.Since(p.pinged), 1)
	p.pinged = time.Time{}
	if p.trip == 0 || took < p.trip {
		p.trip = took
	} else {
		p.trip += (took - p.trip) / 16
	}
}

// Tick is called from time to time, at least in each [Session.Pace]. It returns an error when the other side is to be taken for dead. flush is
// as with Send.
func (s *Session) Tick(now time.Time) (flush bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return false, s.err
	}
	p := &s.pulse
	silent := now.Sub(p.begun) - time.Duration(p.heard.Load())
	if k := s.own.Keepalive; s.ready && k > 0 && silent > k {
		return false, s.fail(wrong(mux.Timeout, "nothing was received for %v", silent.Round(time.Millisecond)))
	}
	s.tidy(now)
	quiet := now.Sub(p.wrote)
	if s.ready && (p.others > 0 && quiet >= p.others/4 || s.own.Keepalive > 0 && silent >= s.own.Keepalive/3 && now.Sub(p.last) >= s.own.Keepalive/4) {
		s.ping(now)
	}
	return s.flushing(), nil
}

// Pace is how often Tick wants to be called; 0 is never.
func (s *Session) Pace() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	pace := s.own.Keepalive / 12
	if o := s.pulse.others / 12; o > 0 && (pace == 0 || o < pace) {
		pace = o
	}
	return pace
}
