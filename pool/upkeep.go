package pool

import (
	"math"
	"time"
)

// tick is how often the keeper looks at a backend of which connections come and go.
const tick = int64(10 * time.Millisecond)

// never is later than everything on the pool's clock.
const never = int64(math.MaxInt64)

// scanned is how many connections may be looked at each tick, so that ten thousand cost no more than these.
const scanned = 256

// An upkeep is what the keeper knows of one backend. The backend's lock guards it. Times are on the pool's clock.
type upkeep struct {
	seen  []uint32 // how many were ever taken from each shard, modulo 2³², when
	taken uint64   // so many were taken from all

	met uint64

	due      int64 // when the keeper is to come although nothing happens
	activity uint64
	still    int // visits since that changed
	lacked   int // of those who waited at the last visit, so many had nothing dialed for them

	scanDue, liftDue, expiryDue int64
	sweepDue                    int64
	alive                       []*Conn // the idle ones, while they are looked through
	dead                        []ending

	use usage

	follower  *follower // nil when the demand is not followed
	followDue int64
	waited    uint64 // waits at the end of the last interval
}

// An ending is a connection that is to be closed.
type ending struct {
	c *Conn
	r Reason
}

// visit does what is to be done for the backend, and returns when to come again.
func (b *backend) visit(now int64) (due int64) {
	if b.state.has(asleep) && now < b.due {
		return b.due
	}
	b.state.And(^uint64(asleep))
	b.mu.Lock()
	b.use.sample(b, now)
	b.fold()
	b.redeal()
	if now >= b.scanDue {
		b.scan(now)
	}
	if b.follower != nil && now >= b.followDue {
		b.follow(now)
	}
	sweep := b.dirty.Swap(false) || now >= b.sweepDue
	b.mu.Unlock()
	if sweep {
		b.sweep()
	}
	short := b.refill()
	if active := b.active(); active != b.activity || b.state.waiting() > 0 || b.dialing.Load() > 0 {
		b.activity, b.still = active, 0
		return now + tick
	}
	if b.still++; b.still < 2 {
		return now + tick
	}
	return b.rest(now, short)
}

// rest lets the keeper stay away until the time that is returned, unless something happens.
func (b *backend) rest(now int64, short bool) (due int64) {
	b.mu.Lock()
	b.scan(now)
	b.mu.Unlock()
	b.due = min(b.liftDue, b.expiryDue, b.sweepDue)
	if b.follower != nil {
		b.due = min(b.due, b.followDue)
	}
	if short {
		b.due = min(b.due, now+int64(b.pool.limits.Backoff))
	}
	b.due = max(b.due, now+tick)
	b.state.Or(asleep)
	if b.active() != b.activity || b.dirty.Load() { // it happened before it was seen that nobody looks
		b.state.And(^uint64(asleep))
		return now + tick
	}
	return b.due
}

// active is a number that changes when connections come and go.
func (b *backend) active() (sum uint64) {
	if b.fifo {
		return b.counts.hits.Load() + uint64(len(b.line))<<32
	}
	for i := range b.shards {
		sum += b.shards[i].head.Load() / oneIdle
	}
	return sum
}

// fold adds up how many were taken from the shards. The lock is held, at least once for 2³² of them.
func (b *backend) fold() {
	for i := range b.shards {
		n := pops(b.shards[i].head.Load())
		b.taken += uint64(n - b.seen[i])
		b.seen[i] = n
	}
}

// hits is how often a Get has found an idle connection. The lock is held.
func (b *backend) hits() uint64 {
	b.fold()
	return b.taken + b.counts.hits.Load() - b.counts.moved.Load()
}

// scan marks the connections that have expired, and has those watched for bytes that have not been used for a while. The
// lock is held.
func (b *backend) scan(now int64) {
	b.liftDue, b.expiryDue = never, never
	for i := range b.used {
		c := b.table[i].Load()
		if c == nil {
			continue
		}
		if c.expires != 0 && now >= c.expires {
			if c.marks.Or(markExpired)&markExpired == 0 {
				b.dirty.Store(true)
			}
		} else if c.expires != 0 {
			b.expiryDue = min(b.expiryDue, c.expires)
		}
		b.liftDue = min(b.liftDue, b.pool.watcher.lift(c, now))
	}
	b.scanDue = now + tick*int64(1+b.used/scanned)
}

// follow ends an interval of the demand. The lock is held.
func (b *backend) follow(now int64) {
	f, most := b.follower, b.use.most
	if waits := b.counts.waits.Load(); waits != b.waited { // somebody found all that were open in use
		b.waited, most = waits, max(most, b.use.open)
	}
	b.use.most = b.use.inUse
	before := f.target
	f.add(most)
	if b.target.Store(int32(min(f.target, b.pool.limits.MaxOpen))); f.target < before {
		b.dirty.Store(true)
	}
	b.followDue += int64(f.Interval)
	if b.followDue <= now { // nothing has looked for longer
		b.followDue = now + int64(f.Interval)
	}
}

// wanted is how many are to be open because of the demand.
func (b *backend) wanted() int { return int(b.target.Load()) }

// floor is how many idle connections are kept for Get.
func (p *Pool) floor() int {
	if p.piped.Load() {
		return 0
	}
	return p.limits.MinIdle
}

// refill dials what is missing of MinIdle, and for those who wait and for whom nothing was being dialed the last time either: a
// connection may be on its way to them. It says whether some is still missing that is not being dialed.
func (b *backend) refill() (short bool) {
	if b.refusal() != nil {
		return false
	}
	most := int(b.dialing.Load()) + b.lacked
	b.lacked = max(0, b.state.waiting()-int(b.dialing.Load()))
	for {
		dialing := int(b.dialing.Load())
		waiting := min(b.state.waiting(), most)
		missing := max(b.pool.floor()+waiting-b.idle()-dialing, b.wanted()-int(b.open.Load()))
		switch {
		case missing <= 0:
			return false
		case dialing >= b.pool.limits.MaxDials+waiting:
			return true
		}
		if b.grow() != nil {
			return true
		}
	}
}
