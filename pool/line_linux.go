package pool

import (
	"cmp"
	"time"
)

// A line is the requests of one client that wait in the queue of a desk for the connection that it is to hold.
type line struct {
	desk *desk
	n    int
}

// count notes that a request has joined the line, or left it.
func (d *desk) count(e *entry, n int) {
	switch {
	case e.lease >= Hold:
		lines := d.station.lines
		if n += lines[e.client].n; n == 0 {
			delete(lines, e.client)
		} else {
			lines[e.client] = line{d, n}
		}
	case e.lease == Shared:
		if n += d.queued[e.client]; n == 0 {
			delete(d.queued, e.client)
		} else {
			d.queued[e.client] = n
		}
	}
}

// serve gives what is in line the connections that there are, in its order.
func (d *desk) serve() {
	st := d.station
	st.pending.Add(1) // what leaves the line is counted again behind it, and must not seem to be answered
	defer st.pending.Add(-1)
	for d.queue.len() > 0 {
		e := *d.queue.at(0)
		if e.gone() {
			d.dequeue()
			d.backend.ward.ignore(e.permit)
			st.refuse(&e, errForgotten)
			continue
		}
		l := cmp.Or(d.follow(&e), d.pipelined(&e))
		if l == nil {
			l = d.obtain(&e)
		}
		if l == nil {
			return
		}
		l.out = append(l.out, d.dequeue()...)
		l.add(&e)
	}
}

// dequeue takes the front of the line, and returns its bytes until something is appended to them.
func (d *desk) dequeue() []byte {
	e := d.queue.at(0)
	b := d.bytes[d.gone : d.gone+e.n]
	d.gone += e.n
	d.station.stored -= e.n
	d.count(e, -1)
	d.queue.drop()
	d.station.waiting--
	d.station.pending.Add(-1)
	if d.queue.len() == 0 {
		d.gone, d.bytes = 0, d.bytes[:0]
		if cap(d.bytes) > keepBytes {
			d.bytes = nil
		}
		d.queue.trim()
	}
	return b
}

// expire refuses what has stood in line for too long.
func (d *desk) expire(limit time.Duration) {
	d.station.pending.Add(1)
	defer d.station.pending.Add(-1)
	for d.queue.len() > 0 && d.station.now-d.queue.at(0).began > limit {
		e := *d.queue.at(0)
		d.dequeue()
		d.backend.ward.ignore(e.permit)
		d.station.refuse(&e, d.backend.whole(ErrExhausted))
	}
}
