package pool

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// A station is the connections of one thread to all backends, with the lane of what they bring. When the thread is that of a
// lane that forwards, nothing crosses from one to another.
type station struct {
	forwarding *forwarding
	pool       *Pool
	loop       *reactor.Loop
	epoll      *reactor.Epoll
	apart      bool // the loop is its own
	inlet      *pipeline.Inlet[stage.Segment]
	segments   *stage.Arena[stage.Segment]
	terms      stage.Terms // of its connections
	epoch      time.Time
	context    context.Context // of its dials
	cancel     context.CancelFunc
	dialing    sync.WaitGroup
	pending    atomic.Int64  // requests without an answer
	done       chan struct{} // closed when it pushes nothing more
	over       chan struct{} // closed when all of it is closed

	// Of the loop:
	batch   []*stage.Segment
	turn    []*link // whose segments those are
	bytes   int     // in batch
	again   []*link // to look at in the next turn
	spare   []*link // what again was
	nowhere nowhere
	checked time.Duration // when it last looked for what is late
	hushing bool          // it is to be quiet when its lane is not stalled

	// Guarded by mu:
	mu       sync.Mutex
	room     sync.Cond     // of mu: less waits than did
	now      time.Duration // since epoch, as of the latest turn or push
	slots    [][]*desk     // by the slot of their backends
	holds    map[*stage.Conn]*link
	lines    map[*stage.Conn]line // of clients that wait for what they are to hold
	dirty    []*link              // with something to write
	refused  fifo[refusal]
	waiting  int                      // requests that are not in flight
	stored   int                      // bytes of requests that are not answered
	gifts    []*gift                  // on their way here
	stalled  []*sender                // whose lanes read nothing until less waits
	parting  []*link                  // to be given away when their replies have been passed on
	broken   map[*stage.Conn]struct{} // clients that have lost what they hold, or could not be given it
	stopping bool                     // nothing is waited for that may never happen
	quiet    bool                     // nothing is pushed any more; written by the loop
	ended    bool                     // the loop is gone
}

// A refusal is a request that gets an error for an answer.
type refusal struct {
	entry
	err error
}

func newStation(f *forwarding, loop *reactor.Loop) *station {
	st := &station{
		forwarding: f, pool: f.pool, loop: loop, epoll: loop.Epoll(), epoch: time.Now(), holds: map[*stage.Conn]*link{}, lines: map[*stage.Conn]line{}, broken: map[*stage.Conn]struct{}{},
		done: make(chan struct{}), over: make(chan struct{}), checked: -idlePace,
	}
	st.context, st.cancel = context.WithCancel(context.Background())
	st.room.L = &st.mu
	st.terms.Now.Store(1)
	st.nowhere.attach(st)
	loop.OnEnd(st.end)
	return st
}

// carry gives the station its lane.
func (st *station) carry(in *pipeline.Inlet[stage.Segment]) {
	st.inlet, st.segments = in, stage.NewArena[stage.Segment](in.Lane)
	in.Lane.HostedBy(st.loop)
}

// tick brings the clock up to date. The lock is held.
func (st *station) tick() { st.now = time.Since(st.epoch) }

// place finds where e goes. Its bytes are to be appended there. The lock is held.
func (st *station) place(e *entry) (target, error) {
	if e.lease >= Hold {
		if _, ok := st.broken[e.client]; ok {
			return target{}, errBroken
		}
		if in, ok := st.lines[e.client]; ok {
			return target{desk: in.desk}, nil
		}
		if l := st.holds[e.client]; l != nil {
			return target{link: l}, nil
		}
	}
	switch {
	case st.quiet:
		return target{}, errStopped
	case e.gone():
		return target{}, errForgotten
	}
	b, permit, err := st.pool.pick(e.route())
	if err != nil {
		return target{}, err
	}
	d := st.desk(b, e.profile)
	if d.unwelcome != nil && st.now < d.until {
		b.ward.ignore(permit)
		return target{}, d.unwelcome
	}
	e.permit = permit
	return d.find(e), nil
}

// desk finds the connections to a backend.
func (st *station) desk(b *backend, profile uint32) *desk {
	m := b.member
	if m.Slot < len(st.slots) {
		for _, d := range st.slots[m.Slot] {
			if d.profile == profile && d.backend == b {
				return d
			}
		}
	}
	for m.Slot >= len(st.slots) {
		st.slots = append(st.slots, nil)
	}
	d := &desk{station: st, backend: b, profile: profile, taken: map[*stage.Conn][]*link{}, queued: map[*stage.Conn]int{}}
	d.shared = make([]*link, st.forwarding.Mode.shared)
	st.slots[m.Slot] = append(st.slots[m.Slot], d)
	return d
}

// desks calls f with every desk. The lock is held.
func (st *station) desks(f func(*desk)) {
	for _, some := range st.slots {
		for _, d := range some {
			f(d)
		}
	}
}

// refuse answers e with an error, in the next turn. The lock is held.
func (st *station) refuse(e *entry, err error) {
	if st.ended {
		e.ticket.Void()
		return
	}
	if e.lease >= Hold {
		st.breakOff(e.client, err)
	}
	st.pending.Add(1)
	*st.refused.push() = refusal{*e, err}
}

// breakOff ends a client whose requests belong together when one of them cannot be served: those behind it must not be served
// alone. One that has ended is not noted, because nobody would forget it any more. The lock is held.
func (st *station) breakOff(c *stage.Conn, err error) {
	if c != nil && !c.Dead() {
		st.broken[c] = struct{}{}
		c.Finish(err)
	}
}
