package pool

import (
	"slices"
	"time"

	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/stage"
)

// A desk is the connections of one station to one backend, of one profile. The lock of the station guards it.
type desk struct {
	station *station
	backend *backend
	profile uint32

	shared []*link // by the number of the client; nil where none has been needed

	// Connections that one client has at a time:
	idle  []*link                 // the one used last at the end
	fresh []*link                 // being dialed ahead of demand
	taken map[*stage.Conn][]*link // by client, the latest last
	open  int                     // all of them

	queue  fifo[entry]         // for one of those
	queued map[*stage.Conn]int // requests in it that later ones of the same client must not overtake
	bytes  []byte              // of the requests in the queue, behind those that have left it
	gone   int                 // bytes of those

	unwelcome error         // what the server has said against the latest greeting
	until     time.Duration // when another one is tried
}

// pipelined finds the connection for the client of e among those that all share. A client always has the same one, so that its
// requests are served in their order. It is nil when there are as many connections as may be, or e is not to be shared.
func (d *desk) pipelined(e *entry) *link {
	if e.lease != Shared || len(d.shared) == 0 {
		return nil
	}
	i := 0
	if c := e.client; c != nil && len(d.shared) > 1 {
		i = int(c.ID() % uint64(len(d.shared)))
	}
	if d.shared[i] == nil && d.backend.reserve() {
		d.share(i)
	}
	return d.shared[i]
}

// share dials the connection that is shared at a place.
func (d *desk) share(i int) *link {
	l := d.dial()
	l.place = int32(i)
	if d.station.forwarding.Fence != nil {
		l.fences = newFences()
	}
	d.shared[i] = l
	return l
}

// find finds a connection for e, or the line for one. The requests of a client are served in their order: behind one that waits
// in line all do, and while it has a connection for requests of its own its next ones go there too. One that could be shared has a
// connection of its own where there may not be another to share.
func (d *desk) find(e *entry) target {
	if d.queue.len() > 0 && d.queued[e.client] > 0 {
		return target{desk: d}
	}
	if l := d.follow(e); l != nil {
		return target{link: l}
	}
	if l := d.pipelined(e); l != nil {
		return target{link: l}
	}
	if d.queue.len() > 0 {
		return target{desk: d}
	}
	if l := d.obtain(e); l != nil {
		return target{link: l}
	}
	return target{desk: d}
}

// follow finds the connection on which the requests before e of the same client are in flight.
func (d *desk) follow(e *entry) *link {
	if e.lease >= Hold {
		return d.station.holds[e.client]
	}
	if all := d.taken[e.client]; e.lease == Shared && len(all) > 0 {
		if l := all[len(all)-1]; !l.once && !l.pinned {
			return l
		}
	}
	return nil
}

// obtain gives the client of e a connection, or returns nil when there are as many as may be.
func (d *desk) obtain(e *entry) *link {
	var l *link
	switch n := len(d.idle); {
	case n > 0:
		l = d.idle[n-1]
		d.idle[n-1] = nil
		d.idle = d.idle[:n-1]
	case d.backend.reserveBut(d.spared()):
		l = d.dial()
		l.own = true
		d.open++
	default:
		d.station.beg(d)
		return nil
	}
	l.client, l.once, l.taken = e.client, e.lease == Once, true
	d.taken[e.client] = append(d.taken[e.client], l)
	return l
}

// spared is how many places under MaxOpen are kept for connections that are shared, so that clients with one of their own cannot
// take them all.
func (d *desk) spared() int {
	if len(d.shared) == 0 {
		return 0
	}
	return min(len(d.shared)*d.station.forwarding.threads(), d.backend.pool.limits.MaxOpen/2)
}

// leave takes a connection from its client, if it has one.
func (d *desk) leave(l *link) {
	if !l.taken {
		d.fresh = without(d.fresh, l)
		return
	}
	if all := without(d.taken[l.client], l); len(all) == 0 {
		delete(d.taken, l.client)
	} else {
		d.taken[l.client] = all
	}
	l.client, l.once, l.taken = nil, false, false
}

// without takes l out of all.
func without(all []*link, l *link) []*link {
	if i := slices.Index(all, l); i >= 0 {
		return slices.Delete(all, i, i+1)
	}
	return all
}

// unused says that the desk is of no use now.
func (d *desk) unused() bool {
	for _, l := range d.shared {
		if l != nil {
			return false
		}
	}
	return d.open == 0 && d.queue.len() == 0 && d.station.now >= d.until
}

// each calls f with every connection of the desk. f may take connections away.
func (d *desk) each(f func(*link)) {
	for _, l := range d.shared {
		for l != nil {
			before := l.before
			f(l)
			l = before
		}
	}
	for _, l := range append(slices.Clone(d.idle), d.fresh...) {
		f(l)
	}
	for _, all := range d.taken {
		for _, l := range slices.Clone(all) {
			f(l)
		}
	}
}

// retired says that the backend is to get nothing new.
func (d *desk) retired() bool { return d.member().Removed() || d.member().Draining() }

func (d *desk) member() *balance.Member { return d.backend.member }
