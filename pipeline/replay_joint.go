package pipeline

import (
	"slices"

	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/stage"
)

// join makes a joint like j, whose lanes are popped by hand: nobody waits, so nobody has to be woken.
func (s *stand[T]) join(j *crossing[T]) error {
	before := newFlow[T](s.replay.alone, kindSource, "the recording")
	before.n.source.lanes = func() int { return 1 }
	opts := []queue.Option{queue.Cap(max(j.cfg.Cap, s.replay.batch)), queue.Batch(j.cfg.Batch), j.cfg.Full}
	own := before.joint(j.n.kind, j.n.name, j.lanes(), j.key, j.make, opts).n.joint.(*crossing[T])
	if err := own.prepare(); err != nil {
		return err
	}
	s.top = before.make(s.lane)
	s.lane.made()
	buf := make([]*T, own.cfg.Batch)
	s.pop = func() {
		for i, q := range own.queues {
			for b := q.Pop(buf); len(b) > 0; b = q.Pop(buf) {
				own.deliver(own.inlets[i], b)
			}
		}
	}
	return nil
}

// deliver is what the lane of a joint does with a batch.
func (j *crossing[T]) deliver(in *Inlet[T], b []*T) {
	b = stage.Lent(b)
	lent := b
	if stage.Leakcheck {
		lent = slices.Clone(b) // what follows may reorder it
	}
	stage.Adopt(in.Lane, j.note, b)
	in.next.Push(b)
	in.Lane.End()
	stage.Buried(in.Lane, lent)
}
