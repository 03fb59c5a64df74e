package pool

import (
	"context"
	"math/rand/v2"
	"net"
	"time"
)

// grow dials one more connection in the background, for whoever waits longest or to be idle. The error says why it does not.
func (b *backend) grow() error {
	if err := b.refusal(); err != nil {
		b.tell(err)
		return err
	}
	if !b.reserve() {
		return ErrExhausted
	}
	if err := b.rested(); err != nil {
		b.open.Add(-1)
		b.tell(err)
		return err
	}
	b.dialing.Add(1)
	go b.dialOne()
	return nil
}

// dialOne dials in the place that was reserved.
func (b *backend) dialOne() {
	c, err := b.fresh()
	b.dialing.Add(-1)
	if err != nil {
		b.release()
		return
	}
	b.back(c)
	b.announce()
}

// fresh returns a connection that is ready for use.
func (b *backend) fresh() (*Conn, error) {
	p := b.pool
	c := &Conn{b: b}
	raw, err := p.turn(p.ctx, b, func(ctx context.Context, raw net.Conn) error {
		c.raw = raw
		return b.prepare(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	now := p.now()
	c.raw, c.born, c.socket = raw, now, socketOf(raw)
	c.last.Store(now)
	c.mayRest = never
	if l := &p.limits; l.IdleTimeout > 0 {
		c.mayRest = int64(l.IdleTimeout)/4*3 + rand.Int64N(int64(l.IdleTimeout)/4+1)
	}
	if l := &p.limits; l.MaxLifetime > 0 {
		c.expires = now + int64(float64(l.MaxLifetime)*(1-l.LifetimeJitter*rand.Float64()))
	}
	b.counts.opened.Add(1)
	b.seat(c)
	p.watcher.add(c)
	return c, nil
}

// prepare lets the user make c ready. A failure is one of the dial.
func (b *backend) prepare(ctx context.Context, c *Conn) error {
	f := b.pool.prepare
	if f == nil {
		return nil
	}
	deadline, _ := ctx.Deadline()
	began := time.Now()
	_ = c.raw.SetDeadline(deadline) // what fails here fails in f
	err := f(ctx, c)
	_ = c.raw.SetDeadline(noDeadline)
	switch {
	case err == nil && c.marks.Load()&markFailed != 0:
		err = errFailed
	case err == nil && !c.even():
		err = errUneven
	}
	if err != nil {
		b.counts.opened.Add(1)
		b.count(ReasonPrepare, time.Since(began))
	}
	c.unread()
	c.marks.Store(0)
	return err
}
