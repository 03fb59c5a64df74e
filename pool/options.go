package pool

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/leat-io/leat/pool/balance"
)

// DefaultMaxBackends is how many backends a pool may have unless MaxBackends says otherwise.
const DefaultMaxBackends = 1024

// mostBackends are as many as have a slot of 16 bits.
const mostBackends = 1 << 16

// An Option changes a pool.
type Option func(*Pool)

// WithLimits bound what the connections to one backend may cost. The default is [DefaultLimits].
func WithLimits(l Limits) Option { return func(p *Pool) { p.limits = l } }

// MaxBackends is how many backends the pool may have. The default is [DefaultMaxBackends].
func MaxBackends(n int) Option { return func(p *Pool) { p.maxBackends = n } }

// Balance changes how the set of backends behaves: its seed, slow start and panic threshold.
func Balance(o balance.Options) Option { return func(p *Pool) { p.balance = o } }

// A DialFunc connects to an address, in the manner of net.Dialer.DialContext. The network is "tcp" or "unix".
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Dialer replaces how a backend is connected to. The default is a net.Dialer, which tries the addresses of a name in the
// manner of RFC 8305 (happy eyeballs), with the KeepAlive and UserTimeout of the limits.
func Dialer(f DialFunc) Option { return func(p *Pool) { p.dialer = f } }

// TLS speaks TLS with the backends. The version must be at least 1.2, the default when the configuration names none; the
// server name is the host of the backend's address when it names none.
func TLS(c *tls.Config) Option { return func(p *Pool) { p.tls = c } }

// FIFO takes the connection that was not used for longest instead of the last one used. All are then used alike, none is
// idle for long, and the number of them does not follow the demand.
func FIFO() Option { return func(p *Pool) { p.fifo = true } }

// Shards is in how many stacks the idle connections of one backend are kept, a power of two up to 16, so that goroutines that
// run at the same time do not wait for each other: each looks first where it gave one back last. The default is twice the
// number of processors; 1 makes the last one used be used next without exception. It has no meaning with FIFO.
func Shards(n int) Option { return func(p *Pool) { p.shards = n } }

// Follow has the number of open connections to each backend follow how many are in use, within the limits: they are dialed
// ahead of the demand that is forecast (package forecast), and closed some time after it has gone. Without it they are dialed
// when they are missing and closed after IdleTimeout.
func Follow(d Demand) Option { return func(p *Pool) { p.demand = &d } }

// Prepare is called with each fresh connection before anybody gets it, to authenticate or to select a database. The time of
// a dial is the limit, and its error that of the dial. It must neither keep nor discard the connection.
func Prepare(f func(ctx context.Context, c *Conn) error) Option {
	return func(p *Pool) { p.prepare = f }
}

// OnDial is called after each dial with how long it took. Like the other hooks it must not wait nor use the pool, because what
// calls it may hold a lock; a panic in it is counted in [Stats] and changes nothing else.
func OnDial(f func(m *balance.Member, took time.Duration, err error)) Option {
	return func(p *Pool) { p.onDial = f }
}

// OnClose is called after a connection was closed with how long it was open; see OnDial.
func OnClose(f func(m *balance.Member, r Reason, age time.Duration)) Option {
	return func(p *Pool) { p.onClose = f }
}

// OnDone is called when a backend has served a request, or failed to; see OnDial.
func OnDone(f func(m *balance.Member, latency time.Duration, err error)) Option {
	return func(p *Pool) { p.onDone = f }
}
