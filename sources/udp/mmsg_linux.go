package udp

import (
	"fmt"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/pipeline"
)

// Mmsg is the engine that receives many datagrams with one system call (recvmmsg), on a goroutine for each lane. It blocks while
// little arrives and naps while much does: see [Nap].
func Mmsg() Option { return func(s *Source) { s.engine = &mmsgEngine{} } }

// GRO is [Mmsg] with trains: datagrams of one flow and one length that arrive close behind one another come out of the kernel
// as one piece, and are told apart without another copy (UDP_GRO). It pays where senders send trains, or devices make them of
// what they receive; of other traffic each datagram costs a little more.
//
// Buffers for a batch have 64 KiB for each train, of which only the memory is used that trains fill.
func GRO() Option { return func(s *Source) { s.engine = &mmsgEngine{gro: true} } }

type mmsgEngine struct {
	gro    bool
	riders []*rider // by lane
}

func (e *mmsgEngine) String() string {
	if e.gro {
		return "recvmmsg with GRO"
	}
	return "recvmmsg"
}

func (*mmsgEngine) validate(*Source) error            { return nil }
func (*mmsgEngine) lanes(s *Source) int               { return s.lanesAsked }
func (*mmsgEngine) waits() bool                       { return false }
func (*mmsgEngine) gauges(s *Source) []pipeline.Gauge { return s.socketGauges() }
func (e *mmsgEngine) run(l *lane)                     { e.riders[l.index].run(l) }
func (e *mmsgEngine) wake(l *lane)                    { e.riders[l.index].loop.Wake() }

func (e *mmsgEngine) open(s *Source) (err error) {
	if err := s.openSockets(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			e.close(s)
			e.riders = nil
		}
	}()
	for _, k := range s.sockets {
		if err := k.detach(); err != nil {
			return err
		}
		if e.gro {
			if err := unix.SetsockoptInt(k.kernel.fd, unix.SOL_UDP, unix.UDP_GRO, 1); err != nil {
				return fmt.Errorf("trains cannot be received: %w", os.NewSyscallError("setsockopt UDP_GRO", err))
			}
		}
		v, err := newRider(newMmsg(s, k, e.gro), s.nap)
		if err != nil {
			return err
		}
		e.riders = append(e.riders, v)
	}
	return nil
}

// close closes the sockets. Loops that have run have closed what is theirs.
func (e *mmsgEngine) close(s *Source) {
	if len(s.lanes) == 0 {
		for _, v := range e.riders {
			v.loop.Discard()
		}
	}
	s.closeSockets() // the loops are still known: a worker that was stuck may wake one that has ended
}

// An mmsg receives from one socket, into buffers of its own, because until a datagram has come nobody knows how much of a slab
// it needs.
type mmsg struct {
	source  *Source
	socket  *socket
	trains  bool
	stride  int // bytes of a buffer
	buffers []byte
	control []byte // controlRoom for each, or none
	names   []unix.RawSockaddrInet6
	vectors []unix.Iovec
	headers []unix.Mmsghdr

	have, at int  // headers that are filled, and the first of them that has not been taken
	offset   int  // bytes of that one that have been taken, of a train
	dry      bool // the last call had room for more: the next look need not ask
	sealed   bool // the last look decides that all has been received, so each asks: an error may have cut a call short
}

func newMmsg(s *Source, k *socket, trains bool) *mmsg {
	r := &mmsg{source: s, socket: k, trains: trains, stride: s.maxDatagram}
	if trains {
		r.stride = maxPayload
	}
	n := s.batch
	r.buffers = make([]byte, n*r.stride) // untouched memory costs nothing
	r.names = make([]unix.RawSockaddrInet6, n)
	r.vectors, r.headers = make([]unix.Iovec, n), make([]unix.Mmsghdr, n)
	if trains || s.extras != 0 {
		r.control = make([]byte, n*controlRoom)
	}
	for i := range n {
		r.vectors[i].Base = &r.buffers[i*r.stride]
		r.vectors[i].SetLen(r.stride)
		h := &r.headers[i].Hdr
		h.Iov = &r.vectors[i]
		h.SetIovlen(1)
	}
	r.have = n
	r.reset()
	return r
}

