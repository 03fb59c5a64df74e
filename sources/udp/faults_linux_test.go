package udp_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

// running runs what declare makes of a source that is bound.
func running(t *testing.T, s *udp.Source, declare func(*pipeline.Flow[udp.Packet])) (p *pipeline.Pipeline, stop func() error) {
	t.Helper()
	if err := s.Bind(); err != nil {
		t.Fatal(err)
	}
	p = pipeline.New("test", pipeline.Log(slog.New(slog.DiscardHandler)), pipeline.DrainTime(5*time.Second))
	declare(p.From(s))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	stop = func() error {
		cancel()
		err := <-ended
		ended <- err
		return err
	}
	t.Cleanup(func() { stop() })
	return p, stop
}

func gauge(s *udp.Source, name string) string {
	for _, g := range s.Gauges() {
		if g.Name == name {
			return g.Value
		}
	}
	return ""
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain until", what)
		}
	}
}

// Each datagram has a sender of its own: the address of the loopback network is spoofed, as root would any.
func TestAFloodFromManyPeersCostsNoMemory(t *testing.T) {
	const peers = 100_000
	var n atomic.Int64
	s := udp.Listen("127.0.0.1:0")
	p, stop := running(t, s, func(f *pipeline.Flow[udp.Packet]) {
		f.Shard("by peer", 2, udp.ByPeer, queue.Ring, queue.DropNewest).
			Via("count", stage.Do(func(*udp.Packet) { n.Add(1) })).To("send", udp.Send())
	})
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	to := s.Addr().(*net.UDPAddr).AddrPort()
	dest := &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range peers {
		info := &unix.Inet4Pktinfo{Spec_dst: [4]byte{127}}
		binary.BigEndian.PutUint32(info.Spec_dst[:], 127<<24|uint32(i+2))
		if _, err := unix.SendmsgN(fd, []byte("flood"), unix.PktInfo4(info), dest, 0); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "each packet has been dealt with or is counted as dropped", func() bool {
		kernel, _ := strconv.Atoi(gauge(s, "dropped by the kernel"))
		return n.Load()+int64(kernel)+int64(p.Stats().Node("by peer").Dropped) == peers
	})
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("%d peers cost %d bytes", peers, grown)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestARefusalOfAPeerIsCountedAndSurvived(t *testing.T) {
	peer, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	addr := peer.LocalAddr().(*net.UDPAddr)
	peer.Close()
	for name, engine := range map[string]udp.Option{"mmsg": udp.Mmsg(), "std": udp.Std()} {
		t.Run(name, func(t *testing.T) {
			s := udp.Listen("127.0.0.1:0", engine, udp.Connect(addr.String()))
			gate := make(chan struct{}, 10)
			_, stop := running(t, s, func(f *pipeline.Flow[udp.Packet]) {
				f.Via("wait", stage.Do(func(*udp.Packet) { <-gate })).To("send", udp.Send())
			})
			own := s.Addr().(*net.UDPAddr)
			peer, err := net.ListenUDP("udp4", addr)
			if err != nil {
				t.Fatal(err)
			}
			peer.WriteToUDP([]byte("one"), own)
			peer.Close() // its port refuses from now on
			gate <- struct{}{}
			eventually(t, "the refusal is counted", func() bool {
				return gauge(s, "errors of receiving") != "" || gauge(s, "refusals by ICMP") != "" || gauge(s, "not sent: refused by a peer") != ""
			})
			again, err := net.ListenUDP("udp4", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			again.SetDeadline(time.Now().Add(10 * time.Second))
			b := make([]byte, 100)
			again.WriteToUDP([]byte("two"), own)
			gate <- struct{}{}
			if n, err := again.Read(b); err != nil || string(b[:n]) != "two" {
				t.Errorf("%q %v", b[:n], err)
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestATrainThatTheSystemRefusesGoesOneByOne(t *testing.T) {
	gate, entered := make(chan struct{}), make(chan struct{})
	first := true
	s := udp.Listen("127.0.0.1:0")
	_, stop := running(t, s, func(f *pipeline.Flow[udp.Packet]) {
		f.Via("hold", stage.Do(func(*udp.Packet) {
			if first {
				first = false
				close(entered)
				<-gate
			}
		})).To("send", udp.Send())
	})
	if err := s.RefuseTrains(); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("udp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	for i := range 41 { // the last 40 come in one batch
		fmt.Fprintf(c, "%06d", i)
		if i == 0 {
			<-entered
		}
	}
	close(gate)
	b := make([]byte, 100)
	for i := range 41 {
		n, err := c.Read(b)
		if err != nil || string(b[:n]) != fmt.Sprintf("%06d", i) {
			t.Fatalf("answer %d is %q, %v", i, b[:n], err)
		}
	}
	if n := gauge(s, "trains that were refused"); n == "" || n == "0" {
		t.Error("no train was refused")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// Answers to one peer leave as a train, which a socket that takes trains sees as one.
func TestAnswersToOnePeerGoAsATrain(t *testing.T) {
	for _, trains := range []bool{true, false} {
		s := udp.Listen("127.0.0.1:0")
		gate, entered := make(chan struct{}), make(chan struct{})
		first := true
		_, stop := running(t, s, func(f *pipeline.Flow[udp.Packet]) {
			f.Via("hold", stage.Do(func(*udp.Packet) {
				if first {
					first = false
					close(entered)
					<-gate
				}
			})).To("send", udp.Send(udp.Trains(trains)))
		})
		c, err := net.DialUDP("udp", nil, s.Addr().(*net.UDPAddr))
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := c.SyscallConn()
		raw.Control(func(fd uintptr) {
			if err := unix.SetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_GRO, 1); err != nil {
				t.Fatal(err)
			}
		})
		c.SetDeadline(time.Now().Add(10 * time.Second))
		sizes := []int{9, 50, 50, 50, 50, 20, 50, 60, 60} // a shorter one ends its train, and a longer one begins another
		var sent []byte
		for i, n := range sizes {
			b := []byte(strings.Repeat(string(rune('a'+i)), n))
			sent = append(sent, b...)
			c.Write(b)
			if i == 0 {
				<-entered
			}
		}
		close(gate)
		var got []byte
		pieces := 0
		b := make([]byte, 1<<16)
		for len(got) < len(sent) {
			n, err := c.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, b[:n]...)
			pieces++
		}
		if string(got) != string(sent) {
			t.Errorf("other bytes came back: %q", got)
		}
		if want := map[bool]int{true: 4, false: len(sizes)}[trains]; pieces != want {
			t.Errorf("trains %v: they came in %d pieces, not %d", trains, pieces, want)
		}
		c.Close()
		if err := stop(); err != nil {
			t.Error(err)
		}
	}
}

func TestAFlowKeepsItsLaneAndFlowsAreSpread(t *testing.T) {
	const lanes, flows, each = 4, 256, 4
	type lane struct {
		stage.Stage[udp.Packet, udp.Packet]
		peers map[netip.AddrPort]int
	}
	all := make(chan *lane, lanes)
	var n atomic.Int64
	s := udp.Listen("127.0.0.1:0", udp.Lanes(lanes))
	_, stop := running(t, s, func(f *pipeline.Flow[udp.Packet]) {
		f.Via("note", func(l *stage.Lane) stage.Stage[udp.Packet, udp.Packet] {
			one := &lane{peers: map[netip.AddrPort]int{}}
			one.Stage = stage.Do(func(p *udp.Packet) { one.peers[p.Peer]++; n.Add(1) })(l)
			all <- one
			return one
		}).To("send", udp.Send())
	})
	for range flows {
		c, err := net.Dial("udp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		for range each {
			c.Write([]byte("flow"))
		}
		defer c.Close()
	}
	eventually(t, "all have come", func() bool { return n.Load() == flows*each })
	if err := stop(); err != nil {
		t.Error(err)
	}
	seen := map[netip.AddrPort]bool{}
	for range lanes {
		l := <-all
		// 64 are expected: of 100 000 such draws none is outside of these bounds.
		if len(l.peers) < flows/lanes/3 || len(l.peers) > 2*flows/lanes {
			t.Errorf("a lane has %d flows of %d", len(l.peers), flows)
		}
		for p, k := range l.peers {
			if seen[p] || k != each {
				t.Errorf("the flow of %v is on two lanes", p)
			}
			seen[p] = true
		}
	}
}

func TestWhatThePacketIsAskedForIsKnown(t *testing.T) {
	for name, engine := range map[string]udp.Option{"mmsg": udp.Mmsg(), "std": udp.Std(), "gro": udp.GRO()} {
		for _, c := range []struct{ listen, dial, network string }{
			{"0.0.0.0:0", "127.0.0.5", "udp4"}, {"[::]:0", "::1", "udp6"}, {"[::]:0", "127.0.0.7", "udp4"},
		} {
			if c.network == "udp6" && !hasIPv6() {
				continue
			}
			t.Run(name+" "+c.dial, func(t *testing.T) {
				seen := make(chan udp.Packet, 1)
				s := udp.Listen(c.listen, engine, udp.Destination(), udp.TTL(), udp.TOS(), udp.Timestamps())
				_, stop := running(t, s, func(f *pipeline.Flow[udp.Packet]) {
					f.Via("note", stage.Do(func(p *udp.Packet) { seen <- *p })).To("send", udp.Send())
				})
				port := fmt.Sprint(s.Addr().(*net.UDPAddr).Port)
				nc, err := net.Dial(c.network, net.JoinHostPort(c.dial, port))
				if err != nil {
					t.Fatal(err)
				}
				defer nc.Close()
				raw, _ := nc.(*net.UDPConn).SyscallConn()
				raw.Control(func(fd uintptr) {
					if c.network == "udp6" {
						unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS, 77)
						unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_TCLASS, 2)
						return
					}
					unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TTL, 77)
					unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TOS, 2)
				})
				began := time.Now()
				nc.SetDeadline(began.Add(10 * time.Second))
				if name == "std" { // package net sends from the address that the system chooses
					nc.SetDeadline(began.Add(100 * time.Millisecond))
				}
				nc.Write([]byte("tell"))
				// The socket of the client is connected: it takes an answer from the address that it sent to, and no other.
				if n, err := nc.Read(make([]byte, 9)); name != "std" && (err != nil || n != 4) {
					t.Error("the answer", n, err)
				}
				p := <-seen
				if p.TTL != 77 || p.TOS != 2 {
					t.Errorf("the TTL is %d and the TOS %d", p.TTL, p.TOS)
				}
				if got := p.Local().String(); got != net.JoinHostPort(c.dial, port) {
					t.Errorf("it was sent to %s", got)
				}
				if d := p.Time().Sub(began); d < -time.Second || d > 10*time.Second {
					t.Errorf("it was received %v after it was sent", d)
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestAGroupIsJoined(t *testing.T) {
	const group = "239.255.77.1"
	got := make(chan string, 1)
	s := udp.Listen(group+":0", udp.Multicast(group, "lo"))
	_, stop := running(t, s, func(f *pipeline.Flow[udp.Packet]) {
		f.Via("note", stage.Do(func(p *udp.Packet) { got <- string(p.Data) })).To("send", udp.Send())
	})
	c, err := net.Dial("udp4", s.Addr().String())
	if errors.Is(err, unix.ENETUNREACH) {
		t.Skip("this system has no route for multicast")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, _ := c.(*net.UDPConn).SyscallConn()
	raw.Control(func(fd uintptr) {
		unix.SetsockoptInet4Addr(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_IF, [4]byte{127, 0, 0, 1})
	})
	if _, err := c.Write([]byte("to all")); err != nil {
		t.Fatal(err)
	}
	select {
	case b := <-got:
		if b != "to all" {
			t.Errorf("%q", b)
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing came")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestSettingsThatExcludeEachOtherAreRefused(t *testing.T) {
	for _, c := range []struct {
		want string
		opts []udp.Option
	}{
		{"Connect and Lanes exclude each other", []udp.Option{udp.Connect("127.0.0.1:9"), udp.Lanes(2)}},
		{"Multicast and Lanes exclude each other", []udp.Option{udp.Multicast("239.1.1.1", ""), udp.Lanes(2)}},
		{"it is not one of multicast", []udp.Option{udp.Multicast("10.1.1.1", "")}},
		{"the interface nowhere", []udp.Option{udp.Multicast("239.1.1.1", "nowhere")}},
		{"a batch must be between", []udp.Option{udp.Batch(0)}},
		{"the longest datagram must be between", []udp.Option{udp.MaxDatagram(1 << 20)}},
		{"the number of lanes must be between", []udp.Option{udp.Lanes(-1)}},
		{"the nap in microseconds must be between", []udp.Option{udp.Nap(time.Minute)}},
	} {
		s := udp.Listen("127.0.0.1:0", c.opts...)
		if err := s.Bind(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, got %v", c.want, err)
			s.Close(t.Context())
		}
	}
}

func TestWhatWasGotOfTheBuffersIsShown(t *testing.T) {
	s := udp.Listen("127.0.0.1:0", udp.ReceiveBuffer(1<<20), udp.SendBuffer(1<<20))
	if err := s.Bind(); err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	for _, name := range []string{"receive buffer", "send buffer"} {
		if got := gauge(s, name); got != "1048576" && !strings.HasSuffix(got, ", asked 1048576") {
			t.Errorf("the %s is %q", name, got)
		}
	}
	if got := gauge(s, "engine"); got != "recvmmsg" {
		t.Errorf("the engine is %q", got)
	}
}

// What the kernel had dropped is still known when the source has ended, for whoever looks at the figures of a whole run.
func TestDropsAreKnownAtTheEnd(t *testing.T) {
	s := udp.Listen("127.0.0.1:0", udp.ReceiveBuffer(8<<10))
	gate, entered := make(chan struct{}), make(chan struct{})
	n := 0
	_, stop := running(t, s, func(f *pipeline.Flow[udp.Packet]) {
		f.Via("hold", stage.Do(func(*udp.Packet) {
			if n++; n == 1 {
				close(entered)
				<-gate
			}
		})).To("send", udp.Send())
	})
	c, err := net.Dial("udp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const packets = 1000
	for i := range packets {
		c.Write([]byte("packet"))
		if i == 0 {
			<-entered
		}
	}
	close(gate)
	if err := stop(); err != nil {
		t.Error(err)
	}
	if got := gauge(s, "dropped by the kernel"); got != fmt.Sprint(packets-n) || n == packets {
		t.Errorf("%d packets of %d were received, and %s dropped", n, packets, got)
	}
	if got := gauge(s, "receive buffer"); got == "" {
		t.Error("nothing is said of the receive buffer")
	}
}
