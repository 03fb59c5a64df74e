package pool

import (
	"context"
	"errors"
	"time"

	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/health"
)

// Get returns a connection to the backend that the policy picks: an idle one, or else the first that somebody gives back or
// that is dialed meanwhile. It waits for that until ctx ends, behind those who came before. It fails with an
// [ExhaustedError] when too many wait, with a [DialError] or a [BackoffError] when the backend cannot be reached and two
// others could not be either, with the error of the policy when no backend is available, and with [ErrClosed].
func (p *Pool) Get(ctx context.Context) (*Conn, error) {
	if b := p.only.Load(); b != nil && b.state.Load() == 0 && b.member.Available() {
		if c := b.take(); c != nil {
			if b.ready(c) {
				c.out = true
				return c, nil
			}
			b.counts.moved.Add(1)
		}
	}
	return p.GetFrom(ctx, balance.Request{})
}

// attempts is how many backends are tried for one Get.
const attempts = 3

// GetFrom is Get for a request of which the policy is to know more.
func (p *Pool) GetFrom(ctx context.Context, r balance.Request) (*Conn, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var last error
	for try := 0; try < attempts; {
		b, permit, err := p.pick(r)
		switch {
		case err != nil:
			return nil, err
		case last != nil && b.member == r.Avoid: // there is no other
			b.ward.ignore(permit)
			return nil, last
		}
		c, err := b.get(ctx, permit)
		if err == nil {
			return c, nil
		}
		if err != errGone { // else the set is changing
			if last = err; !unreachable(err) {
				return nil, err
			}
			try++
		}
		r.Avoid = b.member
	}
	return nil, last
}

// unreachable says whether another backend may do better.
func unreachable(err error) bool {
	var d *DialError
	return errors.As(err, &d)
}

// pick returns the backend that is to serve r, which lets it through.
func (p *Pool) pick(r balance.Request) (*backend, health.Permit, error) {
	if b := p.only.Load(); b != nil && b.member.Available() {
		return b, 0, nil
	}
	for refused := 0; p.ctx.Err() == nil; {
		m, err := p.set.Pick(r)
		if err != nil {
			return nil, 0, err
		}
		b := p.of(m)
		if b == nil {
			continue // the set is changing
		}
		permit, ok := b.ward.allow()
		if ok {
			return b, permit, nil
		}
		if refused++; refused == attempts {
			return nil, 0, &BreakerError{Backend: m.Name}
		}
		r.Avoid = m
	}
	return nil, 0, ErrClosed
}

// get returns a connection to b, and has the member count a request from now on where somebody reads that.
func (b *backend) get(ctx context.Context, permit health.Permit) (*Conn, error) {
	if b.state.has(asleep) {
		b.wake()
	}
	timed := b.pool.only.Load() == nil
	var began int64
	if timed {
		began = b.pool.now()
		b.member.Begin()
	}
	var c *Conn
	var err error
	if b.state.waiting() == 0 {
		c = b.takeFit()
	}
	if c == nil {
		c, err = b.await(ctx)
	}
	if err != nil {
		if timed {
			b.done(permit, time.Duration(b.pool.now()-began), err)
		}
		return nil, err
	}
	c.begin(timed, began, permit)
	return c, nil
}

// begin makes c one that somebody has.
func (c *Conn) begin(timed bool, began int64, permit health.Permit) {
	c.out = true
	if timed {
		c.began, c.permit = began, permit
		c.marks.Or(markTimed)
	}
}

// GetN gets at least one connection, as Get does, and fills dst with as many more as are idle. All are to the same backend.
// It never waits for a second one, so that callers that each hold some cannot wait for each other.
func (p *Pool) GetN(ctx context.Context, dst []*Conn) (int, error) {
	if len(dst) == 0 {
		return 0, nil
	}
	first, err := p.Get(ctx)
	if err != nil {
		return 0, err
	}
	dst[0] = first
	timed := first.marks.Load()&markTimed != 0
	n := 1
	for ; n < len(dst); n++ {
		c := first.b.takeFit()
		if c == nil {
			break
		}
		if timed {
			c.b.member.Begin()
		}
		permit, _ := c.b.ward.allow() // the first one may: it is one request
		c.begin(timed, first.began, permit)
		dst[n] = c
	}
	return n, nil
}

// takeFit takes an idle connection that can be used, or returns nil. While the idle ones are looked through it waits for the
// end of that.
func (b *backend) takeFit() *Conn {
	for {
		c := b.take()
		if c == nil && b.state.has(sweeping) {
			b.mu.Lock()
			c = b.take()
			b.mu.Unlock()
		}
		if c == nil || b.ready(c) {
			return c
		}
		b.counts.moved.Add(1)
	}
}
