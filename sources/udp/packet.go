package udp

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/leat-io/leat/stage"
)

// A Packet is one datagram. It is borrowed like every message: Data lies in a slab of the lane that has received it, and both
// are taken back when the batch has left the lane.
//
// Its Head names the socket through which it came. There are no connections and no tickets: Head.Fail, or a panic in a stage,
// costs the packet and nothing else. A packet that a stage makes by itself goes out through the socket that Head.SetConn gives
// it, to Peer.
//
// It is 120 bytes, so that a copy in a queue fits into two cache lines.
type Packet struct {
	stage.Head
	Data []byte         // what was sent, without headers; it may be empty
	Peer netip.AddrPort // who has sent it, and where [Send] sends it
	Hash uint64         // xxhash of the flow, which is both addresses and ports; 0 for a packet that was not received

	// Received is when the kernel has received it, in nanoseconds of Unix time: only with the option [Timestamps], else 0.
	Received int64

	local     [16]byte // the address that it was sent to, when that is known
	localPort uint16
	addressed addressed

	Flags Flags
	TTL   uint8 // or hop limit: only with the option [TTL]
	TOS   uint8 // or traffic class, the low two bits of which are ECN: only with the option [TOS]
}

// Flags say what is special about a packet.
type Flags uint8

// Truncated says that the datagram was longer than the source's MaxDatagram: the rest is lost.
const Truncated Flags = 1 << 0

// addressed says what is known of the address that a packet was sent to.
type addressed uint8

const (
	atSocket addressed = iota // what the socket is bound to
	at4
	at6
)

// Payload returns Data, for codec.Datagram.
func (p *Packet) Payload() []byte { return p.Data }

// Local is the address that the packet was sent to. With the option [Destination], and of engines that see whole frames, it is
// that of the packet itself; else it is what the socket is bound to, which may be all addresses. It is not valid for a packet
// that has no socket.
func (p *Packet) Local() netip.AddrPort {
	switch p.addressed {
	case at4:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(p.local[:4])), p.localPort)
	case at6:
		return netip.AddrPortFrom(netip.AddrFrom16(p.local), p.localPort)
	}
	if s := socketOf(p); s != nil {
		return s.local
	}
	return netip.AddrPort{}
}

// SetLocal says where the packet was sent to. [Send] answers from that address where the system lets it.
func (p *Packet) SetLocal(a netip.AddrPort) {
	p.localPort = a.Port()
	if ip := a.Addr(); ip.Is4() {
		ip4 := ip.As4()
		copy(p.local[:], ip4[:])
		p.addressed = at4
	} else {
		p.local = ip.As16()
		p.addressed = at6
	}
}

// inherit takes over what control messages say of a train, or of a datagram before there is a packet.
func (p *Packet) inherit(of *Packet) {
	p.local, p.localPort, p.addressed = of.local, of.localPort, of.addressed
	p.TTL, p.TOS, p.Received = of.TTL, of.TOS, of.Received
}

// Time is Received as a time, or the zero Time.
func (p *Packet) Time() time.Time {
	if p.Received == 0 {
		return time.Time{}
	}
	return time.Unix(0, p.Received)
}

// ByFlow is the key of a Shard that keeps a flow together: the packets with the same addresses and ports on both sides. It is
// Hash, which was computed when the packet was received.
func ByFlow(p *Packet) uint64 { return p.Hash }

// ByPeer is the key of a Shard that keeps the packets of one sender, an address and a port, together, whatever address they
// were sent to. Of IPv4 it is the address and the port themselves, which a Shard hashes.
func ByPeer(p *Packet) uint64 {
	ip, port := p.Peer.Addr(), p.Peer.Port()
	if ip.Is4() {
		b := ip.As4()
		return uint64(binary.BigEndian.Uint32(b[:]))<<16 | uint64(port)
	}
	var key [18]byte
	b := ip.As16()
	copy(key[:], b[:])
	binary.BigEndian.PutUint16(key[16:], port)
	return xxhash.Sum64(key[:])
}

// FlowHash is what Hash is of a packet from peer to local: xxhash of both addresses and ports, 12 bytes of IPv4 and 36 of
// IPv6. Engines compute it once for each packet.
func FlowHash(peer, local netip.AddrPort) uint64 {
	if p, l := peer.Addr(), local.Addr(); p.Is4() && (l.Is4() || !l.IsValid()) {
		var key [12]byte
		from, to := p.As4(), [4]byte{}
		if l.IsValid() {
			to = l.As4()
		}
		binary.LittleEndian.PutUint64(key[:], uint64(binary.LittleEndian.Uint32(from[:]))|uint64(binary.LittleEndian.Uint32(to[:]))<<32)
		binary.BigEndian.PutUint32(key[8:], uint32(peer.Port())<<16|uint32(local.Port()))
		return xxhash.Sum64(key[:])
	}
	return flowHash6(peer, local)
}

func flowHash6(peer, local netip.AddrPort) uint64 {
	var key [36]byte
	from := peer.Addr().As16()
	copy(key[:], from[:])
	if local.Addr().IsValid() {
		to := local.Addr().As16()
		copy(key[16:], to[:])
	}
	binary.BigEndian.PutUint32(key[32:], uint32(peer.Port())<<16|uint32(local.Port()))
	return xxhash.Sum64(key[:])
}
