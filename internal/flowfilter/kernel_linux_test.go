package flowfilter

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/netip"
	"os"
	"testing"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// A verdict asks the kernel whether it picks a frame.
type verdict func(t *testing.T, f []byte) bool

// classic attaches the filter to a pair of sockets, which is given the frame as a message.
func classic(t *testing.T, m Match) verdict {
	filter, err := m.Classic()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(unix.Close(pair[0]), unix.Close(pair[1])) })
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: unsafe.SliceData(filter)}
	if err := unix.SetsockoptSockFprog(pair[1], unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &prog); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2048)
	return func(t *testing.T, f []byte) bool {
		err := unix.Send(pair[0], f, 0)
		if err != nil && !errors.Is(err, unix.EPERM) { // EPERM: a filter of the receiver has left it
			t.Fatal(err)
		}
		n, _, err := unix.Recvfrom(pair[1], buf, 0)
		return err == nil && bytes.Equal(buf[:n], f)
	}
}

// loaded gives frames to a program in the kernel without any interface.
func loaded(t *testing.T, spec *ebpf.ProgramSpec, picked uint32) verdict {
	prog, err := ebpf.NewProgram(spec)
	if errors.Is(err, os.ErrPermission) || errors.Is(err, ebpf.ErrNotSupported) {
		t.Skip("this system does not let the test load programs of eBPF: ", err)
	}
	var v *ebpf.VerifierError
	if errors.As(err, &v) {
		t.Fatalf("%+v", v)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = prog.Close() })
	return func(t *testing.T, f []byte) bool {
		if len(f) < 14 {
			return false // the kernel does not try such
		}
		got, err := prog.Run(&ebpf.RunOptions{Data: f, DataOut: make([]byte, len(f)+512)})
		if err != nil {
			t.Fatal(err)
		}
		return got == picked
	}
}

func tcx(t *testing.T, m Match) (verdict, *ebpf.Map) {
	counter, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	if err != nil {
		t.Skip("this system does not let the test make maps of eBPF: ", err)
	}
	t.Cleanup(func() { _ = counter.Close() })
	return loaded(t, &ebpf.ProgramSpec{Type: ebpf.SchedCLS, License: "Apache-2.0", Instructions: dropping(m, counter.FD())}, tcxDrop), counter
}

// xdpRedirected is what the program of XDP answers when a socket is there to take the frame. Without one it would pass it, as it
// passes what it leaves; so the test has it answer that.
const xdpRedirected = 1

func xdpVerdict(t *testing.T, m Match) verdict {
	sockets, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.XSKMap, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	if err != nil {
		t.Skip("this system does not let the test make maps of eBPF: ", err)
	}
	t.Cleanup(func() { _ = sockets.Close() })
	p := redirecting(m, own, sockets.FD())
	for i := range p {
		if p[i].Dst == 3 && p[i].Constant == xdpPass && p[i].OpCode.Class().IsALU() {
			p[i].Constant = xdpRedirected
		}
	}
	return loaded(t, &ebpf.ProgramSpec{Type: ebpf.XDP, License: "Apache-2.0", Instructions: p}, xdpRedirected)
}

func TestTheKernelPicksTheSameInThreeWays(t *testing.T) {
	drop, counter := tcx(t, match)
	ways := map[string]verdict{"the socket's filter": classic(t, match), "the rule": drop, "XDP": xdpVerdict(t, match)}
	all := samples(t)
	var picked uint64
	for _, s := range all {
		for way, v := range ways {
			if got := v(t, s.frame); got != s.want {
				t.Errorf("%s, %s: %v, want %v", way, s.name, got, s.want)
			}
		}
		if s.want {
			picked++
		}
	}
	// And now such as nobody has thought of: each sample with a few bytes changed, of which the first six are the interface's.
	r := rand.New(rand.NewPCG(7, 9))
	for range 3000 {
		f := bytes.Clone(all[r.IntN(len(all))].frame)
		for range 1 + r.IntN(3) {
			f[12+r.IntN(min(len(f), 70)-12)] ^= 1 << r.IntN(8)
		}
		want := picks(match, f)
		for way, v := range ways {
			if got := v(t, f); got != want {
				t.Fatalf("%s, %x: %v, want %v", way, f, got, want)
			}
		}
		if want {
			picked++
		}
	}
	var each []uint64
	if err := counter.Lookup(uint32(0), &each); err != nil {
		t.Fatal(err)
	}
	var n uint64
	for _, v := range each {
		n += v
	}
	if n != picked {
		t.Errorf("the rule has counted %d of %d", n, picked)
	}
}

func TestTheKernelLeavesFramesToOthers(t *testing.T) {
	drop, _ := tcx(t, match)
	for way, v := range map[string]verdict{"the rule": drop, "XDP": xdpVerdict(t, match)} {
		for mac, want := range map[[6]byte]bool{own: true, other: false, group: true} {
			if got := v(t, frame(t, mac, here4, match.Port)); got != want {
				t.Errorf("%s, to %x: %v, want %v", way, mac, got, want)
			}
		}
	}
}

func TestTheKernelTakesAsManyAddressesAsAMatchMayHave(t *testing.T) {
	m := Match{Port: 1}
	for i := range byte(MostAddresses) {
		m.Addrs = append(m.Addrs, netip.AddrFrom4([4]byte{10, 0, 0, i + 1}), netip.AddrFrom16([16]byte{0xfd, 15: i + 1}))
	}
	drop, _ := tcx(t, m)
	for way, v := range map[string]verdict{"the socket's filter": classic(t, m), "the rule": drop, "XDP": xdpVerdict(t, m)} {
		for _, a := range []netip.Addr{m.Addrs[0], m.Addrs[1], m.Addrs[len(m.Addrs)-2], m.Addrs[len(m.Addrs)-1]} {
			if !v(t, frame(t, own, a, 1)) {
				t.Errorf("%s leaves what is for %v", way, a)
			}
		}
		if v(t, frame(t, own, netip.AddrFrom4([4]byte{10, 0, 1, 1}), 1)) {
			t.Errorf("%s picks what is for another", way)
		}
	}
}
