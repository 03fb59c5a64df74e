package raw

import (
	"time"

	"github.com/leat-io/leat/sources/udp"
)

// DefaultRetire is how long the kernel waits for a block of a ring to be full.
const DefaultRetire = time.Millisecond

// An Option changes an engine.
type Option func(*settings)

type settings struct {
	iface  string
	retire time.Duration
}

// Retire is how long the kernel waits for a block to be full, before the packets in it are received. It is what they wait for
// when few arrive. The kernel counts milliseconds; the default is 1 ms, and less there is not. [XDP] has no blocks.
func Retire(d time.Duration) Option { return func(s *settings) { s.retire = d } }

func newSettings(iface string, opts []Option) settings {
	s := settings{iface: iface, retire: DefaultRetire}
	for _, o := range opts {
		o(&s)
	}
	return s
}

// PacketRing is the engine on a ring of packets of an interface. udp.ReceiveBuffer is the size of the ring of each lane: a
// packet takes its frame and about 80 bytes of it. Lanes share the frames by flow.
func PacketRing(iface string, opts ...Option) udp.Option {
	return udp.Use(packetRing(newSettings(iface, opts)))
}

// XDP is the engine on sockets of AF_XDP. It is experimental. There must be as many lanes as the interface has queues to receive
// from, each of which has a lane of its own. udp.ReceiveBuffer is the memory for frames of each lane, in chunks of 2 or 4 KiB.
func XDP(iface string, opts ...Option) udp.Option {
	return udp.Use(xdpSockets(newSettings(iface, opts)))
}
