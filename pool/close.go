package pool

import (
	"context"
	"fmt"
	"slices"
)

// Close ends the pool: nobody gets a connection any more, who waits for one gets ErrClosed, and idle ones are closed. It
// waits until those in use are given back, or until ctx ends: then it closes them and says how many there were.
func (p *Pool) Close(ctx context.Context) error {
	p.stop()
	p.only.Store(nil)
	all := p.all()
	for _, b := range all {
		b.turnAway(shut)
	}
	err := p.empty(ctx, all)
	p.watcher.close()
	p.running.Wait()
	return err
}

// all are the backends, and those that were removed.
func (p *Pool) all() []*backend {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := slices.Clone(p.gone)
	for _, b := range *p.backends.Load() {
		if b != nil {
			all = append(all, b)
		}
	}
	return all
}

// turnAway has the backend take no more requests.
func (b *backend) turnAway(flag uint64) {
	b.state.Or(flag)
	b.tell(b.refusal())
	b.sweep()
}

// empty waits until no connection is open.
func (p *Pool) empty(ctx context.Context, all []*backend) error {
	for {
		open := 0
		for _, b := range all {
			open += int(b.open.Load())
		}
		if open == 0 {
			return nil
		}
		select {
		case <-p.freed:
		case <-ctx.Done():
			for _, b := range all {
				b.cut()
			}
			return fmt.Errorf("pool: %d connections were still in use: %w", open, context.Cause(ctx))
		}
	}
}

// cut closes the connections in use under those who use them.
func (b *backend) cut() {
	for i := range b.table {
		if c := b.table[i].Load(); c != nil {
			c.raw.Close()
		}
	}
}

// left tells Close that a place was given back.
func (p *Pool) left() {
	if p.ctx.Err() == nil {
		return
	}
	select {
	case p.freed <- struct{}{}:
	default:
	}
}
