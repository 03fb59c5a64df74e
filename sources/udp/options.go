package udp

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// An Option changes a source.
type Option func(*Source)

// settings are what options change.
type settings struct {
	name        string
	batch       int
	maxDatagram int
	lanesAsked  int
	nap         time.Duration
	receive     int     // bytes of the receive buffer
	send        int     // bytes of the send buffer; 0 leaves the system's
	connect     string  // the only peer, or ""
	groups      []group // of multicast
	extras      extras  // what is to be known of each packet
	refused     error   // of an option whose value makes no sense
}

// A group is one of multicast, and the interface on which it is joined.
type group struct {
	addr  netip.Addr
	iface string
}

// Defaults of the options.
const (
	// DefaultBatch is as many as the lane behind a queue takes at once. The first of a batch waits for the last.
	DefaultBatch = 64
	// DefaultMaxDatagram holds what fits into one frame of Ethernet, and what is made of a few for a tunnel.
	DefaultMaxDatagram = 2048
	// DefaultNap is how long a lane sleeps between two looks while much arrives. The system's timers add as much again.
	DefaultNap = 50 * time.Microsecond
	// DefaultReceiveBuffer holds 20 000 short datagrams as the kernel counts them, 832 bytes each in twice what is asked for: what
	// arrives in 20 ms at a million in a second.
	DefaultReceiveBuffer = 8 << 20
)

// maxPayload is the longest payload of IPv4 and IPv6, 65 507 and 65 527 bytes, rounded up.
const maxPayload = 65535

func defaults() settings {
	return settings{batch: DefaultBatch, maxDatagram: DefaultMaxDatagram, lanesAsked: 1, nap: DefaultNap, receive: DefaultReceiveBuffer}
}

// Name is the name of the node. The default is "udp" and the address.
func Name(n string) Option { return func(s *Source) { s.name = n } }

// Batch is the most datagrams that are received at once and pushed together. The default is 64.
func Batch(n int) Option { return func(s *Source) { s.batch = n } }

// MaxDatagram is the most bytes of a datagram that are received. The rest of a longer one is lost, the packet is flagged
// [Truncated], and it is counted. The default is 2048; 65 535 is enough for all there are.
func MaxDatagram(bytes int) Option { return func(s *Source) { s.maxDatagram = bytes } }

// Lanes is how many sockets share the address, each with a lane of its own (SO_REUSEPORT; Linux). The kernel gives each flow to
// one of them, by a hash of the addresses and ports, so a flow keeps its order. The default is 1.
func Lanes(n int) Option { return func(s *Source) { s.lanesAsked = n } }

// Nap is how long a lane of [Mmsg] or [GRO] sleeps between two looks while much arrives. A shorter one wakes more often for
// fewer packets; a longer one needs a larger receive buffer and makes packets wait. The default is 50 µs; 0 never naps.
func Nap(d time.Duration) Option { return func(s *Source) { s.nap = d } }

// ReceiveBuffer is how many bytes may wait in the kernel for each lane, with the kernel's bookkeeping (SO_RCVBUF). It is set
// beyond the system's limit where the process may (SO_RCVBUFFORCE, CAP_NET_ADMIN), and up to the limit elsewhere; what was got
// is a gauge. The default is 8 MiB.
func ReceiveBuffer(bytes int) Option { return func(s *Source) { s.receive = bytes } }

// SendBuffer is how many bytes that were sent may wait in the kernel (SO_SNDBUF), and likewise. The default is the system's.
func SendBuffer(bytes int) Option { return func(s *Source) { s.send = bytes } }

// Connect fixes the peer, host:port: only what it sends is received. Errors that ICMP brings are counted then.
func Connect(peer string) Option { return func(s *Source) { s.connect = peer } }

// Multicast joins a group on the interface of a name, or on one that the system chooses when that is empty. It may be given
// several times. The address to listen on should be the group's own, or all interfaces.
func Multicast(g, iface string) Option {
	return func(s *Source) {
		a, err := netip.ParseAddr(g)
		if err == nil && !a.IsMulticast() {
			err = errors.New("it is not one of multicast")
		}
		if err != nil {
			s.refused = fmt.Errorf("the group %q: %w", g, err)
			return
		}
		s.groups = append(s.groups, group{addr: a, iface: iface})
	}
}

// extras are what the kernel is asked to say of each packet, in control messages that cost time and are off by default.
type extras uint8

const (
	wantDestination extras = 1 << iota
	wantTTL
	wantTOS
	wantTime
)

func want(e extras) Option { return func(s *Source) { s.extras |= e } }

// Destination has [Packet.Local] be the address that the packet was sent to, for a source that listens on several, and has
// [Send] answer from it (IP_PKTINFO; Linux). With [Std] answers go out from the address that the system chooses.
func Destination() Option { return want(wantDestination) }

// TTL has Packet.TTL be set (IP_RECVTTL, IPV6_RECVHOPLIMIT; Linux).
func TTL() Option { return want(wantTTL) }

// TOS has Packet.TOS be set (IP_RECVTOS, IPV6_RECVTCLASS; Linux).
func TOS() Option { return want(wantTOS) }

// Timestamps has Packet.Received be set (SO_TIMESTAMPNS; Linux).
func Timestamps() Option { return want(wantTime) }

// validate says what is wrong, in a sentence.
func (s *Source) validate() error {
	if s.refused != nil {
		return s.refused
	}
	for _, c := range []struct {
		what       string
		have       int
		least, max int
	}{
		{"a batch", s.batch, 1, 1024},
		{"the longest datagram", s.maxDatagram, 1, maxPayload},
		{"the number of lanes", s.lanesAsked, 1, 256},
		{"the receive buffer", s.receive, 1, 1 << 30},
		{"the send buffer", s.send, 0, 1 << 30},
		{"the nap in microseconds", int(s.nap / time.Microsecond), 0, 100_000},
	} {
		if c.have < c.least || c.have > c.max {
			return fmt.Errorf("%s must be between %d and %d, not %d", c.what, c.least, c.max, c.have)
		}
	}
	switch {
	case s.connect != "" && s.lanesAsked > 1:
		return errors.New("one peer is one flow, which one lane receives: Connect and Lanes exclude each other")
	case len(s.groups) > 0 && s.lanesAsked > 1:
		return errors.New("each socket of a group receives all of its packets: Multicast and Lanes exclude each other")
	}
	return s.engine.validate(s)
}
