package udp

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// mostHeaders is how many trains or single packets go out with one system call.
	mostHeaders = 64
	// mostTrain is how many packets a train has at most: the kernel's UDP_MAX_SEGMENTS was 64 before Linux 6.9.
	mostTrain = 64
	// mostTrainBytes is the longest payload of a train, that of one packet of IPv4.
	mostTrainBytes = 65507
	// sendControl is room for the control messages of one header: the size of segments, and the address to send from.
	sendControl = 64
	// sendWait is the longest wait of one batch for room in the buffer of a socket: a device of 1 Gbit/s empties half of the
	// default buffer in it.
	sendWait = time.Millisecond
)

// A transmitter is the memory of one sink for system calls.
type transmitter struct {
	headers []unix.Mmsghdr
	runs    [mostHeaders][]*Packet // what each header sends
	names   []unix.RawSockaddrInet6
	vectors []unix.Iovec
	control []byte
	waited  bool         // for room, in this batch
	singles bool         // packets go one by one
	alone   *transmitter // for trains that the system refuses, once there has been one
}

func (t *transmitter) make() {
	t.headers, t.names = make([]unix.Mmsghdr, mostHeaders), make([]unix.RawSockaddrInet6, mostHeaders)
	t.vectors, t.control = make([]unix.Iovec, mostPending), make([]byte, mostHeaders*sendControl)
}

func (t *transmitter) transmit(s *send, k *socket, b []*Packet) {
	if k.conn != nil {
		s.transmitPlain(k, b)
		return
	}
	if t.headers == nil {
		t.make()
	}
	t.waited, t.singles = false, !s.trains
	for len(b) > 0 {
		n, filled := t.fill(k, b)
		t.send(s, k, filled)
		b = b[n:]
	}
	clear(t.runs[:])
}

// fill prepares headers for packets from the front of b. It returns how many packets are dealt with, and how many headers
// there are.
func (t *transmitter) fill(k *socket, b []*Packet) (n, filled int) {
	vectors := t.vectors
	for n < len(b) && filled < mostHeaders && len(vectors) > 0 {
		to, ok := k.destination(b[n])
		if !ok {
			k.source.counts.unsent.count(unsentNoPeer, 1)
			n++
			continue
		}
		run := t.run(b[n:], len(vectors))
		n += len(run)
		t.runs[filled] = run
		for i, p := range run {
			vectors[i].Base = unsafe.SliceData(p.Data)
			vectors[i].SetLen(len(p.Data))
		}
		h := &t.headers[filled].Hdr
		*h = unix.Msghdr{Iov: &vectors[0]}
		h.SetIovlen(len(run))
		vectors = vectors[len(run):]
		if !k.peer.IsValid() {
			h.Name = (*byte)(unsafe.Pointer(&t.names[filled]))
			h.Namelen = setAddress(&t.names[filled], to, k.kernel.v6)
		}
		t.controls(k, h, filled, run)
		filled++
	}
	return n, filled
}

// run is the packets at the front of b that may go as one train: with the same peer, from the same address, of the same length
// but for the last, which may be shorter.
func (t *transmitter) run(b []*Packet, most int) []*Packet {
	first := b[0]
	size, total := len(first.Data), len(first.Data)
	if t.singles || size == 0 {
		return b[:1]
	}
	n := 1
	for n < min(len(b), most, mostTrain) {
		p := b[n]
		total += len(p.Data)
		if len(p.Data) == 0 || len(p.Data) > size || total > mostTrainBytes || p.Peer != first.Peer ||
			p.addressed != first.addressed || p.local != first.local {
			break
		}
		if n++; len(p.Data) < size {
			break
		}
	}
	return b[:n]
}

