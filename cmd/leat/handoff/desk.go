package handoff

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// A Config says how connections are handed over.
type Config struct {
	NoDelay    bool
	KeepAlive  net.KeepAliveConfig
	TLS        *tls.Config             // that peers must speak first; nil for none
	Handshake  time.Duration           // for one of TLS; 0 for no limit
	Handshakes int                     // of TLS that are under way at a time; more wait, within their time
	Gauges     func() []pipeline.Gauge // of the sink; nil for none
}

// A Peer is who a connection is from and what it came to. Both are zero for unix sockets.
type Peer struct{ Client, Server netip.AddrPort }

// A Desk hands connections over.
type Desk struct {
	cfg   Config
	serve Serve
	live  context.Context // until connections are cut
	cut   context.CancelFunc
	shake chan struct{} // has one for each handshake under way
}

// Serve serves a connection, which it closes, and returns why that has ended: nil when in order. When ctx ends, the connection is to
// end at once.
type Serve func(ctx context.Context, c net.Conn, p Peer) error

// New makes a desk.
func New(cfg Config, serve Serve) *Desk {
	d := &Desk{cfg: cfg, serve: serve, shake: make(chan struct{}, max(cfg.Handshakes, 1))}
	d.live, d.cut = context.WithCancel(context.Background())
	return d
}

// Cut implements stage.Holder.
func (d *Desk) Cut() { d.cut() }

// Sink is a stage.SinkMaker.
func (d *Desk) Sink(l *stage.Lane) stage.Sink[stage.Accepted] { return &sink{d, l} }

// A sink is that of one lane.
type sink struct {
	*Desk
	lane *stage.Lane
}

// Push implements stage.Sink.
func (s *sink) Push(batch []*stage.Accepted) {
	for _, a := range batch {
		fd, seat, err := a.Take(s.Desk)
		if err != nil {
			continue // it is closed, and counted
		}
		c, err := s.open(fd, a.First)
		if err != nil {
			s.lane.Failed(err)
			seat.End(err)
			continue
		}
		p := Peer{a.Client, a.Server}
		go func() { seat.End(s.run(c, p)) }()
	}
}

// Gauges implements pipeline.Gauged.
func (s *sink) Gauges() []pipeline.Gauge {
	if s.cfg.Gauges == nil {
		return nil
	}
	return s.cfg.Gauges()
}

// run serves a connection, behind its handshake.
func (d *Desk) run(c net.Conn, p Peer) error {
	if d.cfg.TLS != nil {
		secured := tls.Server(c, d.cfg.TLS)
		if err := d.handshake(secured); err != nil {
			_ = c.Close()
			return fmt.Errorf("%w: %w", stage.ErrHandshake, err)
		}
		c = secured
	}
	return d.serve(d.live, c, p)
}

func (d *Desk) handshake(c *tls.Conn) error {
	ctx := d.live
	if d.cfg.Handshake > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.cfg.Handshake)
		defer cancel()
	}
	select {
	case d.shake <- struct{}{}:
		defer func() { <-d.shake }()
		return c.HandshakeContext(ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}
