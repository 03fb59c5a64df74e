package queue

import (
	"sync"
	"sync/atomic"
)

// credit is the exact capacity of a queue in messages, shared by its producers. The two sides write different lines: a
// lone producer remembers how much was freed and reads the consumer's line only when that runs out.
type credit struct {
	_     pad
	in    atomic.Int64 // messages for which room was ever claimed
	_     pad
	out   atomic.Int64 // messages whose room was ever freed; in-out is at most cap
	_     pad
	short atomic.Bool // a claimant may be short
	_     pad
	cap   int64
	mu    sync.Mutex // serializes join
	all   atomic.Pointer[[]*claimant]
}

// A claimant is one producer's side of the credit.
type claimant struct {
	freed int64 // what out was when the producer last looked
	room  func()
	short atomic.Bool // it came up short, and room has not been called since
}

func (c *credit) init(capacity int) {
	c.cap = int64(capacity)
	c.all.Store(new([]*claimant))
}

func (c *credit) join(cl *claimant, room func()) {
	cl.freed = c.out.Load()
	if room == nil {
		return
	}
	cl.room = room
	c.mu.Lock()
	defer c.mu.Unlock()
	all := append(append([]*claimant(nil), *c.all.Load()...), cl)
	c.all.Store(&all)
}

// claim takes room for at most n messages. When it takes less, room will be called.
func (c *credit) claim(cl *claimant, n int) int {
	_, k := c.take(cl, n)
	if k < n && c.announce(cl) {
		_, more := c.take(cl, n-k)
		k += more
	}
	return k
}

// announce says that the claimant is short, and returns whether it has a room to call. It must then look again, while
// release frees and then looks for the announcement, so one of the two sees the other.
func (c *credit) announce(cl *claimant) bool {
	if cl.room == nil {
		return false
	}
	cl.short.Store(true)
	c.short.Store(true)
	return true
}

// take takes room for at most n messages, and returns for how many it had been taken before: their position, where
// messages have one.
func (c *credit) take(cl *claimant, n int) (at uint64, k int) {
	for {
		in := c.in.Load()
		free := c.cap - (in - cl.freed)
		if free < int64(n) {
			cl.freed = c.out.Load()
			free = c.cap - (in - cl.freed)
		}
		k := min(int64(n), free)
		if k <= 0 {
			return 0, 0
		}
		if c.in.CompareAndSwap(in, in+k) {
			return uint64(in), int(k)
		}
	}
}

// release frees the room of n messages. It calls room when half the capacity is free: a producer that is woken for every
// message that leaves costs more than the message, and the other half keeps the consumer busy until the producer runs.
// That comes in time, because whoever is short has seen a full queue after its announcement.
func (c *credit) release(n int) {
	out := c.out.Add(int64(n))
	if c.short.Load() && c.in.Load()-out <= c.cap/2 {
		c.tell()
	}
}

// tell clears the common announcement before it visits the claimants, so the next release finds whoever announces itself
// behind the visit. It holds no lock: room may take one that a producer holds while it pushes.
func (c *credit) tell() {
	c.short.Store(false)
	for _, cl := range *c.all.Load() {
		if cl.short.Load() && cl.short.CompareAndSwap(true, false) {
			cl.room()
		}
	}
}

// used reads the two counters one after the other, hence the bounds. It is exact when nobody pushes or pops.
func (c *credit) used() int {
	out := c.out.Load()
	return int(max(0, min(c.in.Load()-out, c.cap)))
}
