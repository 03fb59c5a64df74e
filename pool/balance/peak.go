package balance

import (
	"math"
	"sync/atomic"
	"time"
)

// A peak is an average of latencies that follows a rise at once and a fall slowly. One word holds it all, so that no lock is
// needed: the average, a float32 of nanoseconds, above the time when it was computed, a uint32 in units of 2^tick ns.
type peak struct{ word atomic.Uint64 }

// tick makes the unit about 1 ms. A fall is seen once in each. Times are told apart up to 26 days from each other.
const tick = 20

// maxLatency bounds what repeated failures make of the average.
const maxLatency = float64(time.Minute)

// load is the average as it was last computed, in nanoseconds, and when.
func (p *peak) load() (average float64, at uint32) { return unpack(p.word.Load()) }

func unpack(w uint64) (average float64, at uint32) {
	return float64(math.Float32frombits(uint32(w >> 32))), uint32(w)
}

// since is how many nanoseconds a is later than b.
func since(a, b uint32) int64 { return int64(int32(a-b)) << tick }

// observe takes a latency in. A failure counts for at least twice the average, however fast it was.
func (p *peak) observe(latency time.Duration, failed bool, now, decay int64) {
	at := uint32(now >> tick)
	for {
		w := p.word.Load()
		average, then := unpack(w)
		l := max(float64(latency), 1) // 0 is no average
		if failed {
			l = min(max(l, 2*average), maxLatency)
		}
		if l <= average {
			age := since(at, then)
			if age <= 0 {
				return // one was seen in this unit
			}
			keep := math.Exp(-float64(age) / float64(decay))
			l = average*keep + l*(1-keep)
		}
		if p.word.CompareAndSwap(w, uint64(math.Float32bits(float32(l)))<<32|uint64(at)) {
			return
		}
	}
}
