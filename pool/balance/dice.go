package balance

import (
	"sync/atomic"
)

// dice are a generator of random numbers that goroutines share without a lock: splitmix64 (Steele, Lea and Flood, "Fast
// Splittable Pseudorandom Number Generators", 2014), whose state only counts.
type dice struct {
	_     pad
	state atomic.Uint64
	_     pad
}

// gamma is the step of the state: 2^64 divided by the golden ratio, made odd.
const gamma = 0x9e3779b97f4a7c15

func (d *dice) seed(s uint64) { d.state.Store(s) }

func (d *dice) roll() uint64 { return mix(d.state.Add(gamma)) }
