package pool

import (
	"math/rand/v2"
	"net"
	"time"

	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/stage"
)

// A link is a connection of a station to a backend. But for what is marked it is guarded by the lock of the station.
type link struct {
	stage.Conn // of the loop: what is decoded
	desk       *desk
	phase      phase
	place      int32 // among those that are shared
	own        bool  // it is not shared

	fd       int
	watched  int32 // generation
	writable bool  // it is watched for room to write
	full     bool  // there was no room the last time

	out     []byte // requests of which no reply has come, in the order of fifo
	head    int    // bytes of out whose replies have come
	sent    int    // bytes of out that have been written
	allowed int    // bytes of out that may be written
	fifo    fifo[entry]
	flying  int // entries that may be in flight

	fences *fences // of one that is shared, if replies are to be checked

	greeting []byte // to be written before everything else
	greet    int    // replies to it that have not come

	client *stage.Conn // that has it for itself
	taken  bool        // somebody has it for itself
	once   bool        // for one request
	pinned bool        // until it is given back
	last   Lease       // of the latest request for which it is pinned
	tunnel bool        // what arrives goes to the client

	next    *link  // takes its place, and waits until nothing is in flight here
	before  *link  // whose next it is
	retired bool   // it closes when nothing is in flight any more
	reason  Reason // why it closes
	uses    uint64
	born    time.Duration
	opened  time.Duration
	age     time.Duration // at which it is retired; 0 is never
	since   time.Duration // of its latest use
	dirty   bool          // it has something to write

	// Of the loop:
	unread bool // there may be something to read
	hung   bool // the end has been reported, or a read may stop short
	listed bool // in again
	pushed bool // in the batch

	dialed net.Conn // what the dialer has brought
	failed error    // or why it has not
}

// A phase is how far the life of a link has come.
type phase uint8

const (
	phaseDialing phase = iota
	phaseOpen
	phaseClosed
)

// dial makes a link, which takes requests at once and sends them when it is connected.
func (d *desk) dial() *link {
	st := d.station
	l := &link{desk: d, fd: -1, born: st.now, since: st.now}
	l.Init(l, &st.terms)
	st.dialing.Go(func() {
		c, err := st.pool.dialReserved(st.context, d.backend)
		st.mu.Lock()
		defer st.mu.Unlock()
		if l.phase == phaseClosed {
			d.backend.abandon(c)
			return
		}
		l.dialed, l.failed = c, err
		st.loop.Post(l)
	})
	return l
}

// Run implements reactor.Task: the dialer has come back, or somebody has ended the connection.
func (l *link) Run() {
	st := l.desk.station
	var why error
	var dead bool
	l.Locked(func(d bool) { dead = d })
	if dead {
		why = l.Reason()
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	switch {
	case l.phase == phaseClosed:
	case l.failed != nil:
		l.lost(ReasonError, l.failed)
	case dead:
		l.lost(reasonOf(why), why)
	case l.phase == phaseDialing && l.dialed != nil:
		l.connected()
	}
}

// connected begins to watch the connection that the dialer has brought.
func (l *link) connected() {
	st := l.desk.station
	fd, err := descriptor(l.dialed)
	l.dialed = nil
	if err == nil {
		l.fd = fd
		l.watched, err = st.epoll.Add(fd, reactor.In, l)
	}
	if err != nil {
		if l.fd < 0 {
			l.desk.backend.closed(ReasonError, st.epoch.Add(l.born))
		}
		l.lost(ReasonError, err)
		return
	}
	l.phase, l.opened = phaseOpen, st.now
	limits := &l.desk.backend.pool.limits
	l.age = limits.MaxLifetime - time.Duration(rand.Float64()*limits.LifetimeJitter*float64(limits.MaxLifetime))
	if err := l.prepare(); err != nil {
		l.lost(ReasonPrepare, err)
		return
	}
	l.mark()
	if l.own && l.fifo.len() == 0 && !l.pinned {
		l.release()
	}
}

// prepare finds what is to be sent first. A panic of the user's function costs the connection.
func (l *link) prepare() (err error) {
	g := l.desk.station.forwarding.Greeting
	if g == nil {
		return nil
	}
	defer l.desk.station.pool.caught("Greeting", &err)
	l.greeting, l.greet = g(l.desk.member().Backend, l.desk.profile)
	return nil
}

// Ready implements reactor.Handler.
func (l *link) Ready(events uint32) {
	st := l.desk.station
	if events&reactor.Out != 0 {
		st.mu.Lock()
		l.full = false
		l.mark()
		st.mu.Unlock()
	}
	if events&(reactor.In|reactor.Hung|reactor.Urgent) != 0 {
		l.unread = true
		l.hung = l.hung || events&(reactor.Hung|reactor.Urgent) != 0
		st.look(l)
	}
}

// Write implements stage.Port. Nothing is written through a link but requests.
func (l *link) Write(b []byte) (int, error) { return len(b), nil }

// Want implements stage.Port.
func (l *link) Want(bool, bool) {}

// Shut implements stage.Port: the loop closes.
func (l *link) Shut(error) { l.desk.station.loop.Post(l) }

// Peer implements stage.Port.
func (l *link) Peer() string { return l.desk.backend.member.Name }
