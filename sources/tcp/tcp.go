// Package tcp is the source that reads TCP connections.
//
// Its engine gives each connection a goroutine. A goroutine is not a lane: it borrows one for each read from a bounded set
// that lasts, so ten thousand connections need as many lanes as run at once, and a connection at rest holds neither a lane
// nor a buffer. Because only one connection waits with it, such a lane may block while a queue is full.
package tcp

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/internal/peers"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// DefaultMaxConns leaves room for other descriptors under the limit of 20 000 that is common for one process.
const DefaultMaxConns = 16384

// DefaultLanes is the most lanes of a source. Each costs a slab of 64 KiB and the instances of its stages once it has been
// needed. A lane is busy while a stage works or while a queue is full, so this is how many such connections are served at
// once; the others wait their turn.
const DefaultLanes = 256

// lingerTime is how long a closed connection's input is still read and thrown away, so that what its peer had sent does not
// make the kernel answer with a reset, which could destroy the last replies on their way.
const lingerTime = 500 * time.Millisecond

// An Option changes a source.
type Option func(*Source)

// Name is the name of the node. The default is "tcp" and the address.
func Name(n string) Option { return func(s *Source) { s.name = n } }

// Limits bound what one connection may cost. The default is stage.DefaultLimits.
func Limits(l stage.Limits) Option { return func(s *Source) { s.limits = l } }

// MaxConns is the most connections at a time; more are closed at once and counted. The default is 16 384.
func MaxConns(n int) Option { return func(s *Source) { s.maxConns = n } }

// Lanes is the most lanes that serve connections at once. The default is 256.
func Lanes(n int) Option { return func(s *Source) { s.maxLanes = n } }

// A Source accepts and reads connections of one address.
type Source struct {
	name     string
	limits   stage.Limits
	maxConns int
	maxLanes int

	mu    sync.Mutex
	addr  string   // guarded by mu
	bound net.Addr // guarded by mu: nil before Bind
	ln    listener // guarded by mu until the source has started

	table peers.Table
	lanes lanes

	quit      chan struct{} // closed when stopping is set
	stopping  atomic.Bool   // reading ends: what had arrived is still read
	abandoned atomic.Bool   // reading ends now
	accepting sync.WaitGroup
	readers   sync.WaitGroup // connections that may still push
	conns     sync.WaitGroup
}

// Listen makes a source that accepts on addr, such as "127.0.0.1:8080". Without a host it is 127.0.0.1; all interfaces are
// "0.0.0.0:8080" or "[::]:8080".
func Listen(addr string, opts ...Option) *Source {
	s := &Source{addr: addr, limits: stage.DefaultLimits, maxConns: DefaultMaxConns, maxLanes: DefaultLanes, quit: make(chan struct{})}
	for _, o := range opts {
		o(s)
	}
	s.table.Init(s.limits, s.maxConns) // here, because the services that use them start before the source
	s.lanes.init(s.maxLanes)
	return s
}

// String returns the name of the node.
func (s *Source) String() string {
	if s.name != "" {
		return s.name
	}
	return "tcp " + s.address()
}

func (s *Source) address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Lanes implements pipeline.Source.
func (s *Source) Lanes() int { return s.maxLanes }

// Bind opens the listening socket before the pipeline starts, so that Addr is known. Connections wait in the kernel's
// backlog until then.
func (s *Source) Bind() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bound != nil {
		return nil
	}
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return fmt.Errorf("the address %q is not host:port: %w", s.addr, err)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	ln, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return err
	}
	if s.ln, err = listenOn(ln.(*net.TCPListener)); err != nil {
		return err
	}
	s.bound = ln.Addr()
	s.addr = s.bound.String()
	return nil
}

// Addr is the address that the source is bound to, or nil before Bind.
func (s *Source) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bound
}

// Services implements pipeline.Served.
func (s *Source) Services() []pipeline.Service {
	return []pipeline.Service{
		{Name: s.String() + ": timeouts", Run: s.table.Sweep},
		{Name: s.String() + ": clock of idle lanes", Run: s.lanes.tick},
	}
}

// Gauges implements pipeline.Gauged.
func (s *Source) Gauges() []pipeline.Gauge {
	g := []pipeline.Gauge{{Name: "address", Value: s.address()}, {Name: "engine", Value: "goroutine per connection"}}
	s.table.Figures(func(name, value string) { g = append(g, pipeline.Gauge{Name: name, Value: value}) })
	return g
}

// Start implements pipeline.Source.
func (s *Source) Start(open func(wake func()) *pipeline.Inlet[stage.Segment]) error {
	if err := s.limits.Validate(); err != nil {
		return err
	}
	if s.maxConns < 1 || s.maxLanes < 1 {
		return fmt.Errorf("needs at least 1 connection and 1 lane, not %d and %d", s.maxConns, s.maxLanes)
	}
	if err := s.Bind(); err != nil {
		return err
	}
	s.lanes.start(func() *pipeline.Inlet[stage.Segment] { return open(nil) })
	s.accepting.Go(s.accept)
	return nil
}

// accept takes connections until the source stops, and then those that are in the backlog.
func (s *Source) accept() {
	defer s.ln.Close()
	pause := time.Duration(0)
	for !s.stopping.Load() {
		if err := s.acceptSome(); err == nil || s.stopping.Load() {
			pause = 0
			continue
		}
		// No descriptors, most likely: the connections that are open can go on, and the next ones wait in the backlog.
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		select {
		case <-time.After(pause):
		case <-s.quit:
		}
	}
	s.acceptRest()
}

// serve takes a connection that was accepted, or closes it.
func (s *Source) serve(c *conn) {
	c.source, c.quota = s, -1
	c.Init(c, &s.table.Terms)
	if !s.table.Add(&c.Conn) {
		c.sock.Close()
		return
	}
	s.readers.Add(1)
	s.conns.Go(c.serve)
}

// Stop implements pipeline.Source.
func (s *Source) Stop(ctx context.Context) {
	s.stopping.Store(true)
	close(s.quit)
	s.ln.SetReadDeadline(past)
	s.accepting.Wait()
	s.each((*conn).poke)
	done := make(chan struct{})
	go func() { s.readers.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		s.abandoned.Store(true)
		s.each((*conn).poke)
		select { // a lane that is stuck in a stage is left behind
		case <-done:
		case <-time.After(lingerTime):
		}
	}
	s.lanes.end(ctx)
}

// Close implements pipeline.Source.
func (s *Source) Close(ctx context.Context) (lost pipeline.Lost) {
	for _, c := range s.table.Open() {
		c.Finish(stage.ErrStopped)
	}
	done := make(chan struct{})
	go func() { s.conns.Wait(); close(done) }()
	select {
	case <-done:
		return lost
	case <-ctx.Done():
	}
	lost.Requests, lost.Bytes = s.table.Owed()
	s.each((*conn).cut) // but not those that owe nothing: they have just finished and linger
	select {
	case <-done:
	case <-time.After(2 * lingerTime):
	}
	return lost
}

func (s *Source) each(f func(*conn)) {
	for _, c := range s.table.Open() {
		f(connOf(c))
	}
}
