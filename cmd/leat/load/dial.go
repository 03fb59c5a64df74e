package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/leat-io/leat/cmd/leat/load/latency"
)

const (
	// dialsAtOnce stays below the usual backlogs of a listener (128 and more).
	dialsAtOnce = 64
	// maxDialFailures is how many connections may be missing before the run is not the one that was asked for.
	maxDialFailures = 64
)

// A dialer has the connections of a run opened before it begins.
type dialer struct {
	cfg    Config
	driver driver
	want   int
	opened *atomic.Int64

	mu     sync.Mutex
	took   []*latency.Histogram // by target
	failed int64
	err    error // the first failure
}

func newDialer(cfg Config, drv driver, opened *atomic.Int64) *dialer {
	d := &dialer{cfg: cfg, driver: drv, want: cfg.Conns, opened: opened}
	if cfg.pooled() {
		d.want = *cfg.Pool
	}
	if d.want == 0 { // one to each address shows whether somebody listens
		d.want = len(cfg.targets)
	}
	for range cfg.targets {
		d.took = append(d.took, latency.NewHistogram())
	}
	return d
}

// dial opens the connections, to the addresses in turn, and the first one alone: when nobody listens that is one error after one
// attempt.
func (d *dialer) dial(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d.one(ctx, 0)
	if d.failed == 0 {
		var workers sync.WaitGroup
		var begun atomic.Int64
		for range min(dialsAtOnce, d.want-1) {
			workers.Go(func() {
				for ctx.Err() == nil {
					i := begun.Add(1)
					if i >= int64(d.want) {
						return
					}
					if d.one(ctx, int(i)%len(d.cfg.targets)) > maxDialFailures {
						cancel()
					}
				}
			})
		}
		workers.Wait()
	}
	open := d.opened.Load()
	if ctx.Err() == nil && open > 0 {
		return nil
	}
	if d.err == nil {
		d.err = context.Cause(ctx)
	}
	if open == 0 {
		return fmt.Errorf("load: cannot connect to %s: %w", d.cfg.Address, d.err)
	}
	return fmt.Errorf("load: connecting to %s was given up with %d of %d connections open: %w", d.cfg.Address, open, d.want, d.err)
}

// one opens one connection and returns how many have failed so far.
func (d *dialer) one(ctx context.Context, target int) int64 {
	took, err := d.driver.open(ctx, target)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.failed++
		if d.err == nil {
			d.err = err
		}
		return d.failed
	}
	d.took[target].Record(int64(took))
	d.opened.Add(1)
	return d.failed
}

// dial opens a connection to one of the targets.
func (c Config) dial(ctx context.Context, i int) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.DialTimeout)
	defer cancel()
	t := c.targets[i]
	nc, err := c.Dial(ctx, t.network, t.address)
	return nc, advised(err, t)
}

// advised adds to what kept a connection from being opened what can be done about it.
func advised(err error, t target) error {
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%w: no local port is left towards %s, as the side that closes a connection keeps its port for a minute "+
			"(TIME_WAIT); use --pool with 1 or more, a lower rate, more addresses, or a wider net.ipv4.ip_local_port_range", err, t.name)
	case errors.Is(err, syscall.EMFILE):
		return fmt.Errorf("%w: take fewer connections, or raise the limit of open files (ulimit -n)", err)
	}
	return err
}

// dialKind classifies what kept a connection from being opened.
func dialKind(err error) Kind {
	if errors.Is(err, syscall.EADDRNOTAVAIL) {
		return NoPort
	}
	return DialFailed
}
