package udp

import (
	"errors"
	"net"
	"os"
	"time"

	"github.com/leat-io/leat/pipeline"
)

// Std is the engine on package net. It works everywhere, and receives one datagram with each system call: a batch is one
// packet.
func Std() Option { return func(s *Source) { s.engine = std{} } }

type std struct{}

func (std) String() string                    { return "package net" }
func (std) validate(*Source) error            { return nil }
func (std) lanes(s *Source) int               { return s.lanesAsked }
func (std) open(s *Source) error              { return s.openSockets() }
func (std) waits() bool                       { return true } // each lane has a goroutine, so it may wait: then the kernel drops
func (std) gauges(s *Source) []pipeline.Gauge { return s.socketGauges() }
func (std) close(s *Source)                   { s.closeSockets() }
func (std) wake(l *lane)                      { _ = l.socket.conn.SetReadDeadline(past) }

// past is a deadline that ends a read at once.
var past = time.Unix(1, 0)

// lastWait is how long a lane looks for more when the source has stopped, because package net does not read without waiting, and
// lastWaits how often it does so in vain where the system cannot be asked whether there is more.
const (
	lastWait  = time.Millisecond
	lastWaits = 20
)

// retryAfter is how long a lane waits behind an error of receiving that is not about a datagram, so that it does not spin.
const retryAfter = time.Millisecond

func (std) run(l *lane) {
	r := &stdReader{lane: l, buf: make([]byte, l.source.maxDatagram+1)}
	l.inlet.Lane.Work()
	defer l.inlet.Lane.Rest()
	for r.turn() {
	}
}

// A stdReader is the goroutine of one lane.
type stdReader struct {
	*lane
	buf      []byte // one byte longer than a datagram may be, to see that one is
	control  []byte
	deadline time.Time // that the socket has
	sealed   bool      // nothing more arrives
	quiet    int       // waits in vain since the latest datagram
	left     int       // datagrams that may be read behind a stop, where more may arrive
}

// turn receives one datagram, or learns why there is none. It returns false when nothing more is to be received.
func (r *stdReader) turn() bool {
	if !r.wait() {
		return false
	}
	r.inlet.Lane.Rest()
	n, peer, err := r.read()
	r.inlet.Lane.Work()
	switch {
	case err == nil:
		r.quiet = 0
		r.explain(r.add(unmapped(peer), r.buf[:n]))
		r.push()
	case errors.Is(err, os.ErrDeadlineExceeded):
		if r.sealed {
			r.quiet++ // perhaps only because the deadline was over before this goroutine had come to read
			yes, known := r.socket.readable()
			return yes || !known && r.quiet < lastWaits
		}
		if due := r.inlet.Due(); !due.IsZero() && !time.Now().Before(due) {
			r.inlet.Tick(time.Now())
		}
	case errors.Is(err, net.ErrClosed):
		r.inlet.Lane.Failed(err)
		return false
	default:
		r.source.counts.readings.Add(1)
		time.Sleep(retryAfter)
	}
	return true
}

// wait sets the deadline of the read that follows, and begins the end when the source stops.
func (r *stdReader) wait() bool {
	due := r.inlet.Due()
	if !r.sealed && due != r.deadline {
		r.deadline = due
		_ = r.socket.conn.SetReadDeadline(due)
	}
	switch r.source.phase.Load() { // behind the deadline, which may have taken the place of that of wake
	case abandoned:
		return false
	case stopping:
		if !r.sealed {
			r.sealed, r.left = true, 1<<20
			r.socket.seal()
		}
		if r.left--; r.left < 0 {
			return false
		}
		_ = r.socket.conn.SetReadDeadline(time.Now().Add(lastWait))
	}
	return true
}
