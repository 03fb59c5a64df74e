package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/leat-io/leat/pipeline"
)

const (
	// recordFor bounds the wait for nodes to which little comes.
	recordFor = 3 * time.Second
	// steadyFor is how long batches are counted when nothing is recorded any more: recording makes a server slower, and so its
	// batches larger.
	steadyFor = 500 * time.Millisecond
	look      = 5 * time.Millisecond
)

// A trial is a subject under load.
type trial struct {
	ready       chan struct{} // closed when what comes is to be recorded
	ran, driven chan struct{} // closed when these have ended
	runErr      error         // to be read behind ran
	driveErr    error         // to be read behind driven
	stop        func()
}

func begin(ctx context.Context, s Subject, rec *pipeline.Recording) *trial {
	t := &trial{ready: make(chan struct{}), ran: make(chan struct{}), driven: make(chan struct{})}
	running, stop := context.WithCancel(ctx)
	driving, enough := context.WithCancel(running)
	go func() {
		defer close(t.ran)
		t.runErr = s.Run(running)
	}()
	go func() {
		defer close(t.driven)
		t.driveErr = s.Drive(driving, sync.OnceFunc(func() {
			rec.Start()
			close(t.ready)
		}))
	}()
	t.stop = func() { // clients end first: a server that stops would cut them off
		enough()
		<-t.driven
		stop()
		<-t.ran
	}
	return t
}

// wait returns when done does, when until is closed, or after a time. That the load or the server ends is an error.
func (t *trial) wait(ctx context.Context, most time.Duration, until <-chan struct{}, done func() bool) error {
	patience, tick := time.NewTimer(most), time.NewTicker(look)
	defer patience.Stop()
	defer tick.Stop()
	for !done() {
		select {
		case <-until:
			return nil
		case <-patience.C:
			return nil
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-t.driven:
			return errors.New("the load has ended by itself")
		case <-t.ran:
			return errors.New("the server has ended by itself")
		}
	}
	return nil
}

// record fills rec with what comes to the nodes of s, and returns their counters over a time in which nothing was recorded.
func record(ctx context.Context, s Subject, rec *pipeline.Recording) (steady pipeline.Stats, err error) {
	t := begin(ctx, s, rec)
	steady, err = t.record(ctx, s.Pipeline(), rec)
	t.stop()
	if err = errors.Join(t.driveErr, t.runErr, err); err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	return steady, nil
}

func (t *trial) record(ctx context.Context, p *pipeline.Pipeline, rec *pipeline.Recording) (steady pipeline.Stats, err error) {
	never := func() bool { return false }
	if err := t.wait(ctx, time.Hour, t.ready, never); err != nil {
		return nil, err
	}
	err = t.wait(ctx, recordFor, nil, rec.Full)
	rec.Stop()
	if err != nil {
		return nil, err
	}
	before := p.Stats()
	err = t.wait(ctx, steadyFor, nil, never)
	return since(before, p.Stats()), err
}

// since is what the nodes have counted between two looks at them.
func since(before, after pipeline.Stats) pipeline.Stats {
	for i := range after {
		a, b := &after[i], &before[i]
		a.In, a.Out, a.Batches = a.In-b.In, a.Out-b.Out, a.Batches-b.Batches
	}
	return after
}

// perBatch is the mean number of messages in a batch that came to a node; of a joint, that its lanes took.
func perBatch(s pipeline.NodeStats) float64 {
	if s.Batches == 0 {
		return 0
	}
	if s.Out > 0 && (s.Kind == "queue" || s.Kind == "shard" || s.Kind == "spread") {
		return float64(s.Out) / float64(s.Batches)
	}
	return float64(s.In) / float64(s.Batches)
}