// controls adds the control messages of a header.
func (t *transmitter) controls(k *socket, h *unix.Msghdr, i int, run []*Packet) {
	b := t.control[i*sendControl : i*sendControl : (i+1)*sendControl]
	if len(run) > 1 {
		size := uint16(len(run[0].Data))
		b = message(b, unix.SOL_UDP, unix.UDP_SEGMENT, unsafe.Slice((*byte)(unsafe.Pointer(&size)), 2))
	}
	if p := run[0]; p.addressed != atSocket && k.local.Addr().IsUnspecified() {
		switch from := p.Local().Addr(); {
		case from.IsMulticast():
		case k.kernel.v6:
			info := unix.Inet6Pktinfo{Addr: from.As16()}
			b = message(b, unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, unsafe.Slice((*byte)(unsafe.Pointer(&info)), unsafe.Sizeof(info)))
		case from.Is4():
			info := unix.Inet4Pktinfo{Spec_dst: from.As4()}
			b = message(b, unix.IPPROTO_IP, unix.IP_PKTINFO, unsafe.Slice((*byte)(unsafe.Pointer(&info)), unsafe.Sizeof(info)))
		}
	}
	if len(b) > 0 {
		h.Control = unsafe.SliceData(b)
		h.SetControllen(len(b))
	}
}

// message appends one control message.
func message(b []byte, level, kind int32, data []byte) []byte {
	n := len(b)
	b = b[:n+unix.CmsgSpace(len(data))]
	h := (*unix.Cmsghdr)(unsafe.Pointer(&b[n]))
	h.Level, h.Type = level, kind
	h.SetLen(unix.CmsgLen(len(data)))
	copy(b[n+unix.CmsgLen(0):], data)
	return b
}

// send sends the headers that are filled. What cannot be sent is counted, and the rest goes on.
func (t *transmitter) send(s *send, k *socket, filled int) {
	retried := -1 // the header of which an error has been forgiven
	for at := 0; at < filled; {
		n, e := sendmmsg(k.kernel.fd, t.headers[at:filled])
		for _, run := range t.runs[at : at+n] {
			s.wrote(run)
		}
		if at += n; e == 0 {
			continue
		}
		run := t.runs[at]
		switch {
		case e == unix.EINTR:
			continue
		case e == unix.EAGAIN || e == unix.ENOBUFS:
			if !t.waited && e == unix.EAGAIN {
				t.waited = true
				awaitRoom(k.kernel.fd)
				continue
			}
			k.source.counts.unsent.count(unsentFull, packets(t.runs[at:filled]))
			return
		case isRefusal(e) && retried != at:
			// The socket was told by ICMP of a packet that it sent before, and says so once. This one has not been sent.
			retried = at
			k.source.counts.refusals.Add(1)
			continue
		case len(run) > 1 && (e == unix.EIO || e == unix.EMSGSIZE || e == unix.EINVAL || e == unix.EOPNOTSUPP):
			t.oneByOne(s, k, at)
		case e == unix.EINVAL && t.headers[at].Hdr.Control != nil:
			t.fromAnywhere(s, k, at)
		default:
			k.source.counts.unsent.count(whyUnsent(e), len(run))
		}
		at++
	}
}

// oneByOne sends the packets of a train that the system has refused.
func (t *transmitter) oneByOne(s *send, k *socket, at int) {
	if t.alone == nil {
		t.alone = &transmitter{singles: true}
		t.alone.make()
	}
	k.source.counts.broken.Add(1)
	t.alone.waited = t.waited
	_, filled := t.alone.fill(k, t.runs[at])
	t.alone.send(s, k, filled)
	t.waited = t.alone.waited
}

// fromAnywhere sends a packet whose own address the system does not take for the sender's.
func (t *transmitter) fromAnywhere(s *send, k *socket, at int) {
	h := &t.headers[at].Hdr
	h.Control = nil
	h.SetControllen(0)
	if _, e := sendmmsg(k.kernel.fd, t.headers[at:at+1]); e != 0 {
		k.source.counts.unsent.count(whyUnsent(e), len(t.runs[at]))
		return
	}
	s.wrote(t.runs[at])
}

func (s *send) wrote(run []*Packet) {
	for _, p := range run {
		s.lane.Wrote(len(p.Data))
	}
}

func packets(runs [][]*Packet) (n int) {
	for _, r := range runs {
		n += len(r)
	}
	return n
}

// isRefusal says whether an error is about a packet that was sent before.
func isRefusal(e syscall.Errno) bool {
	return e == unix.ECONNREFUSED || e == unix.EHOSTUNREACH || e == unix.ENETUNREACH || e == unix.EPROTO
}

// awaitRoom waits for room in the buffer of a socket, but not for long.
func awaitRoom(fd int) {
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	t := unix.NsecToTimespec(int64(sendWait))
	_, _, _ = unix.Syscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&fds)), 1, uintptr(unsafe.Pointer(&t)), 0, 0, 0)
}
