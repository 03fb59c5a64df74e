package health

import (
	"sync"
	"sync/atomic"
	"time"
)

// A Breaker keeps requests from a backend that fails, as a fuse does (Nygard, "Release It!", 2007).
//
// Closed, it lets everything through and counts. Failures in a row, or too large a share of them in the window, open it: nothing
// goes through for a time, which grows from one opening to the next. Then it is half open: a few requests are let through as
// trials. When that many have succeeded it closes; the first that fails opens it again.
//
//	p, ok := b.Allow()
//	if !ok {
//		return health.ErrOpen
//	}
//	b.Done(p, outcome) // once, whatever became of the request
//
// While it is closed a request costs one atomic load and its success one compare-and-swap; the clock is read for failures, and
// while it is not closed.
type Breaker struct {
	o     BreakerOptions
	clock clock

	word  atomic.Uint64 // a word; its state and generation change under mu only
	until atomic.Int64  // since clock.base: until when it is open, or, half open, until when its trials are waited for

	mu       sync.Mutex
	aged     time.Duration // guarded by mu: when the counts of the window were last made older
	streak   int           // guarded by mu: openings since it was last closed
	openings uint64        // guarded by mu
}

// A Permit is what a request that was let through returns to Done.
type Permit uint32

// NewBreaker makes a closed one.
func NewBreaker(o BreakerOptions) (*Breaker, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	return &Breaker{o: o, clock: newClock(o.Now)}, nil
}

// Allow asks whether a request may be sent now. Whoever gets a permit owes it to Done.
func (b *Breaker) Allow() (Permit, bool) {
	if w := b.word.Load(); w&stateMask == 0 { // closed
		return Permit(w >> generationAt), true
	}
	return b.allowTrial()
}

// Done says what became of a request. A permit from before the last change of the state is ignored: what was sent then says
// nothing about now.
func (b *Breaker) Done(p Permit, o Outcome) {
	for o == Success {
		w := word(b.word.Load())
		if !w.isClosed(p) {
			break
		}
		if b.word.CompareAndSwap(uint64(w), uint64(w.succeeded())) {
			return
		}
	}
	b.settle(p, o)
}

// State is the present one. An open breaker stays so until somebody asks for a permit behind its time.
func (b *Breaker) State() State { return word(b.word.Load()).state() }

// Stats are for people to look at.
func (b *Breaker) Stats() BreakerStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := word(b.word.Load())
	s := BreakerStats{State: w.state(), Openings: b.openings}
	if s.State == Closed {
		s.Requests, s.Failures, s.InARow = w.requests(), w.failures(), w.row()
	} else {
		s.Until = b.clock.at(time.Duration(b.until.Load()))
	}
	return s
}

// BreakerStats show what a breaker has counted.
type BreakerStats struct {
	State              State
	Requests, Failures int       // in the window, while it is closed
	InARow             int       // failures since the last success, while it is closed
	Openings           uint64    // since it was made
	Until              time.Time // when an open one lets trials through, or a half-open one gives up waiting for them
}