// reset prepares the headers that the kernel has filled for the next call.
func (r *mmsg) reset() {
	for i := range r.headers[:r.have] {
		h := &r.headers[i].Hdr
		h.Name, h.Namelen = (*byte)(unsafe.Pointer(&r.names[i])), unix.SizeofSockaddrInet6
		if r.control != nil {
			h.Control = &r.control[i*controlRoom]
			h.SetControllen(controlRoom)
		}
	}
	r.have, r.at, r.offset = 0, 0, 0
}

func (r *mmsg) descriptor() int { return r.socket.kernel.fd }

// look receives, unless there is something left to take.
func (r *mmsg) look() (n int, err error) {
	if r.have > r.at {
		return r.have - r.at, nil
	}
	if r.dry {
		r.dry = false
		return 0, nil
	}
	r.reset()
	for tries := 0; ; tries++ {
		n, e := recvmmsg(r.socket.kernel.fd, r.headers)
		switch {
		case e == 0:
			r.have, r.dry = n, n < len(r.headers) && !r.sealed
			return n, nil
		case e == unix.EAGAIN:
			return 0, nil
		case e == unix.EBADF || e == unix.ENOTSOCK || e == unix.EINVAL || e == unix.EFAULT:
			return 0, os.NewSyscallError("recvmmsg", e)
		case e != unix.EINTR: // it is about a packet that was sent before, or the kernel has no memory now
			r.source.counts.readings.Add(1)
			if tries == 16 {
				time.Sleep(retryAfter)
				return 0, nil
			}
		}
	}
}

// take implements receiver.
func (r *mmsg) take(l *lane) (more bool) {
	for l.room() > 0 && r.at < r.have {
		i := r.at
		h := &r.headers[i]
		peer := addressOf(&r.names[i])
		b := r.buffers[i*r.stride:][:h.Len]
		var p Packet // what holds for all of a train
		segment := 0
		if r.control != nil {
			segment = r.socket.describe(&p, r.control[i*controlRoom:][:h.Hdr.Controllen])
		}
		if r.trains && segment > 0 && segment < len(b) {
			if !r.split(l, peer, b, segment, &p) {
				return true
			}
			r.at++
			continue
		}
		r.at++
		one := l.add(peer, b)
		if r.control != nil {
			one.inherit(&p)
		}
		if h.Hdr.Flags&unix.MSG_TRUNC != 0 {
			l.truncated(one)
		}
	}
	return r.at < r.have
}

// split adds the packets of a train, as many as the batch has room for: they lie behind one another, in one piece of a slab. It
// reports whether those were the last.
func (r *mmsg) split(l *lane, peer netip.AddrPort, train []byte, segment int, like *Packet) (done bool) {
	rest := train[r.offset:]
	slab, b := l.inlet.Lane.Bytes(min(len(rest), l.room()*segment))
	copy(b, rest)
	r.offset += len(b)
	hash := FlowHash(peer, r.socket.local)
	for len(b) > 0 {
		n := min(segment, len(b))
		whole := min(n, r.source.maxDatagram)
		p := l.lend(peer, hash, slab, b[:whole:whole])
		p.inherit(like)
		if whole < n {
			l.truncated(p)
		}
		b = b[n:]
	}
	if r.offset < len(train) {
		return false
	}
	r.offset = 0
	return true
}

// seal implements receiver.
func (r *mmsg) seal() (most int, ok bool) {
	r.dry, r.sealed = false, true
	return r.socket.mostWaiting(), r.socket.seal()
}

// close has nothing to give back: the socket outlives the loop, because others send through it.
func (*mmsg) close() {}
