package raw_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/internal/vethtest"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/sources/udp/raw"
)

func TestPacketsComeAndGo(t *testing.T) {
	each(t, func(t *testing.T, near, far *vethtest.Host, engine udp.Option) {
		for name, to := range map[string]netip.AddrPort{"IPv4": near.Addr4(port), "IPv6": near.Addr6(port)} {
			r := run(t, near, to.String(), engine)
			before := time.Now()
			c := dial(t, far, to)
			for i := range 3 {
				exchange(t, c, fmt.Sprint("word ", i))
			}
			for _, p := range r.await(3) {
				if p.Peer.String() != c.LocalAddr().String() || p.Local() != to || p.Hash != udp.FlowHash(p.Peer, to) || p.TTL != 64 {
					t.Errorf("%s: %+v", name, p)
				}
				if p.Received != 0 && (p.Time().Before(before.Add(-time.Second)) || p.Time().After(time.Now().Add(time.Second))) {
					t.Errorf("%s: received at %v", name, p.Time())
				}
			}
			r.wantGauge("interface", "near is up")
			r.wantGauge("dropped by the kernel", "0")
			if err := r.stop(); err != nil {
				t.Error(err)
			}
			if name == "IPv4" {
				if _, err := dial(t, far, to).Write([]byte("behind the stop")); err != nil {
					t.Error(err)
				}
			}
			engine = engines[engineName(r)](near.Iface) // an engine serves one source
		}
	})
}

func engineName(r *rig) string {
	if strings.HasPrefix(r.gauge("engine"), "AF_XDP") {
		return "XDP"
	}
	return "packet ring"
}

func TestAllAddressesOfTheInterfaceAreListenedOn(t *testing.T) {
	each(t, func(t *testing.T, near, far *vethtest.Host, engine udp.Option) {
		near.IP(t, "addr add 10.77.0.9/24 dev near")
		far.IP(t, "neigh add 10.77.0.9 lladdr 02:00:00:00:00:01 dev far")
		r := run(t, near, fmt.Sprint("[::]:", port), engine)
		for i, a := range []netip.Addr{near.IP4, near.IP6, netip.MustParseAddr("10.77.0.9")} {
			to := netip.AddrPortFrom(a, port)
			exchange(t, dial(t, far, to), a.String()) // from a connected socket: the answer comes from that address
			if p := r.await(i + 1)[i]; p.Local() != to {
				t.Errorf("%v is said to be sent to %v", to, p.Local())
			}
		}
	})
}

func TestBadFramesAreRefusedAndCountedByReason(t *testing.T) {
	each(t, func(t *testing.T, near, far *vethtest.Host, engine udp.Option) {
		r := run(t, near, near.Addr4(port).String(), engine)
		w := newWire(t, near, far)
		good := w.frame(far.Addr4(1), "good")
		bad := func(at int, v ...byte) []byte { f := bytes.Clone(good); copy(f[at:], v); return f }
		fragment := resum(bad(20, 0x20, 0))
		w.send(good,
			bad(42, 'G'),         // payload
			bad(41, good[41]^1),  // checksum of UDP
			bad(24, good[24]^1),  // checksum of IP
			fragment,             // with the port in it
			resum(bad(20, 0, 9)), // another fragment, which the kernel is left
			bad(38, 0, 3),        // length of UDP
			resum(bad(26, 127, 0, 0, 1)),
			w.frame(far.Addr4(2), "good too"))
		r.await(2)
		for reason, n := range map[string]string{
			"bad checksum": "2", "bad header checksum": "1", "fragment": "1", "bad length": "1", "source that cannot be answered": "1", "truncated": "",
		} {
			r.wantGauge("refused: "+reason, n)
		}
	})
}

// resum writes the checksum of an IPv4 header again.
func resum(f []byte) []byte {
	binary.BigEndian.PutUint16(f[24:], 0)
	var sum uint32
	for i := 14; i < 34; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(f[i:]))
	}
	binary.BigEndian.PutUint16(f[24:], ^uint16(sum>>16+sum&0xffff))
	return f
}

// A real fragmented datagram, of a socket: it is refused once, and nothing of it gets anywhere.
func TestADatagramInFragmentsIsRefusedOnce(t *testing.T) {
	each(t, func(t *testing.T, near, far *vethtest.Host, engine udp.Option) {
		r := run(t, near, fmt.Sprint("[::]:", port), engine)
		for i, to := range []netip.AddrPort{near.Addr4(port), near.Addr6(port)} {
			c := dial(t, far, to)
			if _, err := c.Write(make([]byte, 4000)); err != nil {
				t.Fatal(err)
			}
			exchange(t, c, "whole")
			r.await(i + 1)
			r.wantGauge("refused: fragment", fmt.Sprint(i+1))
		}
	})
}

