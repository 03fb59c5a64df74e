package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/leat-io/leat/pipeline"
)

// Options say what to measure, and how thoroughly.
type Options struct {
	Nodes   []string      // in this order; all when empty
	Batches []int         // messages given to a node at a time
	Record  int           // messages recorded of each node
	Time    time.Duration // of one run, with the restoring of messages
	Count   int           // runs of each node and batch

	// Progress is called between two runs; it may be nil.
	Progress func(Progress)
}

// DefaultOptions measure for about 1.3 s for each node and size of batch.
func DefaultOptions() Options {
	return Options{Batches: []int{1, 32, 256}, Record: 4096, Time: 200 * time.Millisecond, Count: 5}
}

// Bounds of the options, so that nothing takes a day or all memory.
const (
	maxRecord = 1 << 20
	maxBatch  = 1 << 16
	maxCount  = 1000
)

// Validate says everything that is wrong with o.
func (o Options) Validate() error {
	var wrong []error
	if len(o.Batches) == 0 {
		wrong = append(wrong, errors.New("there is no size of a batch"))
	}
	for _, b := range o.Batches {
		if b < 1 || b > maxBatch {
			wrong = append(wrong, fmt.Errorf("a batch must have between 1 and %d messages, not %d", maxBatch, b))
		}
	}
	if o.Record < 1 || o.Record > maxRecord {
		wrong = append(wrong, fmt.Errorf("messages to record must be between 1 and %d, not %d", maxRecord, o.Record))
	}
	if o.Time <= 0 || o.Time > time.Hour {
		wrong = append(wrong, fmt.Errorf("the time of a run must be above 0 and at most an hour, not %v", o.Time))
	}
	if o.Count < 1 || o.Count > maxCount {
		wrong = append(wrong, fmt.Errorf("runs must be between 1 and %d, not %d", maxCount, o.Count))
	}
	return errors.Join(wrong...)
}

// Nodes are the nodes of an assembly that can be measured. It closes s.
func Nodes(s Subject) ([]pipeline.Recorded, error) { return s.Pipeline().Record(1).Nodes(), s.Close() }

// Run records s and measures its nodes. It closes s.
func Run(ctx context.Context, s Subject, o Options) (res Result, err error) {
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := o.Validate(); err != nil {
		return res, err
	}
	rec := s.Pipeline().Record(o.Record)
	for _, n := range o.Nodes {
		if err := rec.Check(n); err != nil {
			return res, &UnknownError{err}
		}
	}
	if err := s.Open(ctx); err != nil {
		return res, err
	}
	b := bench{Options: o, rec: rec}
	b.say("recording", 0)
	steady, err := record(ctx, s, rec)
	if err != nil {
		return res, err
	}
	return b.all(ctx, steady)
}

// An UnknownError is about a node that was asked for and cannot be measured.
type UnknownError struct{ error }

// bench measures what was recorded.
type bench struct {
	Options
	rec   *pipeline.Recording
	cells int // to measure
	done  int
}

func (b *bench) all(ctx context.Context, steady pipeline.Stats) (res Result, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var nodes []pipeline.Recorded
	for _, n := range b.rec.Nodes() {
		if len(b.Nodes) == 0 || slices.Contains(b.Nodes, n.Name) {
			nodes = append(nodes, n)
		}
	}
	b.cells = len(nodes) * len(b.Batches)
	res = Result{GoVersion: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPU: processor()}
	for _, n := range nodes {
		node := Node{Recorded: n, PerBatch: round(perBatch(steady.Node(n.Name)))}
		for _, size := range b.Batches {
			if n.Messages < size {
				node.Skipped = append(node.Skipped, size)
				b.done++
				continue
			}
			c, err := b.cell(ctx, n.Name, size)
			if err != nil {
				return res, err
			}
			node.Cells = append(node.Cells, c)
			b.done++
		}
		res.Nodes = append(res.Nodes, node)
	}
	b.say("", 0)
	return res, nil
}

func (b *bench) say(what string, run int) {
	if b.Progress != nil {
		b.Progress(Progress{What: what, Run: run, Runs: b.Count, Cell: b.done, Cells: b.cells})
	}
}

// round keeps three digits behind the point, more than any of these figures is worth.
func round(x float64) float64 { return math.Round(x*1000) / 1000 }
