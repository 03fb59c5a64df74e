package xdp

import (
	"bytes"
	"encoding/binary"
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

const port = 9000

// receiver opens one on a host, with a program that gives it what comes to its port.
func receiver(t testing.TB, h *vethtest.Host, chunks int) *Receiver {
	t.Helper()
	var r *Receiver
	var p *flowfilter.Redirect
	h.Do(func() {
		iface, err := net.InterfaceByName(h.Iface)
		if err != nil {
			t.Error(err)
			return
		}
		if p, err = flowfilter.NewRedirect(iface, 1, flowfilter.Match{Addrs: []netip.Addr{h.IP4, h.IP6}, Port: port}); err != nil {
			t.Error(err)
			return
		}
		if r, err = NewReceiver(Options{Interface: h.Index, Chunks: chunks, Chunk: ChunkFor(iface.MTU)}); err != nil {
			t.Error(err)
		} else if err = p.Give(0, r.FD()); err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func sender(t testing.TB, h *vethtest.Host) *Sender {
	t.Helper()
	var s *Sender
	var err error
	h.Do(func() { s, err = NewSender(Options{Interface: h.Index, Chunks: 512, Chunk: 2048}) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// send sends frames and returns how many were taken.
func send(t testing.TB, s *Sender, frames ...[]byte) (n int) {
	t.Helper()
	flush := func() {
		k, err := s.Flush()
		if err != nil {
			t.Fatal(err)
		}
		n += k
	}
	for _, f := range frames {
		b := s.Frame()
		for end := time.Now().Add(5 * time.Second); b == nil; b = s.Frame() {
			if time.Now().After(end) {
				t.Fatal("no chunk becomes free")
			}
			flush()
		}
		s.Queue(copy(b, f))
	}
	flush()
	return n
}

// receive gathers n frames, copied.
func receive(t testing.TB, r *Receiver, n int) (all [][]byte) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); len(all) < n && time.Now().Before(end); {
		b, ok := r.Next(64)
		if !ok {
			r.Nudge()
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(r.FD()), Events: unix.POLLIN}}, 100)
			continue
		}
		for f := b.Frame(); f != nil; f = b.Frame() {
			all = append(all, bytes.Clone(f))
		}
		b.Release()
	}
	if len(all) != n {
		t.Fatalf("%d frames came, want %d", len(all), n)
	}
	return all
}

func nothing(t testing.TB, r *Receiver) {
	t.Helper()
	time.Sleep(20 * time.Millisecond)
	if b, ok := r.Next(1); ok {
		t.Errorf("a frame came: %x", b.Frame())
	}
}

func frame(t testing.TB, from, to *vethtest.Host, src, dst netip.AddrPort, payload string) []byte {
	t.Helper()
	tm, err := packet.NewTemplate(from.MAC, to.MAC, src, dst)
	if err != nil {
		t.Fatal(err)
	}
	return tm.Append(nil, []byte(payload))
}

func TestFramesGoFromASenderToAReceiver(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	r, s := receiver(t, near, 64), sender(t, far)
	if n := send(t, s,
		frame(t, far, near, far.Addr4(1), near.Addr4(port), "IPv4"),
		frame(t, far, near, far.Addr4(1), near.Addr4(port+1), "another port"),
		frame(t, far, near, far.Addr6(1), near.Addr6(port), "IPv6")); n != 3 {
		t.Errorf("%d frames were sent", n)
	}
	for i, f := range receive(t, r, 2) {
		var d packet.Datagram
		if reason := packet.Parse(&d, f, 0); reason != packet.OK || string(d.Payload) != []string{"IPv4", "IPv6"}[i] {
			t.Errorf("%v, %+v", reason, d)
		}
	}
	nothing(t, r)
	if s := r.Stats(); s != (Stats{}) {
		t.Errorf("%+v", s)
	}
}

// Chunks come back on both sides, however often the rings go around.
func TestManyMoreFramesThanChunksArriveInOrder(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	r, s := receiver(t, near, 64), sender(t, far)
	const n, each = 4000, 40
	got := 0
	for i := 0; i < n; i += each {
		var frames [][]byte
		for j := range each {
			frames = append(frames, frame(t, far, near, far.Addr4(1), near.Addr4(port), string(binary.BigEndian.AppendUint32(nil, uint32(i+j)))))
		}
		send(t, s, frames...)
		for _, f := range receive(t, r, each) {
			if k := binary.BigEndian.Uint32(f[42:]); int(k) != got {
				t.Fatalf("frame %d came when it was the turn of %d", k, got)
			}
			got++
		}
	}
	if s := r.Stats(); s.Dropped != 0 {
		t.Errorf("%+v", s)
	}
}

func TestWhatHasNoChunkIsCountedAsDropped(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	r, s := receiver(t, near, 64), sender(t, far)
	var frames [][]byte
	for range 100 {
		frames = append(frames, frame(t, far, near, far.Addr4(1), near.Addr4(port), "x"))
	}
	send(t, s, frames...)
	deadline := time.Now().Add(5 * time.Second)
	for r.Stats().Dropped < 36 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if s := r.Stats(); s.Dropped != 36 {
		t.Errorf("%+v", s)
	}
	receive(t, r, 64)
	send(t, s, frames[:10]...)
	receive(t, r, 10) // it goes on
}

// A driver that has frames of its own, such as those of a socket, gives them too.
func TestFramesOfTheKernelAreReceived(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	far.FinishChecksums(t)
	r := receiver(t, near, 64)
	var c *net.UDPConn
	var err error
	far.Do(func() { c, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(near.Addr4(port))) })
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range 3 {
		fmt.Fprint(c, i)
		var d packet.Datagram
		if reason := packet.Parse(&d, receive(t, r, 1)[0], 0); reason != packet.OK || string(d.Payload) != fmt.Sprint(i) {
			t.Errorf("%v, %+v", reason, d)
		}
	}
}

func TestAnInterfaceThatIsDownCostsTheSenderItsFramesAndNoMore(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	r, s := receiver(t, near, 64), sender(t, far)
	f := frame(t, far, near, far.Addr4(1), near.Addr4(port), "x")
	far.IP(t, "link set far down")
	for range 1000 { // more than there are chunks
		if n := send(t, s, f); n != 0 {
			t.Fatalf("%d frames went out of an interface that is down", n)
		}
	}
	far.IP(t, "link set far up")
	if n := send(t, s, f); n != 1 {
		t.Errorf("%d frames were sent", n)
	}
	receive(t, r, 1)
}

func TestAReceiverKnowsWhenItsInterfaceIsGone(t *testing.T) {
	t.Parallel()
	near, far := vethtest.Pair(t)
	r := receiver(t, near, 64)
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	far.IP(t, "link del far") // and with it the other end
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(r.FD()), Events: unix.POLLIN}}, 1000)
	if err := r.Err(); !errors.Is(err, ErrGone) {
		t.Errorf("the error is %v", err)
	}
	nothing(t, r)
}

