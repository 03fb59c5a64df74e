package kv

import "github.com/leat-io/leat/stage"

// A walk calls a function for each call of a batch. One over which it panics costs its connection and no other. Calls whose
// answer is silent end here.
type walk struct {
	lane  *stage.Lane
	begin func(calls int) // before the first of a batch
	each  func(*Call)

	src  []*Call // the batch that runs
	at   int     // index in src of the call that runs
	kept int     // how many go on, at the front of src
}

// Process implements stage.Stage.
func (w *walk) Process(_, src []*Call) ([]*Call, error) { return stage.Guarded(w, src), nil }

// Try implements stage.Resumable.
func (w *walk) Try(src []*Call) []*Call {
	w.src, w.at, w.kept = src, 0, 0
	w.begin(len(src))
	return w.rest()
}

func (w *walk) rest() []*Call {
	for ; w.at < len(w.src); w.at++ {
		c := w.src[w.at]
		if w.each(c); c.reply.kind != silent {
			w.src[w.kept] = c
			w.kept++
		}
	}
	return w.src[:w.kept]
}

// Resume implements stage.Resumable.
func (w *walk) Resume(value any) []*Call {
	w.lane.Panicked(value, stage.HeadOf(w.src[w.at]))
	w.at++
	return w.rest()
}
