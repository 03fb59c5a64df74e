package stagetest

import (
	"time"

	"github.com/leat-io/leat/stage"
)

// A Rig is a lane with one stage on it. It does what a pipeline does around a stage, and no more: its cost is what a
// benchmark of the stage has to bear, about 10 ns a batch.
type Rig[In, Out any] struct {
	Lane  *Lane
	Stage stage.Stage[In, Out]

	in  *stage.Arena[In]
	buf []*Out
}

// NewRig makes a lane and one instance of the stage.
func NewRig[In, Out any](mk stage.Maker[In, Out]) *Rig[In, Out] {
	l := NewLane("the stage")
	return &Rig[In, Out]{Lane: l, in: stage.NewArena[In](l.Lane), Stage: mk(l.Lane)}
}

// New returns a zero message, which lives until End.
func (r *Rig[In, Out]) New() *In { return r.in.New() }

// Push gives the stage a batch, or a part of one: the batch lasts until End. What it returns is valid until the next call.
func (r *Rig[In, Out]) Push(b ...*In) ([]*Out, error) {
	out, err := r.Stage.Process(r.buf[:0], b)
	if !stage.SameStart(out, b) && cap(out) > cap(r.buf) {
		r.buf = out[:0] // as a pipeline does: what the stage has made larger serves the next batch
	}
	stage.CheckLive(r.Lane.Lane, out)
	return out, err
}

// Flush makes the stage emit what it holds, if it can hold anything.
func (r *Rig[In, Out]) Flush() []*Out {
	f, ok := r.Stage.(stage.Flusher[Out])
	if !ok {
		return nil
	}
	out := f.Flush(r.buf[:0])
	r.buf = out[:0]
	stage.CheckLive(r.Lane.Lane, out)
	return out
}

// Tick lets the stage act by the clock, if it does that, and returns when it wants to be called again.
func (r *Rig[In, Out]) Tick(now time.Time) (out []*Out, next time.Time) {
	f, ok := r.Stage.(stage.Ticker[Out])
	if !ok {
		return nil, next
	}
	out, next = f.Tick(r.buf[:0], now)
	r.buf = out[:0]
	stage.CheckLive(r.Lane.Lane, out)
	return out, next
}

// End ends the batch: answers are written, tickets that nobody answered are void, and all messages are taken back.
func (r *Rig[In, Out]) End() { r.Lane.End() }
