package pipeline

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/leat-io/leat/stage"
)

// A Replay gives one node, alone on a lane, what was recorded of it: a fresh instance, made as the pipeline makes its own,
// whose output is discarded. A joint gets its queues and lanes, which are popped in turn by the same goroutine.
//
// Messages look as they did: struct, slices, connection with its session and terms, ticket. Before each pass over the
// recording the connections are new, and what a stage has changed in its messages is restored outside of the time that is
// measured. Answers go to connections whose peer takes everything. Tickets that a stage passes on count as answered. Ticks do
// not happen.
//
// A Replay belongs to one goroutine.
type Replay struct {
	node  *node
	batch int
	alone *Pipeline // that the node's lane belongs to
	reel  player
	at    int // the message that comes next

	out   int        // messages that came out since it was last set to 0
	wrote int        // bytes that connections took, too
	seen  func(Seen) // told of what comes out, unless nil
}

// A player is the part of a Replay that knows the type of the messages.
type player interface {
	len() int
	bytes(from, to int) int
	rewind()                            // new connections, and nothing held
	chunk(from int) (to int)            // how far messages are prepared at once
	prepare(from, to int)               // makes them what they were
	run(from, to, batch int, idle bool) // what is timed
	settle(from, to int)                // tickets that the node has not settled
	name(*stage.Head) (conn uint64, seq uint32)
	close()
}

// A Sample is what some of a replay has cost.
type Sample struct {
	Batches int
	In      int           // messages given
	Out     int           // messages that came out
	Bytes   int           // that the messages given carried
	Wrote   int           // bytes that were written to connections
	Elapsed time.Duration // in the node, and in what is around it
	Whole   time.Duration // with the restoring of messages
	Mallocs uint64        // allocations in the node; of Allocs
	Alloced uint64        // bytes of them
}

// Run gives the node at least so many messages, in whole batches. When the recording ends it begins again. Elapsed holds the
// loop that pushes, a reading of the clock for every 64 KiB of messages, and the end of each batch on the lane, as well as
// the node: what [Replay.Idle] measures is to be subtracted.
func (r *Replay) Run(ctx context.Context, messages int) (Sample, error) {
	return r.play(ctx, messages, false, false)
}

// Idle is Run without the node.
func (r *Replay) Idle(ctx context.Context, messages int) (Sample, error) {
	return r.play(ctx, messages, true, false)
}

// Allocs is Run that counts allocations instead of time. Nothing else may run in the process.
func (r *Replay) Allocs(ctx context.Context, messages int) (Sample, error) {
	return r.play(ctx, messages, false, true)
}

func (r *Replay) play(ctx context.Context, messages int, idle, count bool) (s Sample, err error) {
	whole := r.reel.len() / r.batch * r.batch
	r.out, r.wrote = 0, 0
	began := clock()
	for s.In < messages {
		if ctx.Err() != nil {
			return s, context.Cause(ctx)
		}
		if r.at >= whole {
			r.rewind()
		}
		to := min(r.reel.chunk(r.at), whole)
		if left := messages - s.In; to-r.at > left {
			to = r.at + (left+r.batch-1)/r.batch*r.batch
		}
		if err := r.piece(&s, to, idle, count); err != nil {
			return s, err
		}
	}
	s.Out, s.Wrote, s.Whole = r.out, r.wrote, clock()-began
	return s, nil
}

// piece plays the messages up to another, which are prepared together.
func (r *Replay) piece(s *Sample, to int, idle, count bool) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = r.failed(v)
		}
	}()
	r.reel.prepare(r.at, to)
	var before, after runtime.MemStats
	if count {
		runtime.ReadMemStats(&before)
	}
	began := clock()
	r.reel.run(r.at, to, r.batch, idle)
	s.Elapsed += clock() - began
	if count {
		runtime.ReadMemStats(&after)
		s.Mallocs += after.Mallocs - before.Mallocs
		s.Alloced += after.TotalAlloc - before.TotalAlloc
	}
	r.reel.settle(r.at, to)
	s.In += to - r.at
	s.Batches += (to - r.at + r.batch - 1) / r.batch
	s.Bytes += r.reel.bytes(r.at, to)
	r.at = to
	select {
	case err := <-r.alone.failed:
		return err
	default:
	}
	return nil
}

func (r *Replay) rewind() {
	r.at = 0
	r.reel.rewind()
}

// Outputs gives the node all that was recorded of it, once, and returns what it makes of it, in order, with the names of the
// nodes that it is for. Messages that a node holds until it is flushed come last.
func (r *Replay) Outputs(ctx context.Context) (all []Seen, err error) {
	r.rewind()
	r.seen = func(s Seen) { all = append(all, s) }
	defer func() { r.seen = nil }()
	for s := (Sample{}); r.at < r.reel.len(); {
		if ctx.Err() != nil {
			return all, context.Cause(ctx)
		}
		if err := r.piece(&s, min(r.reel.chunk(r.at), r.reel.len()), false, false); err != nil {
			return all, err
		}
	}
	r.rewind()
	return all, nil
}

// consumer is the node that a flow goes to.
func (r *Replay) consumer(from string) string {
	for _, n := range r.node.pipeline.nodes {
		if slices.ContainsFunc(n.from, func(f *node) bool { return f.name == from }) {
			return n.name // the first arm, of a Branch or Tee
		}
	}
	return ""
}

func (r *Replay) failed(value any) error {
	return fmt.Errorf("pipeline %s: replay of %q: %w: %v", r.alone.name, r.node.name, stage.ErrPanic, value)
}

// Close gives the memory of the replay back.
func (r *Replay) Close() { r.reel.close() }
