package pool

import (
	"context"
	"fmt"
	"net"
	"time"
)

// await waits until somebody gives a connection back, or a dial succeeds. Those who wait are served in the order in which
// they came: the runtime keeps that order for those who receive from a channel.
//
// The state counts those who wait and to whom nothing is promised. Whoever has something to hand over takes one off, which is
// the promise, and sends it; so everything that is sent is received, and whoever leaves knows whether something is on its way
// to him. Nobody waits in vain: whoever is to wait says so first and looks again then, and whoever frees something looks for
// those who wait after that (Dekker's rule).
func (b *backend) await(ctx context.Context) (*Conn, error) {
	began, measured := b.counts.waitBegins()
	for {
		c, err := b.queue(ctx, int(b.state.Add(oneWaits)/oneWaits))
		if err == nil && c.marks.Load() != 0 && !b.fit(c, false) {
			continue
		}
		if measured {
			b.counts.wait.record(time.Since(began))
		}
		return c, err
	}
}

// queue waits at a place among those who wait.
func (b *backend) queue(ctx context.Context, place int) (*Conn, error) {
	if c := b.takeFit(); c != nil {
		b.counts.moved.Add(1) // not found at once
		b.leave()
		return c, nil
	}
	if err := b.refusal(); err != nil {
		b.leave()
		return nil, err
	}
	if dialing := int(b.dialing.Load()); dialing < place {
		err := b.grow()
		if err == ErrExhausted {
			b.counts.exhausted.Add(1)
		}
		if err != nil && place-dialing > b.pool.limits.MaxWaiting {
			b.leave()
			return nil, b.whole(err)
		}
	}
	var c *Conn
	if done := ctx.Done(); done == nil {
		c = <-b.handed
	} else {
		select {
		case c = <-b.handed:
		case <-done:
			b.leave()
			return nil, fmt.Errorf("waiting for a connection to %s: %w", b.member.Name, context.Cause(ctx))
		}
	}
	if err := c.failure(); err != nil {
		b.tell(err)
		return nil, err
	}
	return c, nil
}

// promise takes one who waits off the count, if there is one. The caller must send him something.
func (b *backend) promise() bool {
	for {
		s := b.state.Load()
		if s < oneWaits {
			return false
		}
		if b.state.CompareAndSwap(s, s-oneWaits) {
			return true
		}
	}
}

// leave ends a wait. What was promised to whoever leaves goes to another.
func (b *backend) leave() {
	if b.promise() {
		return
	}
	c := <-b.handed
	if err := c.failure(); err != nil {
		b.tell(err)
	} else {
		b.back(c)
	}
}

// hand gives c to whoever waits longest, if anybody does.
func (b *backend) hand(c *Conn) bool {
	if !b.promise() {
		return false
	}
	b.handed <- c
	return true
}

// tell tells whoever waits longest that nothing will come, if that is so: nothing is open or being dialed, or nobody may wait
// for what others have. He tells the next.
func (b *backend) tell(err error) {
	vain := b.open.Load() <= b.linked.Load() || b.pool.limits.MaxWaiting == 0
	if (vain || b.refusal() != nil) && b.promise() {
		b.handed <- &Conn{b: b, raw: &news{err: err}}
	}
}

// A news stands in the place of a connection for whoever waits: there is none.
type news struct {
	net.Conn
	err error
}

// failure is why c is no connection, or nil if it is one.
func (c *Conn) failure() error {
	if n, ok := c.raw.(*news); ok {
		return n.err
	}
	return nil
}
