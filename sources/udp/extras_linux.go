package udp

import (
	"encoding/binary"
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// controlRoom is enough for all control messages that may come with one datagram: two of 16 bytes of payload at most and four
// of 4, each behind a header of 16, and what GRO says.
const controlRoom = 256

// ask has the kernel say more of each datagram.
func ask(fd int, v6 bool, e extras) error {
	type option struct {
		name   string
		level  int
		option int
	}
	var wanted []option
	add := func(bit extras, v4, v6name option) {
		if e&bit == 0 {
			return
		}
		if v6 {
			wanted = append(wanted, v6name)
		}
		wanted = append(wanted, v4) // a socket of both families wants it too
	}
	add(wantDestination, option{"IP_PKTINFO", unix.IPPROTO_IP, unix.IP_PKTINFO}, option{"IPV6_RECVPKTINFO", unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO})
	add(wantTTL, option{"IP_RECVTTL", unix.IPPROTO_IP, unix.IP_RECVTTL}, option{"IPV6_RECVHOPLIMIT", unix.IPPROTO_IPV6, unix.IPV6_RECVHOPLIMIT})
	add(wantTOS, option{"IP_RECVTOS", unix.IPPROTO_IP, unix.IP_RECVTOS}, option{"IPV6_RECVTCLASS", unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS})
	if e&wantTime != 0 {
		wanted = append(wanted, option{"SO_TIMESTAMPNS", unix.SOL_SOCKET, unix.SO_TIMESTAMPNS})
	}
	for _, o := range wanted {
		if err := unix.SetsockoptInt(fd, o.level, o.option, 1); err != nil {
			return os.NewSyscallError("setsockopt "+o.name, err)
		}
	}
	return nil
}

// describe notes what the control messages say of a packet. They are well formed, because the kernel has written them; what is
// cut off at their end is not looked at. It returns the size of the segments of a train, or 0.
func (k *socket) describe(p *Packet, control []byte) (segment int) {
	for len(control) >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
		if int(h.Len) < unix.CmsgLen(0) || int(h.Len) > len(control) {
			break
		}
		data := control[unix.CmsgLen(0):int(h.Len)]
		switch {
		case h.Level == unix.SOL_UDP && h.Type == unix.UDP_GRO && len(data) >= 4:
			segment = int(int32(binary.NativeEndian.Uint32(data)))
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			p.SetLocal(netip.AddrPortFrom(netip.AddrFrom4([4]byte(data[8:12])), k.local.Port()))
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			p.SetLocal(netip.AddrPortFrom(netip.AddrFrom16([16]byte(data[:16])).Unmap(), k.local.Port()))
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_TTL && len(data) >= 4,
			h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_HOPLIMIT && len(data) >= 4:
			p.TTL = uint8(binary.NativeEndian.Uint32(data))
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_TOS && len(data) >= 1:
			p.TOS = data[0]
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_TCLASS && len(data) >= 4:
			p.TOS = uint8(binary.NativeEndian.Uint32(data))
		case h.Level == unix.SOL_SOCKET && h.Type == unix.SO_TIMESTAMPNS && len(data) >= int(unsafe.Sizeof(unix.Timespec{})):
			p.Received = (*unix.Timespec)(unsafe.Pointer(&data[0])).Nano()
		}
		control = control[min(unix.CmsgSpace(len(data)), len(control)):]
	}
	return segment
}
