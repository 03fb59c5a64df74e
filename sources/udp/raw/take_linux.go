package raw

import (
	"net"
	"net/netip"

	"github.com/leat-io/leat/internal/packet"
	"github.com/leat-io/leat/sources/udp"
)

// A taker makes packets of frames, on one lane.
type taker struct {
	refused *packet.Tally
	always  packet.Accept // what is accepted of all frames
	zone    string        // of addresses that mean something on the interface alone

	datagram packet.Datagram // of the latest frame
	received int64
	rest     []byte // of its payload, when it is a train of which a part has been taken
	segment  int    // bytes of the datagrams of the train
}

func newTaker(e *engine, iface *net.Interface) taker {
	t := taker{refused: &e.refused, zone: iface.Name}
	if iface.Flags&net.FlagLoopback != 0 {
		t.always = packet.AnySource
	}
	return t
}

// pending says that the train that was begun has not been taken to its end.
func (t *taker) pending() bool { return t.segment > 0 }

// frame adds what is in a frame to the batch, which has room for one packet at least. segment is the size of datagrams of a
// train, or 0.
func (t *taker) frame(l *udp.Lane, f []byte, accept packet.Accept, received int64, segment int) {
	d := &t.datagram
	if r := packet.Parse(d, f, t.always|accept); r != packet.OK {
		t.refused[r].Add(1)
		return
	}
	if a := d.Src.Addr(); a.Is6() && a.IsLinkLocalUnicast() {
		d.Src = netip.AddrPortFrom(a.WithZone(t.zone), d.Src.Port())
	}
	t.received = received
	if segment > 0 && segment < len(d.Payload) {
		t.rest, t.segment = d.Payload, segment
		t.train(l)
		return
	}
	t.add(l, d.Payload)
}

// train adds datagrams of the train, as many as there is room for.
func (t *taker) train(l *udp.Lane) {
	for ; l.Room() > 0 && len(t.rest) > 0; t.rest = t.rest[min(t.segment, len(t.rest)):] {
		t.add(l, t.rest[:min(t.segment, len(t.rest))])
	}
	if len(t.rest) == 0 {
		t.rest, t.segment = nil, 0
	}
}

func (t *taker) add(l *udp.Lane, payload []byte) {
	p := l.Add(t.datagram.Src, t.datagram.Dst, payload)
	p.TTL, p.TOS, p.Received = t.datagram.TTL, t.datagram.TOS, t.received
}
