package session

import (
	"sync/atomic"
	"time"
)

// A window is what a receiver lets the other side send: of a stream or of the connection. Credit is returned when [window.due] says
// so. It grows while it is what limits the sender: a sender that it limits uses one window up in each round trip.
type window struct {
	total   uint64 // that the other side may send in all
	got     uint64 // that was received
	read    uint64 // of that, what no longer takes up room
	size    int
	least   int // the size at the beginning
	most    int
	since   time.Duration // when the round trip began that is looked at, by the session's clock; 0 is none
	counted uint64        // what read was then
	best    float64       // the rate, in bytes a second, for which the window has grown
}

func (w *window) begin(size, most int) {
	w.total, w.size, w.least, w.most = uint64(size), size, size, most
}

// due says whether it is time to return credit: when half of the window is used up, of one that has grown a quarter, because a sender far away
// has only the rest until more arrives.
func (w *window) due() bool {
	left := w.size / 2
	if w.size > w.least {
		left = w.size / 4 * 3
	}
	return w.total-w.read <= uint64(left)
}

// rest is the time after which a window that was not used up has become too large.
const rest = 10 * time.Second

// period is the least time over which a rate is taken: in less, bytes come as the scheduler of either side lets them.
const period = 5 * time.Millisecond

// memory is how long the best rate holds that is not reached any more.
const memory = 10 * time.Second

// grant raises the total, and the size if that is what limits the sender. trip is the round trip, 0 when it is not known.
//
// What came in a round trip or a little more says how fast it comes, whatever it comes in bursts of. A sender that is limited by the window
// sends up to one in each round trip, which is longer than the least that was seen: half of one counts as limited. The window grows further
// only as long as that brings more bytes in the same time, by a quarter at least: beyond that it would fill queues on the way, in which
// everything else waits too (the condition of gRPC's estimator).
func (w *window) grant(now, trip time.Duration, b *Budget) {
	took := now - w.since
	switch {
	case w.since == 0:
		w.since, w.counted = now, w.read
	case took > rest:
		w.best = 0
		if less := (w.size - w.least + 1) / 2; less > 0 {
			b.give(less)
			w.size -= less
		}
		w.since, w.counted = now, w.read
	case trip > 0 && took >= max(trip, period):
		rate := float64(w.read-w.counted) / took.Seconds()
		switch {
		case rate*trip.Seconds() >= float64(w.size)/2 && rate > w.best*1.25:
			w.best = rate
			w.grow(w.size, b)
		case rate < w.best:
			w.best -= (w.best - rate) * min(took.Seconds()/memory.Seconds(), 1)
		}
		w.since, w.counted = now, w.read
	}
	w.total = max(w.total, w.read+uint64(w.size))
}

// grow makes the window larger by n bytes, as far as it may be.
func (w *window) grow(n int, b *Budget) {
	if n = min(n, w.most-w.size); n > 0 && b.take(n) {
		w.size += n
	}
}

// end gives back what the window has grown by.
func (w *window) end(b *Budget) {
	b.give(w.size - w.least)
	w.size = w.least
}

// A Budget is how many bytes the windows of all sessions that share it may grow by together, and what waits of [Stream.Push] besides.
type Budget struct {
	most int64
	used atomic.Int64
}

// NewBudget returns a budget of so many bytes.
func NewBudget(most int64) *Budget { return &Budget{most: most} }

// DefaultBudget is that of sessions without one: a gibibyte for the process.
var DefaultBudget = NewBudget(1 << 30)

// Used is how much has been taken.
func (b *Budget) Used() int64 { return b.used.Load() }

// spent says whether more is used than there is, which what waits can bring about.
func (b *Budget) spent() bool { return b.used.Load() > b.most }

func (b *Budget) take(n int) bool {
	if b.used.Add(int64(n)) > b.most {
		b.used.Add(-int64(n))
		return false
	}
	return true
}

func (b *Budget) give(n int) {
	if n > 0 {
		b.used.Add(-int64(n))
	}
}
