package balance

import (
	"fmt"
	"time"
)

// Options of a set. The zero value is a good one for services; a set of stores of data wants [NoPanic].
type Options struct {
	// Seed makes picks repeatable: equal seeds and equal calls give equal picks. 0 stands for a random one.
	Seed uint64

	// SlowStart is how long the weight of a member takes to grow to all of it after it came up or was added to a set that has
	// others. It grows linearly from a tenth, in steps of a hundredth of the time. 0 has no slow start.
	SlowStart time.Duration

	// Panic is the share of members that are up below which those that are down are used as well: so few could not bear the
	// requests of all, and more likely it is the checks that are wrong. It counts members that are not draining and have a
	// weight. 0 stands for DefaultPanic; NoPanic never uses what is down.
	Panic float64

	// Now is the clock; nil is that of the system.
	Now func() time.Time
}

const (
	// DefaultPanic is the default of Options.Panic, and Envoy's.
	DefaultPanic = 0.5
	// NoPanic as Options.Panic keeps requests from what is down also when nothing else is left.
	NoPanic = -1
)

// leastShare is what a member gets of its weight when its slow start begins, lest it never got a request. It is Envoy's.
const leastShare = 0.1

func (o *Options) complete() error {
	if o.SlowStart < 0 {
		return fmt.Errorf("the slow start must not be negative: %v", o.SlowStart)
	}
	if !(o.Panic <= 1) {
		return fmt.Errorf("panic is a share of members, at most 1, not %v", o.Panic)
	}
	if o.Panic == 0 {
		o.Panic = DefaultPanic
	}
	return nil
}

// clock is the time since it was made, in nanoseconds. That of the system need not tell the time of day, which takes longer.
func (o *Options) clock() func() int64 {
	if o.Now == nil {
		start := time.Now()
		return func() int64 { return int64(time.Since(start)) }
	}
	start := o.Now()
	return func() int64 { return int64(o.Now().Sub(start)) }
}
