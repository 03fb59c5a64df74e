// Package udp is the source that receives datagrams, and the sink that sends them.
//
//	p := pipeline.New("echo")
//	p.From(udp.Listen("127.0.0.1:9000")).
//		Shard("by peer", 2, udp.ByPeer, queue.Ring, queue.DropNewest).
//		To("send", udp.Send())
//
// A source has engines, which an assembly chooses in one word; whatever else is said of a source holds for all of them.
//
// [Mmsg], the default on Linux, has a goroutine for each lane. It takes many datagrams with one system call, blocks while little
// arrives, and naps between two looks while much does, because waking a thread costs more than receiving a datagram. [GRO] is
// the same with trains of datagrams that the kernel has put together. [Std], the default elsewhere, is package net.
//
// There are no connections. The [Packet] names its sender and the socket through which it came; a failure costs the packet.
// Nobody waits for a slow receiver: what arrives while a lane cannot take it stays in the socket's buffer, and what does not
// fit there the kernel drops. The source shows how many those are, as it shows everything else that is lost.
package udp

import (
	"net"
	"sync"
	"sync/atomic"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// A Source receives the datagrams that are sent to one address.
type Source struct {
	settings
	engine engine
	terms  stage.Terms
	counts counts

	beforeBind func(fd int) error // of an engine that wants more of its sockets, else nil

	mu      sync.Mutex
	addr    string    // guarded by mu
	bound   bool      // guarded by mu
	sockets []*socket // guarded by mu until the source has started: one for each lane

	lanes   []*lane
	running sync.WaitGroup
	phase   atomic.Int32
}

// Listen makes a source that receives on addr, host:port. Without a host it is 127.0.0.1; all interfaces are "0.0.0.0:9000"
// for IPv4 alone and "[::]:9000" for both. A port of 0 is a free one: Bind and then Addr tell which.
func Listen(addr string, opts ...Option) *Source {
	s := &Source{addr: addr, settings: defaults()}
	s.terms.InFlight = 1 // nobody is given any: packets have no tickets
	s.terms.Now.Store(1)
	s.terms.Failed = s.counts.failed.add
	for _, o := range opts {
		o(s)
	}
	if s.engine == nil {
		Mmsg()(s)
	}
	return s
}

// String returns the name of the node.
func (s *Source) String() string {
	if s.name != "" {
		return s.name
	}
	return "udp " + s.address()
}

func (s *Source) address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Bind opens the sockets before the pipeline starts, so that Addr is known. Datagrams wait in the kernel until then.
func (s *Source) Bind() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bound {
		return nil
	}
	if err := s.validate(); err != nil {
		return err
	}
	if err := s.engine.open(s); err != nil {
		return err
	}
	s.bound = true
	if len(s.sockets) > 0 {
		s.addr = s.sockets[0].local.String()
	}
	return nil
}

// Addr is the address that the source is bound to, a *net.UDPAddr, or nil before Bind.
func (s *Source) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.bound || len(s.sockets) == 0 {
		return nil
	}
	return net.UDPAddrFromAddrPort(s.sockets[0].local)
}

// Conn is what a stage gives to Head.SetConn of a packet that it makes by itself, so that [Send] sends it through this source.
// It is nil before Bind.
func (s *Source) Conn() *stage.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sockets) == 0 {
		return nil
	}
	return &s.sockets[0].Conn
}

// Lanes implements pipeline.Source.
func (s *Source) Lanes() int { return s.engine.lanes(s) }

// Gauges implements pipeline.Gauged.
func (s *Source) Gauges() []pipeline.Gauge {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := []pipeline.Gauge{{Name: "address", Value: s.addr}, {Name: "engine", Value: s.engine.String()}}
	g = append(g, s.engine.gauges(s)...)
	return append(g, s.counts.gauges()...)
}

// socketOf is the socket that a packet came through or is to be sent through, or nil.
func socketOf(p *Packet) *socket {
	c := p.Conn()
	if c == nil {
		return nil
	}
	s, _ := c.Port().(*socket)
	return s
}