func TestTheKernelsCopyGoesNowhere(t *testing.T) {
	each(t, func(t *testing.T, near, far *vethtest.Host, engine udp.Option) {
		r := run(t, near, near.Addr4(port).String(), engine)
		c := dial(t, far, near.Addr4(port))
		before := near.Run(t, "cat /proc/thread-self/net/snmp")
		for range 20 {
			exchange(t, c, "word") // a connected socket would be told by ICMP that nobody listens
		}
		r.await(20)
		after := near.Run(t, "cat /proc/thread-self/net/snmp")
		for _, counter := range []string{"InDatagrams", "NoPorts", "InErrors"} {
			if a, b := snmp(t, before, counter), snmp(t, after, counter); a != b {
				t.Errorf("%s of the kernel's UDP went from %d to %d", counter, a, b)
			}
		}
		if engineName(r) == "packet ring" {
			r.wantGauge("kernel's copy", "dropped by a rule on the interface, 20")
		}
	})
}

func TestWithoutARuleTheSocketRefusesTheCopy(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	r := run(t, near, near.Addr4(port).String(), raw.PacketRingWithoutRule(near.Iface))
	c := dial(t, far, near.Addr4(port))
	before := near.Run(t, "cat /proc/thread-self/net/snmp")
	for range 20 {
		exchange(t, c, "word")
	}
	r.await(20)
	after := near.Run(t, "cat /proc/thread-self/net/snmp")
	if a, b := snmp(t, before, "NoPorts"), snmp(t, after, "NoPorts"); a != b {
		t.Errorf("%d peers were told that nobody listens", b-a)
	}
	if a, b := snmp(t, before, "InErrors"), snmp(t, after, "InErrors"); b-a != 20 {
		t.Errorf("the socket has refused %d copies, want 20", b-a)
	}
	r.wantGauge("kernel's copy", "refused by the socket, because there is no rule on the interface: unsupported operation")
}

// snmp reads a counter of the kernel's UDP.
func snmp(t *testing.T, table, name string) (v int) {
	t.Helper()
	var names []string
	for line := range strings.Lines(table) {
		words := strings.Fields(line)
		if words[0] != "Udp:" {
			continue
		}
		if names == nil {
			names = words
			continue
		}
		for i, n := range names {
			if n == name {
				fmt.Sscan(words[i], &v)
				return v
			}
		}
	}
	t.Fatalf("there is no counter %s", name)
	return 0
}

func TestOtherTrafficIsLeftAlone(t *testing.T) {
	each(t, func(t *testing.T, near, far *vethtest.Host, engine udp.Option) {
		r := run(t, near, near.Addr4(port).String(), engine)
		var other net.PacketConn
		var err error
		near.Do(func() { other, err = net.ListenPacket("udp4", near.Addr4(port+1).String()) })
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		if _, err := dial(t, far, near.Addr4(port+1)).Write([]byte("to another")); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 100)
		other.SetReadDeadline(time.Now().Add(5 * time.Second))
		if n, _, err := other.ReadFrom(b); err != nil || string(b[:n]) != "to another" {
			t.Errorf("%q, %v", b[:n], err)
		}
		far.Run(t, "ip neigh flush dev far") // and ARP works
		exchange(t, dial(t, far, near.Addr4(port)), "after ARP")
		closed := dial(t, far, near.Addr4(port+2))
		if _, err := closed.Write([]byte("to nobody")); err != nil {
			t.Fatal(err)
		}
		if _, err := closed.Read(b); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("a port that nobody listens on: %v", err)
		}
		r.await(1)
	})
}

func TestTheAddressBelongsToTheSource(t *testing.T) {
	each(t, func(t *testing.T, near, _ *vethtest.Host, engine udp.Option) {
		run(t, near, near.Addr4(port).String(), engine)
		near.Do(func() {
			if c, err := net.ListenPacket("udp4", near.Addr4(port).String()); err == nil {
				c.Close()
				t.Error("another socket was bound to it")
			}
		})
	})
}

func TestTheInterfaceMayGoDownAndUp(t *testing.T) {
	each(t, func(t *testing.T, near, far *vethtest.Host, engine udp.Option) {
		r := run(t, near, near.Addr4(port).String(), engine)
		w := newWire(t, near, far)
		for i := range 3 {
			w.send(w.frame(far.Addr4(1), "up"))
			r.await(i + 1)
			near.IP(t, "link set near down")
			r.wantGauge("interface", "near is down")
			w.send(w.frame(far.Addr4(1), "down"))
			near.IP(t, "link set near up")
			r.wantGauge("interface", "near is up")
		}
	})
}

func TestAnInterfaceThatIsGoneEndsTheLane(t *testing.T) {
	each(t, func(t *testing.T, near, far *vethtest.Host, engine udp.Option) {
		r := run(t, near, near.Addr4(port).String(), engine)
		exchange(t, dial(t, far, near.Addr4(port)), "word")
		far.IP(t, "link del far") // and with it the other end
		r.wantGauge("interface", "near is gone")
		for began := time.Now(); r.pipeline.Stats().Node(r.source.String()).Errors == 0; time.Sleep(10 * time.Millisecond) {
			if time.Since(began) > 10*time.Second {
				t.Fatal("nobody is told that the lane receives nothing any more")
			}
		}
		if err := r.stop(); err != nil { // it comes to an end
			t.Error(err)
		}
	})
}

