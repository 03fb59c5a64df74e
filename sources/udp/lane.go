package udp

import (
	"net/netip"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// A lane is one goroutine that receives, with the batch that it is filling.
type lane struct {
	source *Source
	index  int
	socket *socket
	inlet  *pipeline.Inlet[Packet]
	arena  *stage.Arena[Packet]
	batch  []*Packet
	done   chan struct{} // closed when run has returned
}

// room is how many packets the batch still takes.
func (l *lane) room() int { return l.source.batch - len(l.batch) }

// add copies a datagram into the lane and adds the packet to the batch. It is the way for engines whose buffers the kernel
// fills again: a datagram takes as much of a slab as it has bytes, however long it might have been, so that what waits in
// queues stays in the cache.
func (l *lane) add(peer netip.AddrPort, datagram []byte) *Packet {
	return l.copied(peer, FlowHash(peer, l.socket.local), datagram)
}

// copied is add for a flow whose hash is known.
func (l *lane) copied(peer netip.AddrPort, hash uint64, datagram []byte) *Packet {
	slab, b := l.inlet.Lane.Bytes(min(len(datagram), l.source.maxDatagram))
	copy(b, datagram)
	p := l.lend(peer, hash, slab, b)
	if len(datagram) > l.source.maxDatagram {
		l.truncated(p)
	}
	return p
}

// lend adds a packet whose bytes lie in a slab of the lane already.
func (l *lane) lend(peer netip.AddrPort, hash uint64, slab *stage.Slab, datagram []byte) *Packet {
	p := l.arena.New()
	p.SetConn(&l.socket.Conn)
	p.SetSlab(slab)
	p.Data, p.Peer, p.Hash = datagram, peer, hash
	l.batch = append(l.batch, p)
	l.inlet.Lane.Received(len(datagram))
	return p
}

// truncated flags a packet of which a part is missing.
func (l *lane) truncated(p *Packet) {
	p.Flags |= Truncated
	l.source.counts.truncated.Add(1)
}

// push lets the lane work on the batch.
func (l *lane) push() {
	if len(l.batch) == 0 {
		return
	}
	l.inlet.Push(l.batch)
	l.batch = l.batch[:0]
}
