package raw

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/internal/flowfilter"
	"github.com/leat-io/leat/sources/udp"
)

// matchOf is what a source receives from an interface: what is sent to the address that its sockets are bound to, or to all that
// the interface has, and to its groups.
func matchOf(iface *net.Interface, o *udp.Opening) (flowfilter.Match, error) {
	local := o.Local()
	m := flowfilter.Match{Addrs: o.Groups(), Port: local.Port()}
	have, err := addresses(iface)
	if err != nil {
		return m, err
	}
	switch a := local.Addr().WithZone(""); {
	case a.IsUnspecified():
		for _, h := range have {
			if h.Is4() || a.Is6() {
				m.Addrs = append(m.Addrs, h)
			}
		}
	case slices.Contains(have, a):
		m.Addrs = append(m.Addrs, a)
	case !slices.Contains(m.Addrs, a):
		return m, fmt.Errorf("%v is no address of the interface, which has %v", a, have)
	}
	return m, nil
}

func addresses(iface *net.Interface) (all []netip.Addr, err error) {
	nets, err := iface.Addrs()
	for _, n := range nets {
		if p, ok := n.(*net.IPNet); ok {
			if a, ok := netip.AddrFromSlice(p.IP); ok {
				all = append(all, a.Unmap())
			}
		}
	}
	return all, err
}

// state asks how the interface is. The socket says in which network.
func (e *engine) state() (s string) {
	s = "gone"
	e.opening.Control(func(fd int) {
		r, err := unix.NewIfreq(e.iface)
		if err == nil {
			err = unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, r)
		}
		switch {
		case errors.Is(err, unix.ENODEV):
		case err != nil:
			s = err.Error()
		case r.Uint16()&unix.IFF_UP == 0:
			s = "down"
		default:
			s = "up"
		}
	})
	return s
}

// queues is how many queues an interface receives from: 1 where the driver does not say.
func queues(o *udp.Opening, iface string) (n int) {
	const getChannels = 0x3c // ETHTOOL_GCHANNELS
	channels := struct {
		command                        uint32
		_                              [4]uint32 // the most of each
		receive, send, other, combined uint32
	}{command: getChannels}
	var r struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte // struct ifreq is longer than what is used of it
	}
	copy(r.name[:unix.IFNAMSIZ-1], iface)
	r.data = unsafe.Pointer(&channels)
	n = 1
	o.Control(func(fd int) {
		if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&r))); e == 0 {
			n = max(int(channels.receive+channels.combined), 1)
		}
	})
	return n
}
