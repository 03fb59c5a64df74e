package load

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const hasReactor = true

// Reactors are the driver of loops, each of which carries its share of the connections and of the users.
type reactors struct {
	cfg       Config
	endpoints []*endpoint
	loops     []*loop
	running   sync.WaitGroup
	begun     atomic.Int64 // connections that were to be opened

	mu    sync.Mutex
	links []*link // guarded by mu; opened before the run
}

func newReactor(cfg Config) (driver, error) {
	d := &reactors{cfg: cfg}
	for _, t := range cfg.targets {
		d.endpoints = append(d.endpoints, &endpoint{target: t})
	}
	for i := range cfg.Loops {
		l, err := newLoop(d, i)
		if err != nil {
			d.close()
			return nil, fmt.Errorf("load: %w", advised(err, cfg.targets[0]))
		}
		d.loops = append(d.loops, l)
		d.running.Go(l.run)
	}
	return d, nil
}

// open implements driver: loops get connections in turn.
func (d *reactors) open(ctx context.Context, target int) (took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.DialTimeout)
	defer cancel()
	l := d.loops[int(d.begun.Add(1)-1)%len(d.loops)]
	e := d.endpoints[target]
	err = e.reach(ctx, func(ctx context.Context, a syscall.Sockaddr) error {
		k := &link{loop: l, target: target, fd: -1}
		if took, err = k.open(ctx, a); err != nil {
			return err
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.links = append(d.links, k)
		return nil
	})
	return took, advised(err, e.target)
}

// seat implements driver. A user is on the loop of its connection. Those of a pool are dealt out so that each loop has as many for
// each of its connections.
func (d *reactors) seat(r *run) {
	if !d.cfg.pooled() {
		for id, k := range d.links {
			k.loop.add(r, newResident(r, id, k))
		}
		return
	}
	for id := range d.cfg.Conns {
		l := d.loops[id%len(d.loops)]
		if *d.cfg.Pool > 0 {
			l = d.links[id%len(d.links)].loop
		}
		l.add(r, newVisitor(r, id, l))
	}
}

// drive implements driver.
func (d *reactors) drive(r *run) {
	pool := map[*loop][]*link{}
	for _, k := range d.links {
		if d.unpooled() { // they have shown that somebody listens
			k.loop.events.Post(call(k.close))
		} else if d.cfg.pooled() {
			pool[k.loop] = append(pool[k.loop], k)
		}
	}
	for _, l := range d.loops {
		l.events.Post(call(func() { l.begin(r, pool[l]) }))
	}
	stop := context.AfterFunc(r.ctx, func() {
		for _, l := range d.loops {
			l.events.Post(call(func() { l.cut(context.Cause(r.ctx)) }))
		}
	})
	defer stop()
	d.running.Wait()
	for _, l := range d.loops {
		if l.err != nil {
			l.cut(l.err)
		}
	}
}

// unpooled reports whether connections are opened for each turn.
func (d *reactors) unpooled() bool { return d.cfg.pooled() && *d.cfg.Pool == 0 }

// close implements driver.
func (d *reactors) close() {
	for _, l := range d.loops {
		l.events.Post(call(l.end))
	}
	d.running.Wait()
	for _, k := range d.links {
		k.close()
	}
}

// A call is a function as a task of a loop.
type call func()

// Run implements reactor.Task.
func (c call) Run() { c() }
