package udp

import (
	"errors"
	"net/netip"

	"github.com/leat-io/leat/stage"
)

// Send sends each packet to its Peer, once the batch has passed through the lane, through the socket that its Head names: the
// one that it came through, or that Head.SetConn gave it. It works on the lane that it is fused into, and never waits: what the
// system does not take is lost, as it would be on the way, and is counted by the source of the socket as "not sent", by reason.
//
// On Linux all of a batch goes out with few system calls (sendmmsg), and packets that follow one another with the same peer
// and the same length go as one train, which costs the kernel little more than one packet (UDP_SEGMENT). Nothing is copied for
// that. Where the system or a device refuses a train, its packets go one by one.
//
// Packets that have failed ([stage.Head.Failed]) are left out.
func Send(opts ...SendOption) stage.SinkMaker[Packet] {
	cfg := sending{trains: true}
	for _, o := range opts {
		o(&cfg)
	}
	return func(l *stage.Lane) stage.Sink[Packet] {
		s := &send{lane: l, sending: cfg}
		l.OnEnd(s.flush)
		return s
	}
}

// A SendOption changes a sink.
type SendOption func(*sending)

type sending struct{ trains bool }

// Trains says whether packets of one peer and length are sent together (UDP_SEGMENT). The default is true.
func Trains(on bool) SendOption { return func(s *sending) { s.trains = on } }

// The reasons for which packets are not sent, as they are counted.
const (
	unsentNoPeer  = "no peer"           // Peer is no address that the socket can send to
	unsentFull    = "buffers full"      // of the socket, or of the device
	unsentRefused = "refused by a peer" // ICMP said so, before or now
	unsentTooLong = "too long"
	unsentClosed  = "closed"
	unsentFailed  = "failed"
)

var errNoSocket = errors.New("a packet has no socket to go out through: Head.SetConn gives it that of a source")

// mostPending is how many packets wait at most for the end of the batch: more than one batch brings, unless a stage makes
// many of one.
const mostPending = 1024

type send struct {
	lane *stage.Lane
	sending
	pending []*Packet
	out     transmitter
}

func (s *send) Push(b []*Packet) {
	for _, p := range b {
		if p.Failed() {
			continue
		}
		s.pending = append(s.pending, p)
	}
	if len(s.pending) >= mostPending {
		s.flush()
	}
}

// flush sends what is pending, by runs of packets that go through the same socket.
func (s *send) flush() {
	b := s.pending
	for len(b) > 0 {
		k, n := socketOf(b[0]), 1
		for n < len(b) && b[n].Conn() == b[0].Conn() {
			n++
		}
		if k != nil {
			s.through(k, b[:n])
		} else {
			s.lane.Failed(errNoSocket)
		}
		b = b[n:]
	}
	clear(s.pending)
	s.pending = s.pending[:0]
}

// through sends packets through one socket, which stays open meanwhile.
func (s *send) through(k *socket, b []*Packet) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.closed {
		k.source.counts.unsent.count(unsentClosed, len(b))
		return
	}
	s.out.transmit(s, k, b)
}

// destination is where a packet goes, if the socket can send there.
func (k *socket) destination(p *Packet) (to netip.AddrPort, ok bool) {
	if k.peer.IsValid() {
		return k.peer, p.Peer == k.peer || !p.Peer.IsValid()
	}
	to = p.Peer
	return to, to.IsValid() && to.Port() != 0 && k.reachable(to.Addr())
}
