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

// A Host is one end of the cable.
type Host struct {
	Iface string // name of the interface
	Index int    // of the interface
	MAC   [6]byte
	IP4   netip.Addr
	IP6   netip.Addr

	ns *os.File // the namespace
}

// New makes two hosts, each of which has an address of IPv4 and one of IPv6 and knows the other's.
func New() (near, far *Host, err error) {
	near = &Host{Iface: "near", MAC: [6]byte{2, 0, 0, 0, 0, 1}, IP4: netip.MustParseAddr("10.77.0.1"), IP6: netip.MustParseAddr("fd77::1")}
	far = &Host{Iface: "far", MAC: [6]byte{2, 0, 0, 0, 0, 2}, IP4: netip.MustParseAddr("10.77.0.2"), IP6: netip.MustParseAddr("fd77::2")}
	defer func() {
		if err != nil {
			err = errors.Join(err, near.Close(), far.Close())
		}
	}()
	if err := errors.Join(near.unshare(), far.unshare()); err != nil {
		return nil, nil, err
	}
	_, err = near.Run("ip link add near address " + mac(near) + " type veth peer name far address " + mac(far) + fmt.Sprintf(" netns /proc/%d/fd/%d", os.Getpid(), far.ns.Fd()))
	if err == nil {
		err = errors.Join(near.join(far), far.join(near))
	}
	return near, far, err
}

// Close lets go of the host. It vanishes when nothing runs on it any more.
func (h *Host) Close() error {
	if h.ns == nil {
		return nil
	}
	return h.ns.Close()
}

func mac(h *Host) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", h.MAC[0], h.MAC[1], h.MAC[2], h.MAC[3], h.MAC[4], h.MAC[5])
}

// join sets up one end. Neighbours are told, so that nobody has to ask, and no time passes until an address may be used.
func (h *Host) join(peer *Host) (err error) {
	for _, c := range []string{
		"link set lo up",
		"link set " + h.Iface + " up",
		"addr add " + h.IP4.String() + "/24 dev " + h.Iface,
		"addr add " + h.IP6.String() + "/64 dev " + h.Iface + " nodad",
		"neigh add " + peer.IP4.String() + " lladdr " + mac(peer) + " dev " + h.Iface,
		"neigh add " + peer.IP6.String() + " lladdr " + mac(peer) + " dev " + h.Iface,
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
