package pipeline

import (
	"fmt"
	"slices"

	"github.com/leat-io/leat/stage"
)

// Branch splits a flow in two by a predicate, on the same lane. The second flow is named "not " and the name.
func (f *Flow[T]) Branch(name string, pred func(*T) bool) (yes, no *Flow[T]) {
	if pred == nil {
		f.p.misuse("Branch %q needs a predicate", name)
	}
	yes, no = newFlow[T](f.p, kindBranch, name), newFlow[T](f.p, kindBranch, "not "+name)
	f.use(yes.n, func(ln *lane) stage.Sink[T] {
		return &branch[T]{
			lane: ln.stage, pred: pred,
			yes: arm[T]{counts: ln.stage.Making(yes.n.id, yes.n.name), next: yes.sink(ln)},
			no:  arm[T]{counts: ln.stage.Making(no.n.id, no.n.name), next: no.sink(ln)},
		}
	})
	no.n.from = append(no.n.from, f.n)
	return yes, no
}

type arm[T any] struct {
	counts *stage.Counts
	next   stage.Sink[T]
	batch  []*T
}

// push passes on what the arm was given of this batch.
func (a *arm[T]) push() {
	if len(a.batch) > 0 {
		a.Push(a.batch)
	}
}

func (a *arm[T]) Push(b []*T) {
	n := uint64(len(b))
	a.counts.In += n
	a.counts.Out += n
	a.counts.Batches++
	a.next.Push(b)
}

type branch[T any] struct {
	lane    *stage.Lane
	pred    func(*T) bool
	yes, no arm[T]
}

func (s *branch[T]) Push(b []*T) {
	s.lane.Enter(s.yes.counts)
	s.yes.batch, s.no.batch = s.yes.batch[:0], s.no.batch[:0]
	for _, m := range b {
		if s.pred(m) {
			s.yes.batch = append(s.yes.batch, m)
		} else {
			s.no.batch = append(s.no.batch, m)
		}
	}
	s.yes.push()
	s.no.push()
}

// Tee gives each message to two flows on the same lane. The second, named with " copy", gets structs of its own; the
// tickets stay with the first. The bytes are shared, and are read-only from here on in both. The copies go first: what they
// are recorded in has them before an answer can be written.
func (f *Flow[T]) Tee(name string) (first, second *Flow[T]) {
	first, second = newFlow[T](f.p, kindTee, name), newFlow[T](f.p, kindTee, name+" copy")
	f.use(first.n, func(ln *lane) stage.Sink[T] {
		c := ln.stage.Making(first.n.id, first.n.name)
		t := &tee[T]{lane: ln.stage, arena: stage.NewArena[T](ln.stage)} // on the account of this node, and of no other
		t.first = arm[T]{counts: c, next: first.sink(ln)}
		t.second = arm[T]{counts: ln.stage.Making(second.n.id, second.n.name), next: second.sink(ln)}
		return t
	})
	second.n.from = append(second.n.from, f.n)
	return first, second
}

type tee[T any] struct {
	lane          *stage.Lane
	arena         *stage.Arena[T]
	first, second arm[T]
}

func (t *tee[T]) Push(b []*T) {
	t.lane.Enter(t.first.counts)
	t.first.batch, t.second.batch = append(t.first.batch[:0], b...), t.second.batch[:0]
	for _, m := range b { // before the first arm runs: it may write to its messages
		c := t.arena.New()
		*c = *m
		stage.HeadOf(c).Unticket()
		t.second.batch = append(t.second.batch, c)
	}
	t.second.push()
	t.first.push()
}

// Merge joins flows without a queue: what follows has one instance on each lane on which they arrive.
func Merge[T any](flows ...*Flow[T]) *Flow[T] {
	if len(flows) == 0 || slices.Contains(flows, nil) {
		panic("pipeline: Merge needs flows, and none of them nil")
	}
	p := flows[0].p
	name := "merge"
	for i := 2; p.named(name); i++ {
		name = fmt.Sprintf("merge %d", i)
	}
	out := newFlow[T](p, kindMerge, name)
	for _, f := range flows {
		if f.p != p {
			p.misuse("Merge joins flows of one pipeline; %q is of pipeline %s", f.n.name, f.p.name)
		}
		f.use(out.n, func(ln *lane) stage.Sink[T] { return out.merged(ln) })
	}
	return out
}

func (p *Pipeline) named(name string) bool {
	for _, n := range p.nodes {
		if n.name == name {
			return true
		}
	}
	return false
}

// merged is the counted entrance of a merge, one on each lane.
func (f *Flow[T]) merged(ln *lane) stage.Sink[T] {
	if s, ok := ln.merges[f.n]; ok {
		return s.(*arm[T])
	}
	a := &arm[T]{counts: ln.stage.Making(f.n.id, f.n.name), next: f.sink(ln)}
	ln.merges[f.n] = a
	return a
}
