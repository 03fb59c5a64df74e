package pool

import (
	"context"
	"net"
	"time"
)

// dialReserved connects to the backend for a place that has been reserved. The connection is open until closed or abandon is
// called.
func (p *Pool) dialReserved(ctx context.Context, b *backend) (net.Conn, error) {
	b.dialing.Add(1)
	c, err := p.turn(ctx, b, nil)
	if err != nil {
		b.dialing.Add(-1)
		b.release()
		return nil, err
	}
	b.opened()
	return c, nil
}

// abandon closes a connection, if there is one, that nobody waits for any more.
func (b *backend) abandon(c net.Conn) {
	if c != nil {
		_ = c.Close()
		b.closed(ReasonClosed, time.Now())
	}
}
