package health

import (
	"cmp"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// A Budget bounds how many requests are sent a second time, as Finagle's RetryBudget does: a share of the requests, and a few in each
// second however few requests there are. Where all retry, a backend that fails under its load would otherwise get several times
// that load.
//
// A request is counted with one atomic addition; only a withdrawal takes a lock and reads the clock. Requests that came between two
// withdrawals are taken to have come evenly.
type Budget struct {
	o        BudgetOptions
	clock    clock
	requests atomic.Uint64

	mu    sync.Mutex
	seen  uint64      // guarded by mu: of the requests
	slots [slots]slot // guarded by mu: a ring over the window
	at    int64       // guarded by mu: the number of the present slot since the beginning
}

// slots is how finely the window slides.
const slots = 10

// A slot is what happened in one part of the window.
type slot struct{ requests, withdrawn float64 }

// BudgetOptions say how much a budget holds.
type BudgetOptions struct {
	Share     float64          // of the requests. Default 0.2. Negative: none.
	PerSecond float64          // beside them. Default 10. Negative: none.
	Window    time.Duration    // over which both are reckoned: Window times PerSecond may come at once. Default 10 s.
	Now       func() time.Time // default time.Now
}

// Validate says what is wrong with the options.
func (o BudgetOptions) Validate() error {
	const of = "BudgetOptions"
	var errs []error
	if !(o.Share <= 1) {
		errs = append(errs, refuse(of, "Share", o.Share, "at most 1"))
	}
	if !(o.PerSecond <= 1e9) {
		errs = append(errs, refuse(of, "PerSecond", o.PerSecond, "at most a billion"))
	}
	if o.Window < 0 || o.Window > 0 && o.Window < slots {
		errs = append(errs, refuse(of, "Window", o.Window, "at least 10 ns, or 0 for the default"))
	}
	return errors.Join(errs...)
}

// NewBudget makes a budget to which no request has been counted.
func NewBudget(o BudgetOptions) (*Budget, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o.Share = max(cmp.Or(o.Share, .2), 0)
	o.PerSecond = max(cmp.Or(o.PerSecond, 10), 0)
	o.Window = cmp.Or(o.Window, 10*time.Second)
	return &Budget{o: o, clock: newClock(o.Now)}, nil
}

// Deposit counts a request, once, however often it is sent.
func (b *Budget) Deposit() { b.requests.Add(1) }

// Withdraw asks for a request to be sent once more, and takes that from the budget when there is room.
func (b *Budget) Withdraw() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.slide()
	if b.left() < 1 {
		return false
	}
	b.slots[b.at%slots].withdrawn++
	return true
}

// Left is how many may be withdrawn now.
func (b *Budget) Left() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.slide()
	return int(max(b.left(), 0))
}

func (b *Budget) left() float64 {
	sum := b.o.PerSecond * b.o.Window.Seconds()
	for _, s := range b.slots {
		sum += b.o.Share*s.requests - s.withdrawn
	}
	return sum + tiny
}

// tiny is what sums of floating point may lack.
const tiny = 1e-6

// slide moves the window up to now.
func (b *Budget) slide() {
	now := int64(b.clock.since() / (b.o.Window / slots))
	n := b.requests.Load()
	came := float64(n-b.seen) / float64(now-b.at+1)
	b.seen = n
	if now-b.at >= slots {
		b.slots = [slots]slot{}
		b.at = now - slots
	}
	for ; b.at < now; b.at++ {
		b.slots[b.at%slots].requests += came
		b.slots[(b.at+1)%slots] = slot{}
	}
	b.slots[b.at%slots].requests += came
}
