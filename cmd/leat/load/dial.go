package load

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
)

const (
	// dialsAtOnce stays below the usual backlogs of a listener (128 and more).
	dialsAtOnce = 64
	// maxDialFailures is how many connections may be missing before the run is not the one that was asked for.
	maxDialFailures = 64
)

type dialer struct {
	cfg    Config
	opened *atomic.Int64 // for the progress

	mu     sync.Mutex
	conns  []net.Conn
	failed int64
	err    error // the first failure
}

// dial opens the connections, the first one alone: when nobody listens that is one error after one attempt. On an error none is
// left open.
func (d *dialer) dial(ctx context.Context) ([]net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d.one(ctx)
	if d.failed == 0 {
		var workers sync.WaitGroup
		var begun atomic.Int64
		for range min(dialsAtOnce, d.cfg.Conns-1) {
			workers.Go(func() {
				for begun.Add(1) < int64(d.cfg.Conns) && ctx.Err() == nil {
					if d.one(ctx) > maxDialFailures {
						cancel()
					}
				}
			})
		}
		workers.Wait()
	}
	if ctx.Err() == nil && len(d.conns) > 0 {
		return d.conns, nil
	}
	for _, c := range d.conns {
		c.Close()
	}
	if d.err == nil {
		d.err = context.Cause(ctx)
	}
	if len(d.conns) == 0 {
		return nil, fmt.Errorf("load: cannot connect to %s: %w", d.cfg.Address, d.err)
	}
	return nil, fmt.Errorf("load: connecting to %s was given up with %d of %d connections open: %w",
		d.cfg.Address, len(d.conns), d.cfg.Conns, d.err)
}

// one opens one connection and returns how many have failed so far.
func (d *dialer) one(ctx context.Context) int64 {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.DialTimeout)
	defer cancel()
	c, err := d.cfg.Dial(ctx, "tcp", d.cfg.Address)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.failed++
		if d.err == nil {
			d.err = err
		}
		return d.failed
	}
	d.conns = append(d.conns, c)
	d.opened.Add(1)
	return d.failed
}
