package session_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/session"
)

// Two sessions do what they may in any order, and their bytes arrive in pieces of any size. Neither finds an error in the other, all
// bytes come in their order and complete, and nothing is left in the end.
func TestTwoSessionsUnderstandEachOther(t *testing.T) {
	seen := newWatch()
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		converse(t, r.IntN, 600, seen)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Log(seen.table())
}

func FuzzTwoSessions(f *testing.F) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 2))
		b := make([]byte, 2000)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { converse(t, told(&b), 400, newWatch()) })
}

// told is a dice that takes its numbers from b, and shows the first side of itself behind that.
func told(b *[]byte) dice {
	return func(n int) int {
		v := 0
		for k := n; k > 1 && len(*b) > 0; k >>= 8 {
			v, *b = v<<8|int((*b)[0]), (*b)[1:]
		}
		return v % n
	}
}

func converse(t testing.TB, roll dice, steps int, seen *watch) {
	budget := session.NewBudget(1 << 20)
	run := newWatch()
	config := func(server bool) session.Config {
		s := mux.DefaultSettings
		s.StreamWindow = []int{256 << 10, 100, 5000, 1}[roll(4)]
		s.ConnectionWindow = []int{64 << 10, 1 << 20}[roll(2)]
		s.MaxFrame = []int{16 << 10, 1 << 20}[roll(2)]
		s.MaxStreams = []int{3, 1024}[roll(2)]
		return session.Config{
			Server: server, Settings: &s, Features: mux.Features(roll(2)), Policy: session.Policy(roll(4)), Limits: patient(), Budget: budget,
		}
	}
	a, b := newEnd(t, config(false), roll, run), newEnd(t, config(true), roll, run)
	a.most, b.most = 100*b.window, 100*a.window // more is a matter of many round trips, and of nothing else
	for range steps {
		x, y := a, b
		if roll(2) == 0 {
			x, y = b, a
		}
		step(x, y, roll)
		if err := errors.Join(a.failed, b.failed); err != nil {
			t.Fatalf("one has found an error in the other: %v", err)
		}
	}
	settle(t, a, b)
	for t, row := range run.count {
		for c, n := range row {
			seen.count[t][c] += n
		}
	}
	for _, e := range []*end{a, b} {
		e.flush(e.s.End(session.ErrEnded))
	}
	if n := budget.Used(); n != 0 {
		t.Errorf("%d bytes of the budget were not given back", n)
	}
}

var errGivenUp = errors.New("this end has reset it")

// step is one thing that x does; y is the other end.
func step(x, y *end, roll dice) {
	n := roll(100)
	if n < 40 || !x.s.Ready() {
		if len(y.wire) > 0 {
			x.feed(y, 1+roll(len(y.wire)))
		}
		return
	}
	if n < 52 {
		f := &flow{end: x}
		f.Side = f
		fin := roll(8) == 0
		flush, err := x.s.Open(&f.Stream, &mux.Opening{Class: uint8(roll(8)), Weight: uint16(roll(100))}, fin)
		if err == nil {
			f.fin = fin
			x.flows = append(x.flows, f)
		}
		x.flush(flush)
		return
	}
	if len(x.flows) == 0 {
		return
	}
	f := x.flows[roll(len(x.flows))]
	switch {
	case n < 72:
		g := mux.Flags(0)
		if roll(6) == 0 {
			g = mux.Fin
		}
		f.send(min(roll([]int{2, 200, 20_000, 200_000}[roll(4)]), x.most), g)
	case n < 75:
		f.send(0, mux.Fin)
	case n < 77:
		f.broken = errGivenUp
		x.flush(f.Reset([]mux.Code{mux.Cancelled, mux.Application}[roll(2)], "enough"))
	case n < 79:
		f.deaf = f.deaf || !f.heard
		x.flush(f.Stop(mux.Cancelled, ""))
	case n < 90:
		if f.unread > 0 {
			f.consume(1 + roll(f.unread))
		}
	case n < 93:
		x.flush(f.Prefer(uint8(roll(8)), uint16(roll(100)), roll(2) == 0))
	case n < 95:
		if f.given {
			f.unsend() // as a deadline does
		}
	case n < 97:
		f.serve()
	case n < 99:
		flush, _ := x.s.Tick(time.Now())
		x.flush(flush)
	case roll(20) == 0:
		x.flush(x.s.Leave(""))
	}
}

// settle lets both ends end what they have begun, and looks at what is left.
func settle(t testing.TB, a, b *end) {
	moved := func() bool {
		was := len(a.wire) + len(b.wire)
		a.feed(b, len(b.wire))
		b.feed(a, len(a.wire))
		for _, e := range []*end{a, b} {
			for _, f := range e.flows {
				if f.unread > 0 {
					f.consume(f.unread)
				}
				f.send(0, mux.Fin)
				f.serve()
			}
		}
		return was+len(a.wire)+len(b.wire) > 0
	}
	for i := 0; moved(); i++ {
		if i > 2_000_000 {
			t.Fatal("there is no end")
		}
		if err := errors.Join(a.failed, b.failed); err != nil {
			t.Fatalf("one has found an error in the other: %v", err)
		}
	}
	for _, e := range []*end{a, b} {
		if s := e.s.State(); s.Ours != 0 || s.Theirs != 0 || s.Held != 0 {
			t.Errorf("in the end there are %d and %d streams and %d bytes", s.Ours, s.Theirs, s.Held)
		}
		other := a
		if e == a {
			other = b
		}
		for _, f := range e.flows {
			complete(t, f, other)
		}
	}
}

// complete checks that what was sent on a flow has arrived, if neither side wanted it otherwise.
func complete(t testing.TB, f *flow, other *end) {
	for _, g := range other.flows {
		if g.ID() != f.ID() || g.accepted == f.accepted || f.broken != nil || g.broken != nil || f.stopped || g.deaf {
			continue
		}
		if f.settled(); f.sent != g.got || g.heard != f.fin {
			t.Errorf("stream %d: %d bytes were sent (end %v), %d have come (end %v)", f.ID(), f.sent, f.fin, g.got, g.heard)
		}
	}
}
