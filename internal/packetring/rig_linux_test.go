package packetring

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/internal/flowfilter"
	"github.com/leat-io/leat/internal/packet"
	"github.com/leat-io/leat/internal/vethtest"
)

const port = 9000

// ring opens one on a host, for its port.
func ring(t testing.TB, h *vethtest.Host, change func(*Options)) *Ring {
	t.Helper()
	filter, err := flowfilter.Match{Addrs: []netip.Addr{h.IP4, h.IP6}, Port: port}.Classic()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Interface: h.Index, Filter: filter, BlockSize: 256 << 10, Blocks: 4, Retire: time.Millisecond}
	if change != nil {
		change(&o)
	}
	var r *Ring
	h.Do(func() { r, err = Open(o) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// sender opens one on a host.
func sender(t testing.TB, h *vethtest.Host) *Sender {
	t.Helper()
	var s *Sender
	var err error
	h.Do(func() { s, err = NewSender(h.Index, 2048, 64) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// send sends frames, waiting for none to be taken.
func send(t testing.TB, s *Sender, frames ...[]byte) {
	t.Helper()
	for _, f := range frames {
		b := s.Frame()
		if b == nil {
			flush(t, s)
			b = s.Frame()
		}
		s.Queue(copy(b, f))
	}
	flush(t, s)
}

func flush(t testing.TB, s *Sender) {
	t.Helper()
	if _, err := s.Flush(); err != nil {
		t.Fatal(err)
	}
}

// got is what came in, copied.
type got struct {
	data  []byte
	frame Frame
}

// receive gathers n frames, or what there is after some seconds.
func receive(t testing.TB, r *Ring, n int) (all []got) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); len(all) < n && time.Now().Before(end); {
		b, ok := r.Next()
		if !ok {
			wait(r, 100)
			continue
		}
		for f := (Frame{}); b.Frame(&f); {
			all = append(all, got{data: bytes.Clone(f.Data), frame: f})
		}
		b.Release()
	}
	if len(all) != n {
		t.Errorf("%d frames came, want %d", len(all), n)
	}
	return all
}

// nothing sees that no frame comes for some milliseconds.
func nothing(t testing.TB, r *Ring) {
	t.Helper()
	wait(r, 20)
	if b, ok := r.Next(); ok {
		for f := (Frame{}); b.Frame(&f); {
			t.Errorf("a frame came: %x", f.Data)
		}
		b.Release()
	}
}

func wait(r *Ring, ms int) {
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(r.FD()), Events: unix.POLLIN}}, ms)
}

// template is the headers of frames from one host to another.
func template(t testing.TB, from, to *vethtest.Host, src, dst netip.AddrPort) packet.Template {
	t.Helper()
	tm, err := packet.NewTemplate(from.MAC, to.MAC, src, dst)
	if err != nil {
		t.Fatal(err)
	}
	return tm
}
