package stagetest

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/leat-io/leat/stage"
)

// A play is one run of a stage, on one or more instances.
type play[In, Out any] struct {
	s     *Stage[In, Out]
	t     testing.TB
	rigs  []*Rig[In, Out]
	conns []*Conn
	src   []*In
	out   []string // what came out, as it looks

	// scribble overwrites both slices when their batch is over.
	scribble bool
}

// manyInFlight lets every message of a run be in flight at once.
var manyInFlight = stage.Limits{InFlight: 1 << 20, OutLow: 1 << 20, OutHigh: 1 << 20, OutHard: 1 << 20}

func (s *Stage[In, Out]) play(t testing.TB) *play[In, Out] {
	p := &play[In, Out]{s: s, t: t}
	c := NewConn(manyInFlight)
	p.conns = []*Conn{c, c.Sibling(), c.Sibling()}
	p.add()
	return p
}

// add makes another instance, on a lane of its own.
func (p *play[In, Out]) add() *Rig[In, Out] {
	r := NewRig(p.s.Make)
	p.rigs = append(p.rigs, r)
	return r
}

// guarded turns a panic into a failure.
func (p *play[In, Out]) guarded(what string, f func()) {
	p.t.Helper()
	defer func() {
		if r := recover(); r != nil {
			p.t.Fatalf("%s panicked: %v", what, r)
		}
	}()
	f()
}

// batch sends messages from up to below to through r.
func (p *play[In, Out]) batch(r *Rig[In, Out], from, to int) {
	p.t.Helper()
	var numbers []int
	for i := from; i < to; i++ {
		numbers = append(numbers, i)
	}
	p.send(r, numbers)
}

func (p *play[In, Out]) send(r *Rig[In, Out], numbers []int) {
	p.t.Helper()
	p.src = p.src[:0]
	for _, i := range numbers {
		m := r.New()
		p.s.Fill(i, m)
		intoSlab(r.Lane.Lane, m)
		c := p.conns[i%len(p.conns)]
		if i%7 == 6 {
			stage.HeadOf(m).SetConn(&c.Conn)
		} else {
			Issue(r.Lane.Lane, &c.Conn, m)
		}
		p.src = append(p.src, m)
	}
	p.guarded("Process", func() {
		out, err := r.Push(p.src...)
		if err != nil {
			p.t.Fatalf("Process returned an error: %v", err)
		}
		p.note(out)
	})
	p.end(r)
	if p.scribble {
		clear(p.src[:cap(p.src)])
		clear(r.buf[:cap(r.buf)])
		p.src = nil // the next batch comes in another one, so what is kept of this stays nil
	}
}

func (p *play[In, Out]) flush(r *Rig[In, Out]) {
	p.t.Helper()
	p.guarded("Flush", func() { p.note(r.Flush()) })
	p.end(r)
}

func (p *play[In, Out]) end(r *Rig[In, Out]) {
	p.t.Helper()
	p.guarded("the end of the batch", r.End)
	if err := r.Lane.Reported(); len(err) > 0 {
		p.t.Fatalf("the stage failed: %v", err[0])
	}
}

// note writes down what came out: whose answer it is, and what is in it.
func (p *play[In, Out]) note(out []*Out) {
	p.t.Helper()
	for _, o := range out {
		if o == nil {
			p.t.Fatalf("the stage emitted nil")
		}
		h := stage.HeadOf(o)
		i := slices.IndexFunc(p.conns, func(c *Conn) bool { return &c.Conn == h.Conn() })
		p.out = append(p.out, fmt.Sprintf("for request %d of connection %d: %s", h.Seq(), i, p.s.Show(o)))
	}
}

// kept is what the nodes of a lane have retained and not taken.
func (r *Rig[In, Out]) kept() (n int) {
	count := map[string]int{}
	r.Lane.KeptBy(count)
	for k := range maps.Values(count) {
		n += k
	}
	return n
}

// differ says how what came out differs from what should, or nothing.
func differ(got, want []string, anyOrder bool) string {
	if anyOrder {
		got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("message %d is %s; it should be %s", i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		return fmt.Sprintf("%d messages came out; it should be %d", len(got), len(want))
	}
	return ""
}
