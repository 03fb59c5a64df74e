package udp

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/leat-io/leat/pipeline"
)

// An Engine receives for a source by other means than this package has, such as frames of an interface or a file of them. [Use]
// gives it to a source, and to one only. Packages raw and pcap below this one have engines; they are apart because of what they
// link.
type Engine interface {
	// String is what the gauge "engine" says.
	String() string

	// Open opens everything, sockets by the Opening among it, so that Receive can begin. What had been opened before an error has
	// been closed again, but for those sockets. It may be called again then.
	Open(*Opening) error

	// Receive receives on one lane, until the lane is stopping and all that had arrived has been pushed, or until it is abandoned.
	// There is a goroutine for each lane.
	Receive(*Lane)

	// Wake makes Receive look at what its lane says, or push what waits in a lane that is stalled. Any goroutine may call it, also
	// before Receive and behind it.
	Wake(lane int)

	// Waits says whether a push may wait for room in a queue, else Wake is called when there is room.
	Waits() bool

	// Gauges are figures of the engine, also before Open and behind Close.
	Gauges() []pipeline.Gauge

	// Close closes what Open has opened. Nothing runs any more.
	Close()
}

// Use is the engine e.
func Use(e Engine) Option { return func(s *Source) { s.engine = &foreign{Engine: e} } }

// foreign is an engine of another package.
type foreign struct {
	Engine
}

func (*foreign) validate(*Source) error            { return nil }
func (*foreign) lanes(s *Source) int               { return s.lanesAsked }
func (f *foreign) run(l *lane)                     { f.Receive(&Lane{l}) }
func (f *foreign) wake(l *lane)                    { f.Wake(l.index) }
func (f *foreign) waits() bool                     { return f.Waits() }
func (f *foreign) gauges(*Source) []pipeline.Gauge { return f.Gauges() }

func (f *foreign) open(s *Source) error {
	err := f.Open(&Opening{s})
	if err == nil && len(s.sockets) != s.lanesAsked {
		f.Close()
		err = fmt.Errorf("the engine %s has opened %d sockets for %d lanes", f, len(s.sockets), s.lanesAsked)
	}
	if err != nil {
		s.closeSockets()
		s.sockets = nil
	}
	return err
}

func (f *foreign) close(s *Source) {
	f.Close()
	s.closeSockets()
}

// An Opening is a source that an [Engine] is to open.
type Opening struct{ source *Source }

// Address is what the source listens on, host:port, as [Listen] was told.
func (o *Opening) Address() string { return o.source.addr }

// Lanes is how many lanes the source has.
func (o *Opening) Lanes() int { return o.source.lanesAsked }

// ReceiveBuffer is the option of that name.
func (o *Opening) ReceiveBuffer() int { return o.source.receive }

// Peer is the option [Connect], or "".
func (o *Opening) Peer() string { return o.source.connect }

// Groups are those of multicast that the source joins.
func (o *Opening) Groups() (a []netip.Addr) {
	for _, g := range o.source.groups {
		a = append(a, g.addr)
	}
	return a
}

// Local is the address that the sockets are bound to, once there are any.
func (o *Opening) Local() netip.AddrPort { return o.source.sockets[0].local }

// NoSockets is for an engine without any: what packets would answer is not sent, and is counted as that. local is where they
// were sent to.
func (o *Opening) NoSockets(local netip.AddrPort) {
	for range o.source.lanesAsked {
		k := newSocket(o.source, nil)
		k.local, k.closed = local, true
		o.source.sockets = append(o.source.sockets, k)
	}
}

// A Lane is what one goroutine of an [Engine] receives for.
type Lane struct{ *lane }

// Index is which of the source's lanes it is.
func (l *Lane) Index() int { return l.index }

// Room is how many packets the batch still takes.
func (l *Lane) Room() int { return l.room() }

// Add copies a datagram into the lane, up to the longest that the source takes, and adds the packet to the batch. There must be
// room.
func (l *Lane) Add(peer, local netip.AddrPort, datagram []byte) *Packet {
	p := l.copied(peer, FlowHash(peer, local), datagram)
	p.SetLocal(local)
	return p
}

// Truncate flags a packet of which a part is missing.
func (l *Lane) Truncate(p *Packet) { l.truncated(p) }

// Push lets the lane work on the batch.
func (l *Lane) Push() { l.push() }

// Stopping says whether no more is to be received than what had arrived.
func (l *Lane) Stopping() bool { return l.source.phase.Load() != reading }

// Abandoned says whether Receive is to return now.
func (l *Lane) Abandoned() bool { return l.source.phase.Load() == abandoned }

// Work begins what Receive does, and Rest ends it. An engine whose lanes have a [Poller] calls neither.
func (l *Lane) Work() { l.inlet.Lane.Work() }

// Rest ends what Work began.
func (l *Lane) Rest() { l.inlet.Lane.Rest() }

// Wait rests while f waits, for something to receive or until the time that it is given, if that is not zero: then stages are
// let act by the clock.
func (l *Lane) Wait(f func(due time.Time)) {
	due := l.inlet.Due()
	l.Rest()
	f(due)
	l.Work()
	if now := time.Now(); !due.IsZero() && !now.Before(due) {
		l.inlet.Tick(now)
	}
}
