// Package peers keeps the connections of a source: how many there are, why they were closed, which have used up their time.
package peers

import (
	"context"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/leat-io/leat/stage"
)

// A Table is the set of a source's open connections. The terms that they share are in it.
type Table struct {
	Terms         stage.Terms
	Max           int                     // most connections at a time
	MaxPerAddress int                     // most connections at a time of one address, 0 for no such limit
	Rate          *Rate                   // at which those of one address may come, or nil
	HoldOf        func(*stage.Conn) *Hold // of a source whose connections have one, or nil

	step time.Duration // how often Sweep looks

	mu       sync.Mutex
	open     seats             // guarded by mu
	apart    int               // guarded by mu: open ones that are not in open
	origins  origins           // guarded by mu
	closed   map[string]uint64 // guarded by mu: by reason
	refused  map[string]uint64 // guarded by mu: by reason
	accepted uint64            // guarded by mu
	peak     int               // guarded by mu
}

// Init sets the limits and starts the clock.
func (t *Table) Init(l stage.Limits, most int) {
	t.Terms.Limits, t.Max = l, most
	t.Terms.Now.Store(1)
	t.step = step(l)
	t.closed, t.refused = map[string]uint64{}, map[string]uint64{}
}

// Why a connection is refused, for counters.
const (
	TooMany       = "too many connections"
	TooManyOfOne  = "too many of one address"
	TooFastOfOne  = "too many a second of one address"
	NoDescriptors = "no descriptors"
)

// ByAddress says whether it matters where a connection comes from.
func (t *Table) ByAddress() bool { return t.MaxPerAddress > 0 || t.Rate != nil }

// Add takes a new connection in, unless there are too many.
func (t *Table) Add(c *stage.Conn) bool { return t.AddFrom(c, netip.Addr{}) }

// AddFrom takes a new connection of an address in, unless there are too many, or too many of the address. The zero Addr
// stands for a peer that has none.
func (t *Table) AddFrom(c *stage.Conn, from netip.Addr) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	from, ok := t.room(from)
	if !ok {
		return false
	}
	t.origins.note(c, from)
	t.open.add(c)
	t.came()
	return true
}

// room counts a connection of an address, unless there are too many. It returns what the address is counted as: the zero Addr
// when it is not. The lock is held.
func (t *Table) room(from netip.Addr) (as netip.Addr, ok bool) {
	if t.open.n+t.apart >= t.Max {
		t.refused[TooMany]++
		return as, false
	}
	as, refusal := t.ofAddress(from)
	if refusal != "" {
		t.refused[refusal]++
		return as, false
	}
	return as, true
}

// ofAddress counts a connection as one of an address, or says why there are too many of that. The lock is held.
func (t *Table) ofAddress(from netip.Addr) (as netip.Addr, refusal string) {
	if !from.IsValid() || !t.ByAddress() {
		return as, ""
	}
	from = subscriber(from)
	if t.MaxPerAddress > 0 {
		var ok bool
		if as, ok = t.origins.count(from, t.MaxPerAddress); !ok {
			return as, TooManyOfOne
		}
	}
	if t.Rate != nil && !t.Rate.allow(from, time.Now()) {
		if as.IsValid() {
			t.origins.uncount(as)
		}
		return netip.Addr{}, TooFastOfOne
	}
	return as, ""
}

// came counts a connection that was let in. The lock is held.
func (t *Table) came() {
	t.accepted++
	t.peak = max(t.peak, t.open.n+t.apart)
}

// Refuse counts a connection that was closed before it was added.
func (t *Table) Refuse(reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused[reason]++
}

// Remove takes a connection out that has been closed, counts the reason, and tells its session.
func (t *Table) Remove(c *stage.Conn) {
	label := stage.LabelOf(c.Reason())
	t.mu.Lock()
	ok := t.open.remove(c)
	if ok {
		t.origins.forget(c)
		t.closed[label]++
	}
	t.mu.Unlock()
	if ok {
		c.Ended()
	}
}

// Open returns the connections that are open now.
func (t *Table) Open() []*stage.Conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]*stage.Conn, t.open.n)
	t.open.copy(all, 0)
	return all
}

// Len is the number of open connections.
func (t *Table) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open.n + t.apart
}

// Figures calls f with the name and the value of each figure of the table.
func (t *Table) Figures(f func(name, value string)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f("open", fmt.Sprint(t.open.n+t.apart))
	f("peak", fmt.Sprint(t.peak))
	f("accepted", fmt.Sprint(t.accepted))
	refused := uint64(0)
	for _, n := range t.refused {
		refused += n
	}
	f("refused", fmt.Sprint(refused))
	f("answers ignored", fmt.Sprint(t.Terms.Ignored.Load()))
	byReason("refused: ", t.refused, f)
	byReason("closed: ", t.closed, f)
}

func byReason(what string, counts map[string]uint64, f func(name, value string)) {
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		f(what+reason, fmt.Sprint(counts[reason]))
	}
}

// Sweep advances the clock and ends connections that have used up their time, until ctx ends. A time limit is kept to
// within a tenth of the shortest one, and at most a second.
//
// The clock stands still while the process does: what peers have sent meanwhile could not be read, and when it goes on, the
// sweep may come before those who read.
func (t *Table) Sweep(ctx context.Context) {
	last := time.Now()
	tick := time.NewTicker(t.step)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			t.Terms.Now.Add(int64(min(now.Sub(last), 2*t.step)))
			last = now
			t.sweep()
		}
	}
}

// swept is how many connections are taken out of the table at a time to be looked at, so that nobody waits long for it.
const swept = 128

// sweep looks at every connection that stays open meanwhile. It goes from the last to the first, because it is the last that
// takes the place of one that leaves.
func (t *Table) sweep() {
	var some [swept]*stage.Conn
	for end := math.MaxInt; end > 0; {
		t.mu.Lock()
		end = min(end, t.open.n)
		from := max(0, end-swept)
		n := t.open.copy(some[:end-from], from)
		t.mu.Unlock()
		end = from
		for _, c := range some[:n] {
			if reason := c.Overdue(); reason != nil && !t.held(c, reason) {
				c.Fail(reason)
			}
		}
	}
}

// step is how often to look to keep l.
func step(l stage.Limits) time.Duration {
	step := time.Second
	for _, d := range [...]time.Duration{l.FirstMessage, l.Read, l.Write, l.Idle} {
		if d > 0 {
			step = min(step, d/10)
		}
	}
	return max(step, time.Millisecond)
}

// Owed is how many requests of open connections are unanswered, and how many bytes of answers wait for their peers.
func (t *Table) Owed() (requests, bytes int) {
	for _, c := range t.Open() {
		n, b := c.Owed()
		requests += n
		bytes += b
	}
	return requests, bytes
}