func TestAReceiverThatCannotBeMadeSaysWhy(t *testing.T) {
	t.Parallel()
	near, _ := vethtest.Pair(t)
	near.Do(func() {
		for name, o := range map[string]Options{
			"no such interface": {Interface: 4711, Chunks: 64, Chunk: 2048},
			"no such queue":     {Interface: near.Index, Queue: 99, Chunks: 64, Chunk: 2048},
			"chunks of a byte":  {Interface: near.Index, Chunks: 64, Chunk: 1},
			"three chunks":      {Interface: near.Index, Chunks: 3, Chunk: 2048},
		} {
			if r, err := NewReceiver(o); err == nil {
				_ = r.Close()
				t.Errorf("%s: a receiver was made", name)
			}
			if s, err := NewSender(o); err == nil {
				_ = s.Close()
				t.Errorf("%s: a sender was made", name)
			}
		}
	})
}

func TestChunksAreLargeEnoughForTheMTU(t *testing.T) {
	for mtu, want := range map[int]int{1280: 2048, 1500: 2048, 1770: 2048, 1771: 4096, 3818: 4096, 9000: 0} {
		if got := ChunkFor(mtu); got != want {
			t.Errorf("MTU %d: %d, want %d", mtu, got, want)
		}
	}
}

func TestSendingAndReceivingDoesNotAllocate(t *testing.T) {
	near, far := vethtest.Pair(t)
	r, s := receiver(t, near, 64), sender(t, far)
	f := frame(t, far, near, far.Addr4(1), near.Addr4(port), "x")
	stagetest.Allocs(t, 0, func() {
		for range 8 {
			s.Queue(copy(s.Frame(), f))
		}
		if _, err := s.Flush(); err != nil {
			t.Error(err)
		}
		for got := 0; got < 8; {
			b, ok := r.Next(64)
			if !ok {
				continue
			}
			for b.Frame() != nil {
				got++
			}
			b.Release()
		}
	})
}
