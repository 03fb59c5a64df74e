package udptest

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

func allSizes(s *suite) {
	r := s.start(echo)
	c := r.dial()
	for _, n := range []int{1, 2, 7, 63, 64, 65, 512, 1400, 1472, 2047, 2048} {
		s.echoes(c, pattern(n))
	}
	r.well()
}

func longest(s *suite) {
	r := s.start(echo, udp.MaxDatagram(65535))
	c := r.dial()
	n := r.Longest
	if n == 0 {
		n = 65507
	}
	for range 3 { // more than fits into a slab
		s.echoes(c, pattern(n))
	}
	s.echoes(c, pattern(9))
	if n := r.gauge("truncated"); n != 0 {
		s.Error(n, "were truncated")
	}
	r.well()
}

func empty(s *suite) {
	r := s.start(before(func(p *udp.Packet) {
		if len(p.Data) != 0 || p.Flags != 0 {
			panic("it is not empty")
		}
	}))
	c := r.dial()
	s.echoes(c, nil)
	s.echoes(c, nil)
	r.well()
}

func truncated(s *suite) {
	flags := make(chan udp.Flags, 3)
	r := s.start(before(func(p *udp.Packet) { flags <- p.Flags }), udp.MaxDatagram(100))
	c := r.dial()
	s.echoes(c, pattern(100))
	s.send(c, pattern(101))
	if got := s.answer(c); !bytes.Equal(got, pattern(101)[:100]) {
		s.Errorf("of 101 bytes there came %d", len(got))
	}
	s.echoes(c, pattern(5))
	if got := []udp.Flags{<-flags, <-flags, <-flags}; !slices.Equal(got, []udp.Flags{0, udp.Truncated, 0}) {
		s.Error("the flags are", got)
	}
	if n := r.gauge("truncated"); n != 1 {
		s.Error(n, "were counted as truncated")
	}
	r.well()
}

// sizes notes how large batches are.
type sizes struct {
	mu  *sync.Mutex
	max *int
}

func (z sizes) Process(_, src []*udp.Packet) ([]*udp.Packet, error) {
	z.mu.Lock()
	*z.max = max(*z.max, len(src))
	z.mu.Unlock()
	return src, nil
}

func order(s *suite) {
	const most, packets = 16, 400
	var mu sync.Mutex
	largest := 0
	var got [][]byte
	r := s.start(func(f *pipeline.Flow[udp.Packet]) {
		f.Via("sizes", func(*stage.Lane) stage.Stage[udp.Packet, udp.Packet] { return sizes{&mu, &largest} }).
			Via("note", stage.Do(func(p *udp.Packet) {
				mu.Lock()
				got = append(got, bytes.Clone(p.Data))
				mu.Unlock()
			})).To("send", udp.Send())
	}, udp.Batch(most))
	c := r.dial()
	for i := range packets {
		s.send(c, text(i))
	}
	s.until("all have come", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(got) == packets
	})
	for i, b := range got {
		if !bytes.Equal(b, text(i)) {
			s.Fatalf("packet %d is %q", i, b)
		}
	}
	if largest > most {
		s.Errorf("a batch had %d packets", largest)
	}
	r.well()
}

func identity(s *suite) {
	type seen struct {
		peer, local netip.AddrPort
		hash, key   uint64
		conn        *stage.Conn
	}
	all := make(chan seen, 4)
	r := s.start(before(func(p *udp.Packet) {
		all <- seen{p.Peer, p.Local(), udp.ByFlow(p), udp.ByPeer(p), p.Conn()}
	}))
	a, b := r.dial(), r.dial()
	for _, c := range []net.Conn{a, b, a, b} {
		s.echoes(c, pattern(8))
	}
	a1, b1, a2, b2 := <-all, <-all, <-all, <-all
	if a1 != a2 || b1 != b2 {
		s.Error("packets of one flow differ:", a1, a2, b1, b2)
	}
	if a1.hash == b1.hash || a1.key == b1.key || a1.hash == 0 {
		s.Error("two flows are one:", a1, b1)
	}
	if want := a.LocalAddr().(*net.UDPAddr).AddrPort(); a1.peer != want {
		s.Errorf("the peer is %v, not %v", a1.peer, want)
	}
	if want := a.RemoteAddr().(*net.UDPAddr).AddrPort(); a1.local != want {
		s.Errorf("it was sent to %v, not %v", a1.local, want)
	}
	if a1.hash != udp.FlowHash(a1.peer, a1.local) {
		s.Error("the hash is not that of the flow")
	}
	if a1.conn == nil || r.Source.Conn() == nil {
		s.Error("there is no socket")
	}
	r.well()
}

// A word is a message of the codec below: capital letters.
type word struct {
	stage.Head
	text []byte
	from udp.Packet
}

func (w *word) From(p *udp.Packet) { w.from.Peer = p.Peer }

type words struct{}

func (words) Decode(b []byte, v *word) (int, error) {
	for _, c := range b {
		if c < 'A' || c > 'Z' {
			return 0, stage.ErrMalformed
		}
	}
	v.text = b
	return len(b), nil
}

func undecodable(s *suite) {
	r := s.start(func(f *pipeline.Flow[udp.Packet]) {
		f.Via("decode", codec.Datagram[udp.Packet](words{})).
			Via("answer", stage.Map(func(out *udp.Packet, in *word) { out.Data, out.Peer = in.text, in.from.Peer })).
			To("send", udp.Send())
	})
	c := r.dial()
	s.echoes(c, []byte("GOOD"))
	s.send(c, []byte("bad"))
	s.send(c, nil)
	s.echoes(c, []byte("BETTER"))
	if n := r.gauge("failed: malformed"); n != 2 {
		s.Error(n, "were counted as malformed")
	}
	r.well()
}
