package packetring

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/internal/flowfilter"
	"github.com/leat-io/leat/internal/packet"
	"github.com/leat-io/leat/internal/vethtest"
	"github.com/leat-io/leat/stage/stagetest"
)

// socket sends datagrams through the kernel of a host.
func socket(t testing.TB, h *vethtest.Host, to netip.AddrPort) *net.UDPConn {
	t.Helper()
	var c *net.UDPConn
	var err error
	h.Do(func() { c, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to)) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestARingReceivesWhatItsFilterPicks(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	r := ring(t, near, nil)
	before := time.Now()
	for _, to := range []netip.AddrPort{near.Addr4(port), near.Addr6(port), near.Addr4(port + 1), near.Addr6(port + 1)} {
		if _, err := socket(t, far, to).Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
	}
	all := receive(t, r, 2)
	for i, want := range []netip.AddrPort{near.Addr4(port), near.Addr6(port)} {
		var d packet.Datagram
		g := all[i]
		if reason := packet.Parse(&d, g.data, packet.AnySum); reason != packet.OK || d.Dst != want || string(d.Payload) != "hello" {
			t.Errorf("%v: %v, %+v", want, reason, d)
		}
		if !g.frame.Vouched || g.frame.Segment != 0 || g.frame.Length != len(g.data) {
			t.Errorf("%v: %+v", want, g.frame)
		}
		if at := time.Unix(0, g.frame.Received); at.Before(before.Add(-time.Second)) || at.After(time.Now().Add(time.Second)) {
			t.Errorf("%v: received at %v", want, at)
		}
		// Of a frame that has never been on a wire the checksum is unfinished.
		if reason := packet.Parse(&d, g.data, 0); reason != packet.Unfinished {
			t.Errorf("%v: %v", want, reason)
		}
	}
	nothing(t, r)
	if s := r.Stats(); s != (Stats{Frames: 2}) {
		t.Errorf("%+v", s)
	}
}

func TestAChecksumThatWasSentIsNotVouchedFor(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	far.FinishChecksums(t)
	r := ring(t, near, nil)
	if _, err := socket(t, far, near.Addr4(port)).Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	var d packet.Datagram
	g := receive(t, r, 1)[0]
	if reason := packet.Parse(&d, g.data, 0); g.frame.Vouched || reason != packet.OK {
		t.Errorf("vouched for: %v, %v", g.frame.Vouched, reason)
	}
}

func TestATrainIsReceivedWithTheSizeOfItsDatagrams(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	r := ring(t, near, nil)
	c := socket(t, far, near.Addr4(port))
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		if err := unix.SetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_SEGMENT, 1000); err != nil {
			t.Error(err)
		}
	})
	if _, err := c.Write(make([]byte, 20_500)); err != nil {
		t.Fatal(err)
	}
	var d packet.Datagram
	g := receive(t, r, 1)[0]
	if reason := packet.Parse(&d, g.data, packet.AnySum); g.frame.Segment != 1000 || reason != packet.OK || len(d.Payload) != 20_500 {
		t.Errorf("segments of %d, %v, %d bytes", g.frame.Segment, reason, len(d.Payload))
	}
}

func TestWhatTheHostItselfSendsDoesNotComeIn(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	r := ring(t, near, nil)
	tm := template(t, near, far, near.Addr4(1), near.Addr4(port)) // its own address, in a frame that goes out
	send(t, sender(t, near), tm.Append(nil, []byte("out")))
	nothing(t, r)
}

func TestFramesToAnotherInterfaceDoNotComeIn(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	near.IP(t, "link set near promisc on")
	r := ring(t, near, nil)
	tm, err := packet.NewTemplate(far.MAC, [6]byte{2, 9, 9, 9, 9, 9}, far.Addr4(1), near.Addr4(port))
	if err != nil {
		t.Fatal(err)
	}
	send(t, sender(t, far), tm.Append(nil, []byte("astray")))
	nothing(t, r)
}

func TestWhatHasNoRoomIsCountedAsDropped(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	r := ring(t, near, func(o *Options) { o.BlockSize, o.Blocks = 128<<10, 2 })
	s := sender(t, far)
	tm := template(t, far, near, far.Addr4(1), near.Addr4(port))
	f := tm.Append(nil, make([]byte, 1000))
	const n = 1000 // four times what there is room for
	for range n / 50 {
		var frames [][]byte
		for range 50 {
			frames = append(frames, f)
		}
		send(t, s, frames...)
	}
	deadline := time.Now().Add(5 * time.Second)
	for r.Stats().Frames < n && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	st := r.Stats()
	if st.Frames != n || st.Dropped < n/2 || st.Dropped >= n || st.Freezes == 0 {
		t.Fatalf("%+v", st)
	}
	receive(t, r, int(n-st.Dropped))
	send(t, s, f)
	receive(t, r, 1) // it goes on
}

