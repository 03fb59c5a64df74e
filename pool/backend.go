package pool

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/health"
)

// A backend is what the pool keeps for one member of the set.
//
// A connection has a place under MaxOpen from the reservation that precedes its dial until it is closed. What is open and
// neither dialing nor idle is in use.
type backend struct {
	pool   *Pool
	member *balance.Member
	ward   ward

	// What Get and Put read.
	fifo   bool
	mask   uintptr // shards less one, a power of two
	share  int     // of MaxIdle, that a shard has when there may be too many
	odd    atomic.Uintptr
	shards []shard
	table  []atomic.Pointer[Conn] // by slot
	next   []atomic.Uint32        // by slot too: slot and one of the connection below in the stack
	line   chan *Conn             // the idle ones, when their order is FIFO
	handed chan *Conn             // to those who wait
	state  state                  // 0 when neither Get nor Put has to do anything but take and push

	_       [64]byte // what follows changes while those look
	open    atomic.Int32
	dialing atomic.Int32
	linked  atomic.Int32 // of those that forward: they never come back to Get
	target  atomic.Int32 // that are to be open because of the demand
	dirty   atomic.Bool  // an idle connection was marked
	counts  counts

	slots chan struct{}                 // one for each dial under way
	grown atomic.Pointer[chan struct{}] // closed when one more connection is there
	calm  backoff

	beggar atomic.Pointer[desk] // of a station that has asked others for a connection

	mu   sync.Mutex // guards what follows, and is held while idle connections are looked through
	free []uint16   // slots that were used before
	used int        // slots that were ever used
	upkeep
}

// state is one word of flags, and above them how many wait for a connection that is not promised.
type state struct{ atomic.Uint64 }

const (
	asleep   = 1 << iota // the keeper does not look at the backend until something happens
	sweeping             // idle connections are being looked through
	leaving              // it was removed, or is being drained
	shut                 // the pool is closed
	oneWaits = 1 << 16
)

func (s *state) has(flag uint64) bool { return s.Load()&flag != 0 }

func (s *state) waiting() int { return int(s.Load() / oneWaits) }

// errGone is the news for those who wait at a backend that is drained or removed: they choose another.
var errGone = errors.New("the backend takes no more requests")

// refusal is why the backend takes no requests, or nil.
func (b *backend) refusal() error {
	switch s := b.state.Load(); {
	case s&shut != 0:
		return ErrClosed
	case s&leaving != 0:
		return errGone
	}
	return nil
}

func newBackend(p *Pool, m *balance.Member) *backend {
	l := &p.limits
	b := &backend{
		pool: p, member: m, fifo: p.fifo, mask: uintptr(p.shards - 1), share: math.MaxInt,
		table:  make([]atomic.Pointer[Conn], l.MaxOpen),
		next:   make([]atomic.Uint32, l.MaxOpen),
		handed: make(chan *Conn, l.MaxOpen),
		slots:  make(chan struct{}, l.MaxDials),
		calm:   backoff{limits: l},
	}
	b.ward, _ = p.guard.ward(m.Name, health.NewVerdict(m)) // the options have been checked
	b.odd.Store(0x9e3779b1)                                // Knuth's, for multiplicative hashing
	if l.MaxIdle < l.MaxOpen {
		b.share = l.MaxIdle / p.shards
	}
	if b.fifo {
		b.line = make(chan *Conn, l.MaxOpen)
	} else {
		b.shards = make([]shard, p.shards)
		b.seen = make([]uint32, p.shards)
	}
	if p.demand != nil {
		b.follower = p.demand.follower()
		b.followDue = p.now() + int64(p.demand.Interval)
	}
	grown := make(chan struct{})
	b.grown.Store(&grown)
	b.sweepDue = never
	if l.IdleTimeout > 0 {
		b.sweepDue = p.now() + int64(l.IdleTimeout)
	}
	return b
}

// reserve takes a place under MaxOpen, if there is one.
func (b *backend) reserve() bool { return b.reserveBut(0) }

// reserveBut is reserve that leaves so many places to others.
func (b *backend) reserveBut(left int) bool {
	for {
		n := b.open.Load()
		if int(n) >= b.pool.limits.MaxOpen-left {
			return false
		}
		if b.open.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release gives a place back, to whoever waits.
func (b *backend) release() {
	b.open.Add(-1)
	if b.state.waiting() > int(b.dialing.Load()) {
		_ = b.grow() // whoever waits is told
	}
	b.pool.left()
}

// opened ends a dial: the connection is in use from now on, and whoever dialed keeps it until closed, which wants the time.
func (b *backend) opened() {
	b.linked.Add(1)
	b.dialing.Add(-1)
	b.counts.opened.Add(1)
}

// closed counts that a connection of opened has been closed, and gives its place back.
func (b *backend) closed(r Reason, born time.Time) {
	b.linked.Add(-1)
	b.count(r, time.Since(born))
	b.release()
}

// count notes the end of a connection.
func (b *backend) count(r Reason, age time.Duration) {
	b.counts.closed[r].Add(1)
	b.counts.lifetime.record(age)
	b.ended(r, age)
	if r.blame() != nil || r == ReasonPrepare {
		b.suspect()
	}
}

// suspect has the backend checked now, if checks are made: something speaks against it.
func (b *backend) suspect() {
	if m := b.pool.guard.monitor; m != nil {
		m.Suspect(b.member.Name)
	}
}

// pardon ends a request that says nothing of how well the backend serves.
func (b *backend) pardon(p health.Permit) {
	b.member.Cancel()
	b.ward.ignore(p)
}
