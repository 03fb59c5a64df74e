// Package peers keeps the connections of a source: how many there are, why they were closed, which have used up their time.
package peers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/leat-io/leat/stage"
)

// A Table is the set of a source's open connections. The terms that they share are in it.
type Table struct {
	Terms stage.Terms
	Max   int // most connections at a time

	mu       sync.Mutex
	open     map[*stage.Conn]struct{} // guarded by mu
	closed   map[string]uint64        // guarded by mu: by reason
	accepted uint64                   // guarded by mu
	refused  uint64                   // guarded by mu
	peak     int                      // guarded by mu
}

// Init sets the limits and starts the clock.
func (t *Table) Init(l stage.Limits, most int) {
	t.Terms.Limits, t.Max = l, most
	t.Terms.Now.Store(1)
	t.open, t.closed = map[*stage.Conn]struct{}{}, map[string]uint64{}
}

// Add takes a new connection in, unless there are too many.
func (t *Table) Add(c *stage.Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.open) >= t.Max {
		t.refused++
		return false
	}
	t.open[c] = struct{}{}
	t.accepted++
	t.peak = max(t.peak, len(t.open))
	return true
}

// Remove takes a connection out that has been closed, counts the reason, and tells its session.
func (t *Table) Remove(c *stage.Conn) {
	label := stage.LabelOf(c.Reason())
	t.mu.Lock()
	_, ok := t.open[c]
	if ok {
		delete(t.open, c)
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
	return slices.Collect(maps.Keys(t.open))
}

// Len is the number of open connections.
func (t *Table) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.open)
}

// Figures calls f with the name and the value of each figure of the table.
func (t *Table) Figures(f func(name, value string)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f("open", fmt.Sprint(len(t.open)))
	f("peak", fmt.Sprint(t.peak))
	f("accepted", fmt.Sprint(t.accepted))
	f("refused", fmt.Sprint(t.refused))
	f("answers ignored", fmt.Sprint(t.Terms.Ignored.Load()))
	for _, reason := range slices.Sorted(maps.Keys(t.closed)) {
		f("closed: "+reason, fmt.Sprint(t.closed[reason]))
	}
}

// Sweep advances the clock and ends connections that have used up their time, until ctx ends. A time limit is kept to
// within a tenth of the shortest one, and at most a second.
func (t *Table) Sweep(ctx context.Context) {
	began := time.Now()
	tick := time.NewTicker(t.step())
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			t.Terms.Now.Store(int64(now.Sub(began)) + 1)
			for _, c := range t.Open() {
				if reason := c.Overdue(); reason != nil {
					c.Fail(reason)
				}
			}
		}
	}
}

// step is how often Sweep looks.
func (t *Table) step() time.Duration {
	l := t.Terms.Limits
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
