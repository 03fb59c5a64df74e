// Package tcp is the source that reads connections of TCP and of unix sockets.
//
// It has engines, which an assembly chooses in one word; whatever else is said of a source holds for all of them.
//
// [Reactor], the default on Linux, has a few loops that each own a thread and a lane and serve many connections: what several
// of them sent goes through the lane as one batch, and a connection at rest costs 300 bytes and its kernel's part.
//
// [IOUring] is the same on io_uring instead of epoll, where the system has it.
//
// [Goroutines], the default elsewhere, gives each connection a goroutine. A goroutine is not a lane: it borrows one for each
// read from a bounded set that lasts, so ten thousand connections need as many lanes as run at once, and a connection at rest
// holds neither a lane nor a buffer. Because only one connection waits with it, such a lane may block while a queue is full. Where a queue follows
// that keeps the order of each lane alone (queue.Laned), there are at most four lanes for each processor, and a connection
// keeps the same one for life.
//
// The kernel's backlog is the waiting room. What comes in is bounded by MaxConns, MaxConnsPerAddress, AcceptRate and AcceptRatePerAddress; who is
// refused sees an orderly end, and is counted with the reason.
package tcp

import (
	"crypto/tls"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/leat-io/leat/internal/peers"
	"github.com/leat-io/leat/internal/preface"
	"github.com/leat-io/leat/internal/sockopt"
	"github.com/leat-io/leat/internal/tlsio"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// A Source accepts and reads connections of one address.
type Source struct {
	name      string
	limits    stage.Limits
	maxConns  int
	maxLanes  int
	mode      *uint32          // permissions of a unix socket's file; nil leaves them to the umask
	asked     []sockopt.Option // in the order in which they are set
	each      []sockopt.Option // those of asked that connections do not inherit
	waits     bool             // the close of a connection may wait for its peer
	inherited syscall.Conn     // a socket that listens already, or nil
	intake    intake
	badRate   error // of AcceptRatePerAddress

	proxies     preface.Trusted // whose connections begin with a PROXY header
	badProxies  error           // what is wrong with that list
	serverNames bool            // connections begin with a ClientHello

	tls           *tls.Config // nil for connections without TLS
	maxHandshakes int
	crew          *tlsio.Crew // of those handshakes

	mu    sync.Mutex
	addr  string           // guarded by mu
	bound net.Addr         // guarded by mu: nil before Bind
	got   []pipeline.Gauge // guarded by mu: what the kernel made of the options
	ln    listener         // guarded by mu until the source has started

	table  peers.Table
	engine engine // nil of an Acceptor
	taker  taker

	started     chan struct{} // closed when the source has started
	quit        chan struct{} // closed when deaf is set
	quitting    sync.Once     // the close of quit
	shared      atomic.Bool   // another process may have the listening socket too, which must not block from then on
	handed      atomic.Bool   // another process accepts now
	deaf        atomic.Bool   // nobody is accepted any more
	stopping    atomic.Bool   // reading ends: what had arrived is still read
	abandoned   atomic.Bool   // reading ends now
	complaining atomic.Bool   // an error of accepting is on its way to the log
}

// Listen makes a source that accepts on addr: "127.0.0.1:8080" is an address of TCP, "unix:/run/app.sock" the file of a unix
// socket, "unix:@app" a unix socket without a file, which only Linux has. Without a host it is 127.0.0.1; all interfaces are
// "0.0.0.0:8080" or "[::]:8080".
func Listen(addr string, opts ...Option) *Source {
	s := newSource(addr, opts)
	s.taker = s.engine
	return s
}

func newSource(addr string, opts []Option) *Source {
	s := &Source{addr: addr, limits: stage.DefaultLimits, maxConns: DefaultMaxConns, maxLanes: DefaultLanes, maxHandshakes: tlsio.DefaultMost, started: make(chan struct{}), quit: make(chan struct{})}
	if addr != "" && !strings.HasPrefix(addr, unixPrefix) {
		s.asked = defaults()
	}
	for _, o := range opts {
		o(s)
	}
	s.secure()
	s.table.Init(s.limits, s.maxConns) // here, because the services that use them start before the source
	if s.engine == nil {
		Reactor(0)(s)
	}
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

// Addr is the address that the source is bound to, or nil before Bind: a *net.TCPAddr or a *net.UnixAddr.
func (s *Source) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bound
}

// Lanes implements pipeline.Source.
func (s *Source) Lanes() int { return s.engine.lanes() }

// Services implements pipeline.Served.
func (s *Source) Services() []pipeline.Service {
	return append([]pipeline.Service{{Name: s.String() + ": timeouts", Run: s.table.Sweep}}, s.engine.services()...)
}

// Gauges implements pipeline.Gauged.
func (s *Source) Gauges() []pipeline.Gauge {
	s.mu.Lock()
	engine := s.engine.String()
	s.mu.Unlock()
	return s.gauges(engine)
}

func (s *Source) gauges(engine string) []pipeline.Gauge {
	s.mu.Lock()
	g := []pipeline.Gauge{{Name: "address", Value: s.addr}, {Name: "engine", Value: engine}}
	g = append(g, s.got...)
	g = append(g, s.waiting()...)
	s.mu.Unlock()
	g = append(g, s.intake.gauges()...)
	g = append(g, s.tlsGauges()...)
	g = append(g, s.rateGauges()...)
	s.table.Figures(func(name, value string) { g = append(g, pipeline.Gauge{Name: name, Value: value}) })
	return g
}