func TestWhatHadArrivedAtTheStopIsReceived(t *testing.T) {
	each(t, func(t *testing.T, near, far *vethtest.Host, engine udp.Option) {
		w := newWire(t, near, far)
		r := run(t, near, near.Addr4(port).String(), engine)
		const n = 500
		var frames [][]byte
		for i := range n {
			frames = append(frames, w.frame(far.Addr4(uint16(i+1)), "word"))
		}
		w.send(frames...)
		time.Sleep(20 * time.Millisecond) // what is under way in the kernel has arrived
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		if got := len(r.received()); got != n {
			t.Errorf("%d packets were received, want %d", got, n)
		}
	})
}

func TestTrainsAreTakenApart(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	r := run(t, near, near.Addr4(port).String(), raw.PacketRing(near.Iface), udp.Batch(7))
	c := dial(t, far, near.Addr4(port))
	sc, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	sc.Control(func(fd uintptr) {
		if err := unix.SetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_SEGMENT, 100); err != nil {
			t.Error(err)
		}
	})
	var train []byte
	for i := range 40 {
		train = append(train, bytes.Repeat([]byte{byte(i)}, 100)...)
	}
	if _, err := c.Write(append(train, "the end"...)); err != nil {
		t.Fatal(err)
	}
	for i, p := range r.await(41) {
		want := bytes.Repeat([]byte{byte(i)}, 100)
		if i == 40 {
			want = []byte("the end")
		}
		if !bytes.Equal(p.Data, want) {
			t.Fatalf("packet %d is %q", i, p.Data)
		}
	}
}

func TestADatagramThatIsTooLongIsFlagged(t *testing.T) {
	each(t, func(t *testing.T, near, far *vethtest.Host, engine udp.Option) {
		r := run(t, near, near.Addr4(port).String(), engine, udp.MaxDatagram(10))
		w := newWire(t, near, far)
		w.send(w.frame(far.Addr4(1), "0123456789"), w.frame(far.Addr4(1), "0123456789a"), w.frame(far.Addr4(1), ""))
		all := r.await(3)
		for i, want := range []udp.Flags{0, udp.Truncated, 0} {
			if all[i].Flags != want || len(all[i].Data) != []int{10, 10, 0}[i] {
				t.Errorf("packet %d: %+v", i, all[i])
			}
		}
		r.wantGauge("truncated", "1")
	})
}

func TestUnfinishedChecksumsAreTakenByARingAndRefusedByXDP(t *testing.T) {
	t.Parallel()
	for name, e := range engines {
		near, far := vethtest.Pair(t) // whose checksums are left to their interface
		r := run(t, near, near.Addr4(port).String(), e(near.Iface))
		c := dial(t, far, near.Addr4(port))
		if name == "packet ring" {
			exchange(t, c, "unfinished")
			continue
		}
		if _, err := c.Write([]byte("unfinished")); err != nil {
			t.Fatal(err)
		}
		r.wantGauge("refused: unfinished checksum", "1")
	}
}

func TestLanesShareTheFlows(t *testing.T) {
	t.Parallel()
	for name, e := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			near, far := vethtest.Pair(t)
			if name == "XDP" {
				near.SetQueues(t, 2)
			}
			r := run(t, near, near.Addr4(port).String(), e(near.Iface), udp.Lanes(2))
			w := newWire(t, near, far)
			const flows = 200
			var frames [][]byte
			for i := range flows {
				frames = append(frames, w.frame(far.Addr4(uint16(i+1)), "word"))
			}
			w.send(frames...)
			seen := map[uint16]bool{}
			for _, p := range r.await(flows) {
				seen[p.Peer.Port()] = true
			}
			if len(seen) != flows {
				t.Errorf("%d of %d flows came", len(seen), flows)
			}
		})
	}
}

func TestASourceThatCannotBeOpenedSaysWhy(t *testing.T) {
	each(t, func(t *testing.T, near, _ *vethtest.Host, engine udp.Option) {
		near.Do(func() {
			for name, c := range map[string]struct {
				addr string
				opts []udp.Option
				want string
			}{
				"an address of another interface": {"127.0.0.1:0", nil, "127.0.0.1 is no address of the interface"},
				"a peer":                          {near.Addr4(0).String(), []udp.Option{udp.Connect("10.77.0.2:1")}, "Connect is not available"},
				"no interface":                    {near.Addr4(0).String(), []udp.Option{raw.PacketRing("nowhere")}, "no such network interface"},
			} {
				s := udp.Listen(c.addr, append([]udp.Option{engine}, c.opts...)...)
				for range 2 { // and the second attempt finds nothing left of the first
					if err := s.Bind(); err == nil || !strings.Contains(err.Error(), c.want) {
						t.Errorf("%s: %v", name, err)
					}
				}
			}
			if s := udp.Listen(near.Addr4(0).String(), raw.XDP(near.Iface), udp.Lanes(3)); true {
				if err := s.Bind(); err == nil || !strings.Contains(err.Error(), "there must be as many lanes") {
					t.Errorf("more lanes than queues: %v", err)
				}
			}
		})
	})
}
