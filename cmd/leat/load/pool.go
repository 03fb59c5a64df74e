package load

import (
	"context"
	"net"
	"sync"
)

// A pool holds the connections that users share. They are lent in turn, the one that was idle longest first, so that all of them
// are used alike; users wait for one in the order in which they came.
type pool struct {
	cfg  Config
	idle chan *lent // nil: a connection is opened each time

	count *census
	mu    sync.Mutex
	inUse map[net.Conn]struct{} // all that are open, also idle ones; nil when the pool is closed
}

// A lent is a connection that a user has for the time being. One that was lost is opened again by the next user.
type lent struct {
	nc     net.Conn // nil: not open
	target int
}

func newPool(cfg Config, open []dialed, count *census) *pool {
	p := &pool{cfg: cfg, count: count, inUse: map[net.Conn]struct{}{}}
	if *cfg.Pool == 0 {
		for _, d := range open { // they have shown that somebody listens
			d.nc.Close()
		}
		return p
	}
	p.idle = make(chan *lent, len(open))
	for _, d := range open {
		p.inUse[d.nc] = struct{}{}
		p.count.opens()
		p.idle <- &lent{d.nc, d.target}
	}
	return p
}

// take returns a connection, which may have to be opened; turn chooses the address of one that belongs to no pool.
func (p *pool) take(ctx context.Context, turn int) (*lent, error) {
	var l *lent
	if p.idle == nil {
		l = &lent{target: turn % len(p.cfg.targets)}
	} else {
		select {
		case l = <-p.idle:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	if l.nc != nil {
		return l, nil
	}
	nc, err := p.cfg.dial(ctx, l.target)
	if err == nil && !p.opens(nc) {
		nc.Close()
		err = context.Cause(ctx)
	}
	if err != nil {
		p.giveBack(l)
		return nil, err
	}
	l.nc = nc
	return l, nil
}

// opens notes a connection unless the pool is closed.
func (p *pool) opens(nc net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inUse == nil {
		return false
	}
	p.inUse[nc] = struct{}{}
	p.count.opens()
	return true
}

// give takes a connection back; one that failed, or that belongs to no pool, is closed.
func (p *pool) give(l *lent, failed bool) {
	if failed || p.idle == nil {
		l.nc.Close()
		p.mu.Lock()
		delete(p.inUse, l.nc)
		p.mu.Unlock()
		p.count.closes(failed)
		l.nc = nil
	}
	p.giveBack(l)
}

func (p *pool) giveBack(l *lent) {
	if p.idle != nil {
		p.idle <- l
	}
}

// close closes all connections, also those that users have.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for nc := range p.inUse {
		nc.Close()
	}
	p.inUse = nil
}
