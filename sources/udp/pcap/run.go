package pcap

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/leat-io/leat/internal/packet"
	"github.com/leat-io/leat/sources/udp"
)

// Receive implements udp.Engine. Behind the end of the file it goes on letting stages act by the clock, until the source stops.
func (r *Replay) Receive(l *udp.Lane) {
	l.Work()
	defer l.Rest()
	c := clock{speed: r.speed}
	for !l.Stopping() {
		f, err := r.reader.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			} else {
				err = fmt.Errorf("%w: %w", ErrFormat, err)
			}
			l.Push()
			r.finish(err)
			break
		}
		if at := c.due(f.at, time.Now()); !at.IsZero() {
			l.Push()
			for time.Now().Before(at) && !l.Stopping() {
				l.Wait(func(due time.Time) { r.sleep(at, due) })
			}
			if l.Stopping() {
				break
			}
		}
		r.read.Add(1)
		r.take(l, f)
		if l.Room() == 0 {
			l.Push()
		}
	}
	l.Push()
	r.finish(ErrStopped)
	for !l.Stopping() {
		l.Wait(func(due time.Time) { r.sleep(time.Time{}, due) })
	}
}

// sleep waits until the earlier of two times, of which a zero one is none, or until the lane is woken.
func (r *Replay) sleep(a, b time.Time) {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		a = b
	}
	var timeout <-chan time.Time
	if !a.IsZero() {
		timeout = time.After(time.Until(a))
	}
	select {
	case <-r.wake:
	case <-timeout:
	}
}

// take adds what is in a frame to the batch.
func (r *Replay) take(l *udp.Lane, f frame) {
	var d packet.Datagram
	reason := f.parse(&d, packet.AnySource)
	if reason == packet.Unfinished { // it was captured before an interface that finished it
		reason = f.parse(&d, packet.AnySource|packet.AnySum)
	}
	switch {
	case reason != packet.OK && reason != packet.Truncated:
		r.refused[reason].Add(1)
	case !r.wanted(d.Dst):
		r.others.Add(1)
	default:
		p := l.Add(d.Src, d.Dst, d.Payload)
		p.TTL, p.TOS, p.Received = d.TTL, d.TOS, f.at.UnixNano()
		if reason == packet.Truncated && p.Flags&udp.Truncated == 0 {
			l.Truncate(p)
		}
	}
}

// A clock says when packets are due. The first is due at once, and the others as long behind it as they were captured behind it,
// divided by the speed: what was late once does not make all that follow late.
type clock struct {
	speed        float64
	begun        bool
	first, since time.Time // captured, received
}

// due is when a packet is due, or the zero time when that is now.
func (c *clock) due(captured, now time.Time) time.Time {
	if c.speed == 0 {
		return time.Time{}
	}
	if !c.begun {
		c.begun, c.first, c.since = true, captured, now
	}
	at := c.since.Add(time.Duration(float64(captured.Sub(c.first)) / c.speed))
	if !at.After(now) {
		return time.Time{}
	}
	return at
}
