package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/leat-io/leat/stage"
)

// ErrRunTwice is returned by the second Run of a pipeline.
var ErrRunTwice = errors.New("a pipeline runs once")

// Run runs the pipeline until ctx ends or a stage with the policy Stop fails, then drains it. It returns nil when
// everything that was accepted is answered, a [DrainError] when the drain time did not suffice, the error of the stage that
// stopped it, or what kept it from starting.
func (p *Pipeline) Run(ctx context.Context) error {
	if p.ran.Swap(true) {
		return fmt.Errorf("pipeline %s: %w", p.name, ErrRunTwice)
	}
	defer p.ended.Store(true)
	if err := p.prepare(); err != nil {
		return err
	}
	dismiss := p.serve(context.WithoutCancel(ctx))
	for _, n := range p.nodes {
		if n.joint != nil {
			n.joint.start()
		}
	}
	started, err := p.startSources()
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-p.failed:
		}
	}
	ended := errors.Join(p.end(context.WithoutCancel(ctx), started), dismiss())
	select {
	case late := <-p.failed: // in the drain, which it could not stop
		err = errors.Join(err, late)
	default:
	}
	return errors.Join(err, ended)
}

// fail stops the pipeline with the first error it is given.
func (p *Pipeline) fail(err error) {
	select {
	case p.failed <- fmt.Errorf("pipeline %s: %w", p.name, err):
	default:
	}
}

// prepare checks the graph and makes all queues, and all lanes but those that sources open later. Joints come last to
// first, because a lane joins the queues behind it when it is made.
func (p *Pipeline) prepare() (err error) {
	if len(p.nodes) == 0 {
		return fmt.Errorf("pipeline %s: there is nothing in it", p.name)
	}
	for _, n := range p.nodes {
		if !n.used {
			return fmt.Errorf("pipeline %s: the flow from %s %q goes nowhere", p.name, n.kind, n.name)
		}
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("pipeline %s: %v", p.name, r)
		}
	}()
	for i := len(p.nodes) - 1; i >= 0; i-- {
		n := p.nodes[i]
		switch {
		case n.joint != nil:
			if err := n.joint.prepare(); err != nil {
				return err
			}
		case n.kind == kindSource:
			n.source.prepare()
		}
	}
	for _, ln := range p.allLanes() {
		if b := ln.stage.Blocks(); b != "" && ln.node.kind == kindSource {
			return fmt.Errorf("pipeline %s: stage %q may block and would stop the reading of source %q; put a Queue or Shard before it", p.name, b, ln.node.name)
		}
		if h := ln.stage.NeedsHost(); h != "" && ln.node.kind != kindSource {
			return fmt.Errorf("pipeline %s: sink %q is run by the loop of its source, and %s %q comes between them: take it away", p.name, h, ln.node.kind, ln.node.name)
		}
	}
	return nil
}

// startSources starts those that return answers first: what others read may have to be answered by them at once.
func (p *Pipeline) startSources() (started []*node, err error) {
	for _, returns := range []bool{true, false} {
		for _, n := range p.nodes {
			if n.kind != kindSource || n.source.returns != returns {
				continue
			}
			if err := n.source.start(); err != nil {
				return started, fmt.Errorf("pipeline %s: source %q: %w", p.name, n.name, err)
			}
			started = append(started, n)
		}
	}
	return started, nil
}

// end drains in flow order and closes.
func (p *Pipeline) end(parent context.Context, sources []*node) error {
	ctx, cancel := context.WithTimeout(parent, p.drain)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		if ctx.Err() == context.DeadlineExceeded {
			p.isForce.Store(true)
			close(p.forced)
		}
	})()
	began := time.Now()
	p.stop()
	p.stopSources(ctx, sources)
	for _, n := range p.nodes {
		switch {
		case n.joint != nil:
			n.joint.stop(ctx)
		case n.kind == kindSource && n.source.returns && slices.Contains(sources, n):
			n.source.stop(ctx)
			n.source.flush(ctx)
		}
	}
	lost := p.closeSources(ctx, sources)
	lost = append(lost, p.leftBehind()...)
	if len(lost) > 0 {
		return &DrainError{Pipeline: p.name, After: time.Since(began), Lost: lost}
	}
	return p.leaks()
}

