package stagetest

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/leat-io/leat/stage"
)

// alone is what comes out when messages go in one by one.
func (s *Stage[In, Out]) alone(t testing.TB) []string {
	t.Helper()
	p := s.play(t)
	for i := range s.Messages {
		p.batch(p.rigs[0], i, i+1)
	}
	p.flush(p.rigs[0])
	return p.out
}

func (s *Stage[In, Out]) checkBatches(t testing.TB) {
	want := s.alone(t)
	for _, size := range []int{2, 3, 7, 64, s.Messages} {
		p := s.play(t)
		p.sizes(func() int { return size })
		if d := differ(p.out, want, s.AnyOrder); d != "" {
			t.Fatalf("in batches of %d: %s, as with one message at a time", size, d)
		}
	}
	for seed := range uint64(16) {
		r := rand.New(rand.NewPCG(3, seed))
		p := s.play(t)
		p.sizes(func() int { return 1 + r.IntN(1<<(1+r.IntN(7))) })
		if d := differ(p.out, want, s.AnyOrder); d != "" {
			t.Fatalf("in batches of random sizes: %s, as with one message at a time", d)
		}
	}
	if d := s.ticked(t, want); d != "" {
		t.Fatalf("with Tick between the batches: %s, as without", d)
	}
}

// sizes sends all messages, in batches of the sizes that next gives, and flushes.
func (p *play[In, Out]) sizes(next func() int) {
	p.t.Helper()
	for i := 0; i < p.s.Messages; {
		n := min(next(), p.s.Messages-i)
		p.batch(p.rigs[0], i, i+n)
		i += n
	}
	p.flush(p.rigs[0])
}

// ticked says what is different when the clock runs ahead, or nothing.
func (s *Stage[In, Out]) ticked(t testing.TB, want []string) string {
	t.Helper()
	p := s.play(t)
	r := p.rigs[0]
	if _, ok := r.Stage.(stage.Ticker[Out]); !ok {
		return ""
	}
	now := time.Now()
	for i := 0; i < s.Messages; i += 3 {
		p.batch(r, i, min(i+3, s.Messages))
		now = now.Add(time.Hour)
		p.guarded("Tick", func() {
			out, next := r.Tick(now)
			p.note(out)
			if len(out) > 0 && !next.IsZero() && !next.After(now) {
				t.Fatalf("Tick at %v emitted %d messages and asks to be called again at %v, which is not later", now, len(out), next)
			}
		})
		p.end(r)
	}
	p.flush(r)
	return differ(p.out, want, s.AnyOrder)
}

func (s *Stage[In, Out]) checkSlices(t testing.TB) {
	want := s.alone(t)
	for _, size := range []int{1, 5, 64} {
		p := s.play(t)
		p.scribble = true
		p.sizes(func() int { return size })
		if d := differ(p.out, want, s.AnyOrder); d != "" {
			t.Fatalf("when dst and src are overwritten after each batch of %d: %s, as without", size, d)
		}
	}
}

func (s *Stage[In, Out]) checkFlush(t testing.TB) {
	p := s.play(t)
	r := p.rigs[0]
	p.sizes(func() int { return 5 })
	if n := r.kept(); n > 0 {
		what := "Flush left %d messages that it holds"
		if _, ok := r.Stage.(stage.Flusher[Out]); !ok {
			what = "%d messages are kept for ever: the stage has no Flush"
		}
		t.Fatalf(what, n)
	}
	before := len(p.out)
	p.flush(r)
	if n := len(p.out) - before; n > 0 {
		t.Fatalf("a second Flush emitted %s, and %d messages in all", p.out[before], n)
	}
}

func (s *Stage[In, Out]) checkTickets(t testing.TB) {
	p := s.play(t)
	p.sizes(func() int { return 5 })
	for _, c := range p.conns {
		if reason, closed := c.Closed(); closed {
			t.Fatalf("the stage ended a connection: %v", reason)
		}
		if n, _ := c.Owed(); n > 0 {
			t.Fatalf("%d tickets are lost: no message that the lane knows owns them; move a ticket with Head.Inherit to a message from an Arena", n)
		}
	}
	if n := p.conns[0].Terms().Ignored.Load(); n > 0 {
		t.Fatalf("%d tickets were settled twice: two messages owned one; move a ticket with Head.Inherit, and do not copy a Head", n)
	}
}
