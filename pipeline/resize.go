package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/leat-io/leat/stage"
)

// ErrNotRunning is returned for a change of a pipeline that has not started, or that is stopping.
var ErrNotRunning = errors.New("the pipeline does not run")

// Resize changes the number of lanes behind a Shard or Spread while the pipeline runs. Nothing is lost, and messages of
// equal keys keep their order: the lanes that push into the joint are held up until the lanes behind it have worked off
// what is queued, for a few milliseconds when their stages are quick. Only the partitions move that must.
//
// A stage behind a Shard that is a [stage.Handover] hands the state of those partitions to the instance on the new lane. One
// that is not, and holds messages, is flushed. Lanes that are not needed any more are kept for the next Resize, idle.
//
// When ctx ends first, the pipeline begins to stop, or a maker, an Export or an Import panics, an error is returned and the
// number of lanes is what it was. The one exception is an Import that does not come back: its lane is stuck, and the error
// says that the others go on with the new number.
func (p *Pipeline) Resize(ctx context.Context, joint string, lanes int) error {
	n := p.resizable(joint)
	if n == nil {
		return fmt.Errorf("pipeline %s: there is no shard or spread %q", p.name, joint)
	}
	if lanes < 1 || n.kind == kindShard && lanes > stage.Partitions {
		return fmt.Errorf("pipeline %s: %s %q cannot have %d lanes", p.name, n.kind, n.name, lanes)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.life, func() { cancel(ErrNotRunning) })()
	if err := n.joint.resize(ctx, lanes); err != nil {
		return fmt.Errorf("pipeline %s: %s %q: to %d lanes: %w", p.name, n.kind, n.name, lanes, err)
	}
	return nil
}

func (j *crossing[T]) resize(ctx context.Context, lanes int) error {
	select {
	case j.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-j.turn }()
	if err := j.provide(lanes); err != nil {
		return err
	}
	old := j.table
	if lanes == old.lanes {
		return nil
	}
	next := &table{lanes: lanes, parts: old.parts}
	if j.key != nil {
		next = old.resized(lanes)
	}
	began := time.Now()
	p := &pause{over: make(chan struct{})}
	t := j.transfer(old, next)
	err := j.halt(ctx, p)
	if err == nil {
		err = t.run(ctx, p)
	}
	if !t.done {
		next = old
	}
	j.proceed(ctx, p, next)
	if err == nil {
		j.p.log.Info("a joint has another number of lanes", "pipeline", j.p.name, "node", j.n.name, "lanes", lanes, "before", old.lanes, "pause", time.Since(began))
	}
	return err
}

// provide makes and starts the lanes that a change needs. Those that were made before a maker panicked are kept.
func (j *crossing[T]) provide(lanes int) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	j.mu.Lock()
	running := j.running
	j.mu.Unlock()
	if !running {
		return ErrNotRunning
	}
	defer func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		if j.running { // the makers may have taken longer than the pipeline lived
			j.startMade()
		} else {
			err = ErrNotRunning
		}
	}()
	return j.grow(lanes)
}

// halt keeps the producing lanes from pushing, and returns when all that they have pushed is queued.
func (j *crossing[T]) halt(ctx context.Context, p *pause) error {
	j.mu.Lock()
	j.pause = p
	dividers := slices.Clone(j.dividers)
	j.mu.Unlock()
	return each(ctx, "lanes before it", dividers, func(d *divider[T], report func(error)) {
		go d.ln.stage.Call(func() { d.halt(p, func() { report(nil) }) })
	})
}

// proceed ends the pause and returns when all producing lanes know.
func (j *crossing[T]) proceed(ctx context.Context, p *pause, next *table) {
	for i, in := range j.members() {
		in.ln.spare.Store(i >= next.lanes)
		if next != j.table {
			go in.ln.stage.Call(in.since)
		}
	}
	j.mu.Lock()
	j.table, j.pause = next, nil
	dividers := slices.Clone(j.dividers)
	j.mu.Unlock()
	close(p.over)
	_ = each(ctx, "", dividers, func(d *divider[T], report func(error)) { // a lane that is late looks by itself
		go d.ln.stage.Call(func() {
			d.proceed(p)
			report(nil)
		})
	})
}

// each begins something with each of many, and waits until all have reported or ctx has ended.
func each[L any](ctx context.Context, what string, all []L, begin func(one L, report func(error))) (err error) {
	reports := make(chan error, len(all))
	for _, one := range all {
		begin(one, func(err error) { reports <- err })
	}
	for n := range all {
		select {
		case e := <-reports:
			err = errors.Join(err, e)
		case <-ctx.Done():
			return errors.Join(err, fmt.Errorf("%d of the %d %s have not come back: %w", len(all)-n, len(all), what, context.Cause(ctx)))
		}
	}
	return err
}