// stopSources stops all sources at once, except those that return answers to a sink of this pipeline.
func (p *Pipeline) stopSources(ctx context.Context, sources []*node) {
	var wg sync.WaitGroup
	for _, n := range sources {
		if !n.source.returns {
			wg.Go(func() {
				n.source.leave(ctx, p.drain/2)
				n.source.stop(ctx)
				n.source.flush(ctx)
			})
		}
	}
	wg.Wait()
}

// closeSources closes those that return answers behind the others, which know the requests that had none and must have counted
// them before those are given up.
func (p *Pipeline) closeSources(ctx context.Context, sources []*node) (losses []Loss) {
	lost := make([]Lost, len(sources))
	for _, returns := range []bool{false, true} {
		var wg sync.WaitGroup
		for i, n := range sources {
			if n.source.returns == returns {
				wg.Go(func() { lost[i] = n.source.close(ctx) })
			}
		}
		wg.Wait()
	}
	for i, n := range sources {
		if lost[i] != (Lost{}) {
			losses = append(losses, Loss{n.name, lost[i].what(), lost[i].Requests + lost[i].Connections})
		}
	}
	return losses
}

// what says in words what was lost.
func (l Lost) what() string {
	if l.Connections > 0 {
		return fmt.Sprintf("%d connections were cut", l.Connections)
	}
	return fmt.Sprintf("%d accepted requests without an answer and %d bytes of answers not sent", l.Requests, l.Bytes)
}

// leftBehind says where messages were when the drain time was over.
func (p *Pipeline) leftBehind() (losses []Loss) {
	if !p.isForce.Load() {
		return nil
	}
	for _, n := range p.nodes {
		stuck := n.source.stuck
		if n.joint != nil {
			var queued, working int
			if queued, working, stuck = n.joint.left(); queued+working > 0 {
				losses = append(losses, Loss{n.name, fmt.Sprintf("%d messages queued and %d in its lanes", queued, working), queued + working})
			}
		}
		if stuck {
			losses = append(losses, Loss{n.name, "a stage on its lanes does not come back", 0})
		}
	}
	kept := map[string]int{}
	for _, ln := range p.allLanes() {
		ln.stage.KeptBy(kept)
	}
	for _, n := range p.nodes {
		if k := kept[n.name]; k > 0 {
			losses = append(losses, Loss{n.name, fmt.Sprintf("%d messages kept", k), k})
		}
	}
	return losses
}

// leaks is, in builds with the tag leakcheck, an error when memory is still held that nothing will give back.
func (p *Pipeline) leaks() error {
	mine := map[*stage.Lane]bool{}
	for _, ln := range p.allLanes() {
		mine[ln.stage] = true
	}
	if h := stage.Holders(func(l *stage.Lane) bool { return mine[l] }); len(h) > 0 {
		return fmt.Errorf("pipeline %s: leakcheck: at the end %s", p.name, strings.Join(h, "; "))
	}
	return nil
}

// A Loss is what one node could not deliver.
type Loss struct {
	Node  string
	What  string
	Count int
}

// A DrainError says what was lost when the drain time was over, or when answers could not be delivered.
type DrainError struct {
	Pipeline string
	After    time.Duration
	Lost     []Loss
}

func (e *DrainError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "pipeline %s: not everything was answered when it ended after %v", e.Pipeline, e.After.Round(time.Millisecond))
	for _, l := range e.Lost {
		fmt.Fprintf(&b, "; %s: %s", l.Node, l.What)
	}
	return b.String()
}