func TestRingsDivideTheFlows(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	nobody := func(with *Ring) func(o *Options) {
		return func(o *Options) { o.Divide, o.With, o.Filter, o.Blocks = true, with, flowfilter.Nothing(), 32 }
	}
	rings := []*Ring{ring(t, near, nobody(nil))}
	rings = append(rings, ring(t, near, nobody(rings[0])))
	filter, err := flowfilter.Match{Addrs: []netip.Addr{near.IP4}, Port: port}.Classic()
	if err != nil {
		t.Fatal(err)
	}
	s := sender(t, far)
	send(t, s, func() []byte {
		tm := template(t, far, near, far.Addr4(1), near.Addr4(port))
		return tm.Append(nil, nil)
	}())
	for _, r := range rings {
		if err := r.Only(filter); err != nil {
			t.Fatal(err)
		}
	}
	const flows, each = 200, 5
	var frames [][]byte
	for i := range uint16(flows * each) {
		tm := template(t, far, near, far.Addr4(1000+i%flows), near.Addr4(port))
		frames = append(frames, tm.Append(nil, []byte("x")))
	}
	send(t, s, frames...)
	at := map[uint16]int{}
	var total int
	for i, r := range rings {
		wait(r, 1000)
		time.Sleep(100 * time.Millisecond) // the last blocks are handed over
		n := r.Stats().Frames
		if n < flows*each/4 {
			t.Errorf("ring %d has received %d of %d", i, n, flows*each)
		}
		for _, g := range receive(t, r, int(n)) {
			var d packet.Datagram
			packet.Parse(&d, g.data, 0)
			if was, ok := at[d.Src.Port()]; ok && was != i {
				t.Fatalf("the flow from port %d went to two rings", d.Src.Port())
			}
			at[d.Src.Port()] = i
			total++
		}
	}
	if total != flows*each {
		t.Errorf("%d frames came, want %d", total, flows*each)
	}
}

func TestARingGoesOnWhenItsInterfaceHasBeenDown(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	r := ring(t, near, nil)
	s := sender(t, far)
	tm := template(t, far, near, far.Addr4(1), near.Addr4(port))
	for i := range 3 {
		send(t, s, tm.Append(nil, fmt.Append(nil, i)))
		if g := receive(t, r, 1); !bytes.HasSuffix(g[0].data, fmt.Append(nil, i)) {
			t.Errorf("%x", g[0].data)
		}
		near.IP(t, "link set near down")
		wait(r, 1000)
		if err := r.Err(); !errors.Is(err, unix.ENETDOWN) {
			t.Errorf("the error is %v", err)
		}
		if err := r.Err(); err != nil {
			t.Errorf("the error comes again: %v", err)
		}
		send(t, s, tm.Append(nil, []byte("lost")))
		near.IP(t, "link set near up")
	}
}

func TestARingKnowsWhenItsInterfaceIsGone(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	r := ring(t, near, nil)
	far.IP(t, "link del far") // and with it the other end
	wait(r, 1000)
	if err := r.Err(); !errors.Is(err, ErrGone) {
		t.Errorf("the error is %v", err)
	}
	nothing(t, r)
}

func TestNothingMoreComesInBehindAFilterThatPicksNothing(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	r := ring(t, near, nil)
	s := sender(t, far)
	tm := template(t, far, near, far.Addr4(1), near.Addr4(port))
	send(t, s, tm.Append(nil, []byte("before")))
	if err := r.Only(flowfilter.Nothing()); err != nil {
		t.Fatal(err)
	}
	send(t, s, tm.Append(nil, []byte("behind")))
	if g := receive(t, r, 1); !bytes.HasSuffix(g[0].data, []byte("before")) {
		t.Errorf("%x", g[0].data)
	}
	nothing(t, r)
}

func TestARingThatCannotBeOpenedSaysWhy(t *testing.T) {
	t.Parallel()
	near, _ := vethtest.Pair(t)
	near.Do(func() {
		for name, o := range map[string]Options{
			"no such interface": {Interface: 4711, Filter: flowfilter.Nothing(), BlockSize: 256 << 10, Blocks: 2},
			"blocks of a byte":  {Interface: near.Index, Filter: flowfilter.Nothing(), BlockSize: 1, Blocks: 2},
			"no blocks":         {Interface: near.Index, Filter: flowfilter.Nothing(), BlockSize: 256 << 10},
		} {
			r, err := Open(o)
			if err == nil {
				_ = r.Close()
				t.Errorf("%s: there is no error", name)
			}
		}
	})
}

func TestSendingAndReceivingDoesNotAllocate(t *testing.T) {
	near, far := vethtest.Pair(t)
	r, s := ring(t, near, nil), sender(t, far)
	tm := template(t, far, near, far.Addr4(1), near.Addr4(port))
	f := tm.Append(nil, []byte("x"))
	stagetest.Allocs(t, 0, func() {
		for range 8 {
			s.Queue(copy(s.Frame(), f))
		}
		if _, err := s.Flush(); err != nil {
			t.Error(err)
		}
		for got := 0; got < 8; {
			b, ok := r.Next()
			if !ok {
				continue
			}
			for g := (Frame{}); b.Frame(&g); got++ {
			}
			b.Release()
		}
	})
}
