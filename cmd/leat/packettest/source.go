// Package packettest feeds packets to an assembly without a network: for tests of what a UDP server does with them, also in the
// virtual time of testing/synctest.
package packettest

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

// Local is the address that packets come to.
var Local = netip.MustParseAddrPort("192.0.2.1:9000")

// A Datagram is one packet to be.
type Datagram struct {
	Peer netip.AddrPort
	Data string
}

// Fill makes p the packet of d, but for the slab of its bytes.
func (d Datagram) Fill(p *udp.Packet) {
	p.Data, p.Peer = []byte(d.Data), d.Peer
	p.SetLocal(Local)
	p.Hash = udp.FlowHash(d.Peer, Local)
}

// Peer is one of many addresses, the same for the same number.
func Peer(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 4000)
}

// A Source is a pipeline.Source of what Send is given.
type Source struct {
	lanes   []*lane
	running sync.WaitGroup
}

type lane struct {
	in    chan []Datagram
	inlet *pipeline.Inlet[udp.Packet]
	arena *stage.Arena[udp.Packet]
}

// New makes a source with so many lanes.
func New(lanes int) *Source {
	s := new(Source)
	for range lanes {
		s.lanes = append(s.lanes, &lane{in: make(chan []Datagram)})
	}
	return s
}

// Send gives a batch to a lane, and returns when the lane has begun with it. The pipeline runs, and has not begun to stop.
func (s *Source) Send(lane int, batch ...Datagram) { s.lanes[lane].in <- batch }

// String implements pipeline.Source.
func (s *Source) String() string { return "packets" }

// Lanes implements pipeline.Source.
func (s *Source) Lanes() int { return len(s.lanes) }

// Start implements pipeline.Source.
func (s *Source) Start(open func(wake func()) *pipeline.Inlet[udp.Packet]) error {
	for _, l := range s.lanes {
		l.inlet = open(nil)
		l.arena = stage.NewArena[udp.Packet](l.inlet.Lane)
		s.running.Go(l.run)
	}
	return nil
}

// Stop implements pipeline.Source.
func (s *Source) Stop(context.Context) {
	for _, l := range s.lanes {
		close(l.in)
	}
	s.running.Wait()
}

// Close implements pipeline.Source.
func (s *Source) Close(context.Context) (lost pipeline.Lost) { return lost }

func (l *lane) run() {
	l.inlet.Lane.Work()
	defer l.inlet.Lane.Rest()
	for {
		var tick <-chan time.Time
		if due := l.inlet.Due(); !due.IsZero() {
			tick = time.After(time.Until(due))
		}
		l.inlet.Lane.Rest()
		select {
		case batch, more := <-l.in:
			l.inlet.Lane.Work()
			if !more {
				return
			}
			l.push(batch)
		case now := <-tick:
			l.inlet.Lane.Work()
			l.inlet.Tick(now)
		}
	}
}

func (l *lane) push(batch []Datagram) {
	var all []*udp.Packet
	for _, d := range batch {
		p := l.arena.New()
		d.Fill(p)
		slab, b := l.inlet.Lane.Bytes(len(d.Data))
		p.Data = b[:copy(b, d.Data)]
		p.SetSlab(slab)
		all = append(all, p)
	}
	l.inlet.Push(all)
}

// Run runs p while f feeds it, and returns what Run has returned.
func Run(p *pipeline.Pipeline, f func()) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	f()
	stop()
	return <-ended
}
