package pool

import (
	"context"
	"crypto/tls"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/internal/endpoint"
	"github.com/leat-io/leat/pool/balance"
)

// A Pool keeps connections to the backends of a set. All methods are safe for any goroutine.
type Pool struct {
	limits      Limits
	maxBackends int
	balance     balance.Options
	dialer      DialFunc
	tls         *tls.Config
	fifo        bool
	shards      int     // of each backend, a power of two
	demand      *Demand // nil: it is not followed
	prepare     func(context.Context, *Conn) error
	onDial      func(*balance.Member, time.Duration, error)
	onClose     func(*balance.Member, Reason, time.Duration)
	onDone      func(*balance.Member, time.Duration, error)
	panics      atomic.Uint64         // of those, and of what else the user has given
	panicked    atomic.Pointer[error] // the latest

	guard       guard
	traffic     Traffic
	forwardOnce sync.Once
	forwards    *forwarding // that its sinks share, once there is one
	piped       atomic.Bool // a pipeline uses it: connections are kept open there, and not for Get

	set      *balance.Set
	backends atomic.Pointer[[]*backend] // by the slot of their members; nil where there is none
	only     atomic.Pointer[backend]    // when there is nothing to choose and nobody to tell of requests
	epoch    time.Time
	clock    atomic.Int64 // nanoseconds since the epoch, at the keeper's last look

	ctx     context.Context // ends when Close begins
	stop    context.CancelFunc
	running sync.WaitGroup // the keeper and the watcher
	nudge   chan struct{}  // wakes the keeper
	freed   chan struct{}  // wakes Close
	watcher watcher

	mu   sync.Mutex // guards changes of backends
	gone []*backend // removed, and some of their connections may be in use
}

// New returns a pool of connections to the backends, of which the policy says who serves a request. It dials MinIdle
// connections to each in the background: see Warm. Close ends what it starts.
func New(backends []balance.Backend, policy balance.Policy, opts ...Option) (*Pool, error) {
	p := &Pool{
		limits: DefaultLimits, maxBackends: DefaultMaxBackends, shards: defaultShards(), epoch: time.Now(),
		nudge: make(chan struct{}, 1), freed: make(chan struct{}, 1),
	}
	for _, o := range opts {
		o(p)
	}
	if err := p.check(backends); err != nil {
		return nil, fmt.Errorf("pool: %w", err)
	}
	set, err := balance.NewSet(policy, backends, p.balance)
	if err != nil {
		return nil, fmt.Errorf("pool: %w", err)
	}
	p.set = set
	p.ctx, p.stop = context.WithCancel(context.Background())
	p.watcher.pool = p
	var list []*backend
	for _, m := range set.Members() {
		list = place(list, newBackend(p, m))
	}
	if err := p.publish(list); err != nil {
		return nil, fmt.Errorf("pool: %w", err)
	}
	p.guard.run(p.ctx, &p.running)
	p.running.Add(1)
	go p.run()
	return p, nil
}

// publish makes list the backends.
func (p *Pool) publish(list []*backend) error {
	p.backends.Store(&list)
	p.only.Store(nil)
	if members := p.set.Members(); len(members) == 1 && p.onDone == nil && p.guard.Outlier == nil && p.guard.Breaker == nil {
		p.only.Store(at(list, members[0]))
	}
	return p.guard.apply(list)
}

// check says what is wrong with the options and the backends. It completes the ones that have a default.
func (p *Pool) check(backends []balance.Backend) error {
	if err := p.limits.Validate(); err != nil {
		return err
	}
	switch {
	case p.maxBackends < 1 || p.maxBackends > mostBackends:
		return fmt.Errorf("MaxBackends must be between 1 and %d, not %d", mostBackends, p.maxBackends)
	case p.shards < 1 || p.shards > maxShards || p.shards&(p.shards-1) != 0:
		return fmt.Errorf("shards must be a power of two up to %d, not %d", maxShards, p.shards)
	}
	if p.demand != nil {
		if err := p.demand.Validate(); err != nil {
			return err
		}
	}
	if err := p.admit(backends); err != nil {
		return err
	}
	if err := p.guard.begin(); err != nil {
		return err
	}
	p.traffic = p.traffic.withDefaults()
	if err := p.traffic.validate(); err != nil {
		return err
	}
	if p.dialer == nil {
		p.dialer = p.limits.dialer().DialContext
	}
	return p.checkTLS()
}

// admit says why the backends cannot be those of the pool, or nil.
func (p *Pool) admit(backends []balance.Backend) error {
	if n := len(backends); n > p.maxBackends {
		return fmt.Errorf("there are %d backends, more than the %d of MaxBackends", n, p.maxBackends)
	}
	for _, b := range backends {
		if _, _, err := endpoint.Of(b.Address); err != nil {
			return fmt.Errorf("backend %s: %w", b.Name, err)
		}
	}
	return nil
}

// place returns list with b at the slot of its member.
func place(list []*backend, b *backend) []*backend {
	for b.member.Slot >= len(list) {
		list = append(list, nil)
	}
	list[b.member.Slot] = b
	return list
}

// of returns the backend of a member, or nil if it was removed.
func (p *Pool) of(m *balance.Member) *backend {
	if b := at(*p.backends.Load(), m); b != nil {
		return b
	}
	p.mu.Lock() // the set knows of a change before the pool does: wait for that
	defer p.mu.Unlock()
	return at(*p.backends.Load(), m)
}

func at(list []*backend, m *balance.Member) *backend {
	if m.Slot < len(list) {
		if b := list[m.Slot]; b != nil && b.member == m {
			return b
		}
	}
	return nil
}

// Members are the backends with their live state, for health checks and ejection to act on.
func (p *Pool) Members() []*balance.Member { return p.set.Members() }
