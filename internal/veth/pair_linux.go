package veth

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A Host is one end of the cable or of the link.
type Host struct {
	Iface string // name of the interface
	Index int    // of the interface
	MAC   [6]byte
	IP4   netip.Addr
	IP6   netip.Addr
	Wire  *os.File // what the interface sends is read from it, and what is written to it the interface receives; nil: it is at a cable

	ns *os.File // the namespace
}

// New makes two hosts at a cable, each of which has an address of IPv4 and one of IPv6 and knows the other's.
func New() (near, far *Host, err error) {
	return hosts(func(near, far *Host) error {
		_, err := near.Run("ip link add near address " + mac(near) + " type veth peer name far address " + mac(far) + fmt.Sprintf(" netns /proc/%d/fd/%d", os.Getpid(), far.ns.Fd()))
		if err != nil {
			return err
		}
		return errors.Join(near.join(), far.join(), near.know(far), far.know(near))
	})
}

// hosts makes two hosts and has them joined.
func hosts(join func(near, far *Host) error) (near, far *Host, err error) {
	near = &Host{Iface: "near", MAC: [6]byte{2, 0, 0, 0, 0, 1}, IP4: netip.MustParseAddr("10.77.0.1"), IP6: netip.MustParseAddr("fd77::1")}
	far = &Host{Iface: "far", MAC: [6]byte{2, 0, 0, 0, 0, 2}, IP4: netip.MustParseAddr("10.77.0.2"), IP6: netip.MustParseAddr("fd77::2")}
	if err = errors.Join(near.unshare(), far.unshare()); err == nil {
		err = join(near, far)
	}
	if err != nil {
		return nil, nil, errors.Join(err, near.Close(), far.Close())
	}
	return near, far, nil
}

// Close lets go of the host. It vanishes when nothing runs on it any more.
func (h *Host) Close() (err error) {
	for _, f := range []*os.File{h.Wire, h.ns} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}

func mac(h *Host) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", h.MAC[0], h.MAC[1], h.MAC[2], h.MAC[3], h.MAC[4], h.MAC[5])
}

// join sets up one end. No time passes until an address may be used.
func (h *Host) join() (err error) {
	for _, c := range []string{
		"link set lo up",
		"link set " + h.Iface + " up",
		"addr add " + h.IP4.String() + "/24 dev " + h.Iface,
		"addr add " + h.IP6.String() + "/64 dev " + h.Iface + " nodad",
	} {
		if _, err := h.Run("ip " + c); err != nil {
			return err
		}
	}
	h.Do(func() { h.Index, err = index(h.Iface) })
	if err == nil {
		err = h.settle()
	}
	return err
}

// know tells the host its neighbour's addresses on the cable, so that it need not ask.
func (h *Host) know(peer *Host) error {
	for _, a := range []netip.Addr{peer.IP4, peer.IP6} {
		if _, err := h.Run("ip neigh add " + a.String() + " lladdr " + mac(peer) + " dev " + h.Iface); err != nil {
			return err
		}
	}
	return nil
}

// settleTime is how long it may take until the kernel has done in the background what an address of IPv6 needs.
const settleTime = 5 * time.Second

// settle waits until the host receives what is sent to its address of IPv6.
func (h *Host) settle() error {
	for end := time.Now().Add(settleTime); ; time.Sleep(time.Millisecond) {
		routes, err := h.Run("ip -6 route show table local")
		if err != nil || strings.Contains(routes, "local "+h.IP6.String()+" ") {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("the host of %s does not get to use %v", h.Iface, h.IP6)
		}
	}
}

func index(name string) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = unix.Close(fd) }()
	r, err := unix.NewIfreq(name)
	if err != nil {
		return 0, err
	}
	err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, r)
	return int(r.Uint32()), err
}

// unshare makes the namespace, on a thread that ends with it.
func (h *Host) unshare() error {
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread is in another namespace than all others
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			h.ns, err = os.Open("/proc/thread-self/ns/net")
		}
		failed <- err
	}()
	return <-failed
}

// Do runs f on the host: sockets that it makes, and programs that it starts, are of the host's network. What f starts on other
// goroutines is not.
func (h *Host) Do(f func()) {
	done := make(chan any)
	go func() {
		runtime.LockOSThread()
		defer func() { done <- recover() }()
		if err := unix.Setns(int(h.ns.Fd()), unix.CLONE_NEWNET); err != nil {
			panic(err)
		}
		f()
	}()
	if p := <-done; p != nil {
		panic(p)
	}
}

// Run runs a program on the host and returns what it says. Words of the command are separated by blanks.
func (h *Host) Run(command string) (said string, err error) {
	words := strings.Fields(command)
	var out []byte
	h.Do(func() { out, err = exec.Command(words[0], words[1:]...).CombinedOutput() })
	if err != nil {
		return "", fmt.Errorf("%s, on the host of %s: %w: %s", command, h.Iface, err, out)
	}
	return string(out), nil
}

// script runs a script of the shell on the host, with mounts of its own.
func (h *Host) script(s string) (err error) {
	var out []byte
	h.Do(func() { out, err = exec.Command("unshare", "--mount", "sh", "-c", s).CombinedOutput() })
	if err != nil {
		return fmt.Errorf("%s, on the host of %s: %w: %s", s, h.Iface, err, out)
	}
	return nil
}

// Addr4 is a port of the host's address of IPv4.
func (h *Host) Addr4(port uint16) netip.AddrPort { return netip.AddrPortFrom(h.IP4, port) }

// Addr6 is a port of the host's address of IPv6.
func (h *Host) Addr6(port uint16) netip.AddrPort { return netip.AddrPortFrom(h.IP6, port) }
