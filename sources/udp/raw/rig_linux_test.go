package raw_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/internal/packet"
	"github.com/leat-io/leat/internal/packetring"
	"github.com/leat-io/leat/internal/vethtest"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/sources/udp/raw"
	"github.com/leat-io/leat/stage"
)

const port = 9000

// engines are run by each test that is about both.
var engines = map[string]func(iface string, opts ...raw.Option) udp.Option{"packet ring": raw.PacketRing, "XDP": raw.XDP}

// each runs a test with each engine. Frames of far are finished, as a cable would have them.
func each(t *testing.T, f func(t *testing.T, near, far *vethtest.Host, engine udp.Option)) {
	t.Parallel()
	for name, e := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			near, far := vethtest.Pair(t)
			far.FinishChecksums(t)
			f(t, near, far, e(near.Iface))
		})
	}
}

// A rig is a pipeline on the near host, which notes what it receives and sends it back.
type rig struct {
	pipeline *pipeline.Pipeline
	t        testing.TB
	source   *udp.Source
	stop     func() error

	mu  sync.Mutex
	got []udp.Packet // guarded by mu; with bytes of their own
}

// run starts one on an address of the near host.
func run(t testing.TB, near *vethtest.Host, addr string, opts ...udp.Option) *rig {
	t.Helper()
	r := &rig{t: t, source: udp.Listen(addr, opts...)}
	var err error
	near.Do(func() { err = r.source.Bind() })
	if err != nil {
		t.Fatal(err)
	}
	p := pipeline.New("rig", pipeline.Log(slog.New(slog.DiscardHandler)))
	r.pipeline = p
	p.From(r.source).Via("note", stage.Do(r.note)).To("send", udp.Send())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	r.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *rig) note(p *udp.Packet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := udp.Packet{Data: append([]byte(nil), p.Data...), Peer: p.Peer, Hash: p.Hash, Flags: p.Flags, TTL: p.TTL, TOS: p.TOS, Received: p.Received}
	q.SetLocal(p.Local())
	r.got = append(r.got, q)
}

func (r *rig) received() []udp.Packet {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got[:len(r.got):len(r.got)]
}

// await waits until n packets have been received.
func (r *rig) await(n int) []udp.Packet {
	r.t.Helper()
	r.eventually(fmt.Sprintf("%d packets", n), func() bool { return len(r.received()) >= n })
	if got := len(r.received()); got != n {
		r.t.Errorf("%d packets were received, want %d", got, n)
	}
	return r.received()
}

func (r *rig) eventually(what string, f func() bool) {
	r.t.Helper()
	for end := time.Now().Add(10 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("there are not: %s, after ten seconds; %d packets, %v", what, len(r.received()), r.source.Gauges())
		}
	}
}

// gauge is the value of a gauge, or "".
func (r *rig) gauge(name string) string {
	for _, g := range r.source.Gauges() {
		if g.Name == name {
			return g.Value
		}
	}
	return ""
}

// wantGauge waits for a gauge to begin with a value.
func (r *rig) wantGauge(name, value string) {
	r.t.Helper()
	for end := time.Now().Add(5 * time.Second); !strings.HasPrefix(r.gauge(name), value) || value == "" && r.gauge(name) != ""; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.t.Errorf("the gauge %q is %q, want %q", name, r.gauge(name), value)
			return
		}
	}
}

// dial opens a socket on a host.
func dial(t testing.TB, h *vethtest.Host, to netip.AddrPort) *net.UDPConn {
	t.Helper()
	var c *net.UDPConn
	var err error
	h.Do(func() { c, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to)) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

// exchange sends a word and waits until it comes back.
func exchange(t testing.TB, c *net.UDPConn, word string) {
	t.Helper()
	if _, err := c.Write([]byte(word)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 2048)
	n, err := c.Read(b)
	if err != nil || string(b[:n]) != word {
		t.Fatalf("%q, %v, want %q", b[:n], err, word)
	}
}

// A wire sends frames from the far host to the near one.
type wire struct {
	t         testing.TB
	s         *packetring.Sender
	near, far *vethtest.Host
}

func newWire(t testing.TB, near, far *vethtest.Host) *wire {
	t.Helper()
	w := &wire{t: t, near: near, far: far}
	var err error
	far.Do(func() { w.s, err = packetring.NewSender(far.Index, 2048, 64) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.s.Close() })
	return w
}

// frame makes a frame from an address to the port of the near host.
func (w *wire) frame(from netip.AddrPort, payload string) []byte {
	w.t.Helper()
	to := w.near.Addr4(port)
	if from.Addr().Is6() {
		to = w.near.Addr6(port)
	}
	tm, err := packet.NewTemplate(w.far.MAC, w.near.MAC, from, to)
	if err != nil {
		w.t.Fatal(err)
	}
	return tm.Append(nil, []byte(payload))
}

func (w *wire) send(frames ...[]byte) {
	w.t.Helper()
	for _, f := range frames {
		b := w.s.Frame()
		if b == nil {
			w.flush()
			b = w.s.Frame()
		}
		w.s.Queue(copy(b, f))
	}
	w.flush()
}

func (w *wire) flush() {
	w.t.Helper()
	if _, err := w.s.Flush(); err != nil {
		w.t.Fatal(err)
	}
}
