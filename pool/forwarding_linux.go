package pool

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// mostStations is the most threads that carry connections of one pool. Lanes of further ones share those of the pool.
const mostStations = 256

// A forwarding is what all sinks of a pool share.
type forwarding struct {
	Traffic
	pool   *Pool
	pushes atomic.Uint64 // messages that servers sent by themselves and nobody wanted
	copies atomic.Uint64 // of requests, that were sent to another backend

	mu      sync.Mutex
	open    func(wake func()) *pipeline.Inlet[stage.Segment] // guarded by mu, and so the rest
	all     []*station
	apart   []*station // on threads of their own
	running sync.WaitGroup
	closed  bool
}

// forwarding returns what all sinks share, which the first one makes.
func (p *Pool) forwarding() *forwarding {
	p.forwardOnce.Do(func() {
		p.piped.Store(true)
		p.forwards = &forwarding{Traffic: p.traffic, pool: p}
	})
	return p.forwards
}

// stations are those that there are.
func (f *forwarding) stations() []*station {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.all)
}

// threads is how many stations there are.
func (f *forwarding) threads() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.all)
}

// stored is how many bytes of requests are kept until they are answered.
func (f *forwarding) stored() (n int) {
	for _, st := range f.stations() {
		st.mu.Lock()
		n += st.stored
		st.mu.Unlock()
	}
	return n
}

// on gives a loop that runs, on which it is called, its station. It returns nil when there are enough.
func (f *forwarding) on(loop *reactor.Loop) *station {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, st := range f.all {
		if st.loop == loop {
			return st
		}
	}
	if f.closed || f.open == nil || len(f.all) == mostStations {
		return nil
	}
	st := newStation(f, loop)
	st.carry(f.open(loop.Wake))
	f.all = append(f.all, st)
	loop.Join(st)
	return st
}

// of returns the station with a thread of its own that serves a client.
func (f *forwarding) of(c *stage.Conn) (*station, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || f.open == nil {
		return nil, errStopped
	}
	for len(f.apart) < f.Loops {
		epoll, err := reactor.NewEpoll()
		if err != nil {
			return nil, fmt.Errorf("a thread for connections cannot be had: %w", err)
		}
		st := newStation(f, reactor.New(epoll))
		st.apart = true
		st.carry(f.open(st.loop.Wake))
		st.loop.Shared = true
		st.loop.Carry(st)
		f.all, f.apart = append(f.all, st), append(f.apart, st)
		f.running.Go(st.run)
	}
	if c == nil {
		return f.apart[0], nil
	}
	return f.apart[c.ID()%uint64(len(f.apart))], nil
}

// timeout is how long a reply of a backend may be outstanding; 0 is no limit.
func (f *forwarding) timeout(b *backend) time.Duration {
	if t := b.ward.timeout; t != nil {
		return t.Value()
	}
	return max(f.Timeout, 0)
}

// retry says whether e may be sent again.
func (f *forwarding) retry(e *entry, begun bool) bool {
	if int(e.tries) >= f.Retries {
		return false
	}
	budget := f.pool.guard.budget
	return !begun || budget == nil || budget.Withdraw()
}
