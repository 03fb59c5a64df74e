package bench

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/leat-io/leat/pipeline"
)

// idlePart is the part of a run's time for which what is around the node is measured without it.
const idlePart = 4

// cell measures one node in batches of one size.
func (b *bench) cell(ctx context.Context, node string, batch int) (c Cell, err error) {
	r, err := b.rec.Replay(node, batch)
	if err != nil {
		return c, err
	}
	defer r.Close()
	defer quietHeap()()
	what := fmt.Sprintf("%s, batch %d", node, batch)
	b.say(what, 0)
	n, err := calibrate(ctx, r.Run, batch, b.Time)
	if err != nil {
		return c, err
	}
	idle, err := calibrate(ctx, r.Idle, batch, b.Time/idlePart)
	if err != nil {
		return c, err
	}
	c.Batch = batch
	for i := range b.Count {
		b.say(what, i+1)
		runtime.GC()
		around, err := r.Idle(ctx, idle)
		if err != nil {
			return c, err
		}
		s, err := r.Run(ctx, n)
		if err != nil {
			return c, err
		}
		c.add(s, around)
	}
	s, err := allocations(ctx, r, max(min(countMessages, n), batch))
	if err != nil {
		return c, err
	}
	c.finish(s)
	return c, nil
}

// quietHeap keeps the collector from running in a measurement, as long as memory allows. What it returns undoes that.
func quietHeap() (undo func()) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(int64(m.Sys)+heapRoom)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

// heapRoom is how many bytes a stage may allocate before the collector runs: a run of a stage that does nothing else allocates
// some hundred megabytes in 200 ms.
const heapRoom = 512 << 20

// calibrate finds how many messages take a time, with everything that is around them.
func calibrate(ctx context.Context, run func(context.Context, int) (pipeline.Sample, error), batch int, length time.Duration) (n int, err error) {
	for n = batch; ; {
		s, err := run(ctx, n)
		if err != nil {
			return 0, err
		}
		rate := float64(s.In) / float64(max(s.Whole, 1))
		want := int(math.Ceil(rate * float64(length)))
		if s.Whole >= length/8 {
			return max(want, batch), nil
		}
		n = min(max(want/2, 2*n), 100*n)
	}
}

// allocations counts those of a node when its buffers have grown. The least of several counts is the node's: the runtime
// allocates now and then, too.
func allocations(ctx context.Context, r *pipeline.Replay, messages int) (least pipeline.Sample, err error) {
	for i := range 3 {
		s, err := r.Allocs(ctx, messages)
		if err != nil {
			return s, err
		}
		if i == 0 || s.Mallocs < least.Mallocs {
			least = s
		}
	}
	return least, nil
}

// countMessages is how many messages are given to a node, unless it is slow, while its allocations are counted: each piece of the recording
// stops the process twice, for some ten microseconds.
const countMessages = 8192
