package pool

import (
	"math"
	"math/rand/v2"
	"runtime"
)

// maxShards is how many stacks one backend has at most. Goroutines on more processors than that meet rarely enough.
const maxShards = 16

// defaultShards is twice the processors that may run, so that two goroutines seldom share a stack, as a power of two.
func defaultShards() int {
	n := 1
	for n < 2*runtime.GOMAXPROCS(0) && n < maxShards && runtime.GOMAXPROCS(0) > 1 {
		n *= 2
	}
	return n
}

// take returns an idle connection, or nil: the last one that was given back by a goroutine like this one, then of others; or
// when the order is FIFO the one that was given back first.
func (b *backend) take() *Conn {
	if b.fifo {
		select {
		case c := <-b.line:
			b.counts.hits.Add(1)
			return c
		default:
			return nil
		}
	}
	own := here(b.odd.Load()) & b.mask
	if c := b.shards[own].pop(b.table, b.next); c != nil {
		c.shard = uint8(own)
		return c
	}
	return b.steal(own)
}

// steal takes from the shards of others.
func (b *backend) steal(own uintptr) *Conn {
	for d := uintptr(1); d <= b.mask; d++ {
		if c := b.shards[(own+d)&b.mask].pop(b.table, b.next); c != nil {
			c.shard = uint8(own)
			return c
		}
	}
	return nil
}

// idle counts the connections that nobody has.
func (b *backend) idle() (n int) {
	if b.fifo {
		return len(b.line)
	}
	for i := range b.shards {
		n += idleOf(b.shards[i].head.Load())
	}
	return n
}

// full says whether MaxIdle is reached.
func (b *backend) full() bool {
	return b.pool.limits.MaxIdle < b.pool.limits.MaxOpen && b.idle() >= b.pool.limits.MaxIdle
}

// keep makes c idle.
func (b *backend) keep(c *Conn) {
	if b.fifo {
		b.line <- c // has room for all that may be open
	} else {
		b.shards[c.shard].push(c.slot, b.next, math.MaxInt)
	}
}

// redeal has goroutines look elsewhere than before, since too many of those that run at the same time look in one place.
func (b *backend) redeal() {
	met := uint64(0)
	for i := range b.shards {
		met += b.shards[i].met.Load()
	}
	if met-b.met > tooManyMeetings {
		b.odd.Store(uintptr(rand.Uint64() | 1))
	}
	b.met = met
}

// tooManyMeetings in one tick cost each of two goroutines about a thousandth of its time.
const tooManyMeetings = 100
