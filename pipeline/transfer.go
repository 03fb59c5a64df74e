package pipeline

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/leat-io/leat/stage"
)

// A move is a partition that goes from one lane to another.
type move struct {
	part     uint8
	from, to *lane
}

// A parcel is the state of one node that goes with a partition.
type parcel struct {
	move
	node  string
	state any
	there bool // it has been taken in
}

// A transfer takes partitions from lane to lane while nobody pushes.
type transfer struct {
	lanes  []*lane // all that have had a part in the flow
	queued map[*lane]func() int
	moves  []move
	done   bool // what has moved stays

	mu      sync.Mutex
	undone  bool      // guarded by mu: what leaves a lane now goes back at once
	parcels []*parcel // guarded by mu
}

func (j *crossing[T]) transfer(old, next *table) *transfer {
	t := &transfer{queued: map[*lane]func() int{}}
	j.mu.Lock()
	defer j.mu.Unlock()
	for i, in := range j.inlets[:old.lanes] {
		t.lanes = append(t.lanes, in.ln)
		t.queued[in.ln] = j.queues[i].Len
	}
	for part := range old.parts {
		if from, to := old.parts[part], next.parts[part]; from != to {
			t.moves = append(t.moves, move{uint8(part), j.inlets[from].ln, j.inlets[to].ln})
		}
	}
	if j.key != nil {
		return t
	}
	for i := next.lanes; i < old.lanes; i++ { // any lane of a Spread may have state of any partition
		for part := range stage.Partitions {
			t.moves = append(t.moves, move{uint8(part), j.inlets[i].ln, j.inlets[i%next.lanes].ln})
		}
	}
	return t
}

// run moves the partitions. When it returns and t.done is not set, all state is where it was, as far as stages give it back.
func (t *transfer) run(ctx context.Context, p *pause) error {
	leaving := by(t.moves, func(m move) *lane { return m.from })
	err := each(ctx, "lanes behind it", t.lanes, func(ln *lane, report func(error)) {
		ln.whenIdle(t.queued[ln], func() {
			if !p.isOver() {
				report(t.leave(ln, leaving[ln]))
			}
		})
	})
	if err == nil {
		err = popped(ctx, slices.Collect(maps.Keys(leaving)))
	}
	t.mu.Lock()
	t.undone = err != nil
	parcels := t.parcels
	t.mu.Unlock()
	if err == nil {
		err = t.arrive(ctx, parcels)
	}
	if err == nil || t.done {
		t.done = true
		return err
	}
	return errors.Join(err, t.undo(parcels))
}

// leave takes what goes with some partitions from their lane, on it, when all that was queued there has been worked off.
func (t *transfer) leave(ln *lane, moves []move) error {
	if len(moves) == 0 {
		return nil
	}
	ln.release()
	mine, err := ln.handOut(moves)
	t.mu.Lock()
	stays := err != nil || t.undone
	if !stays {
		t.parcels = append(t.parcels, mine...)
	}
	t.mu.Unlock()
	if stays {
		return errors.Join(err, ln.takeIn(mine))
	}
	return nil
}

// popped waits until what the lanes have pushed into queues that keep the order of each lane alone is no longer queued: the
// next owner of a key pushes through another lane. Nobody tells when it is, so it looks now and then.
func popped(ctx context.Context, lanes []*lane) error {
	return each(ctx, "lanes whose messages must be popped", lanes, func(ln *lane, report func(error)) {
		go func() {
			for wait := 20 * time.Microsecond; ln.unpopped() > 0; wait = min(2*wait, time.Millisecond) {
				select {
				case <-time.After(wait):
				case <-ctx.Done():
					return
				}
			}
			report(nil)
		}()
	})
}

// arrive hands the state to the new owners. A lane that is stuck in it cannot be made to give it back, so the others go on
// without it, as they do when a stage is stuck over a message.
func (t *transfer) arrive(ctx context.Context, parcels []*parcel) error {
	ctx, cancel := withGrace(ctx)
	defer cancel()
	err := deliver(ctx, by(parcels, func(p *parcel) *lane { return p.to }), (*lane).takeIn)
	t.done = ctx.Err() != nil
	return err
}

// undo takes state that has arrived back and gives all of it to those who had it.
func (t *transfer) undo(parcels []*parcel) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*forceGrace)
	defer cancel()
	there := by(parcels, func(p *parcel) *lane { return p.to })
	for ln, ps := range there {
		there[ln] = slices.DeleteFunc(ps, func(p *parcel) bool { return !p.there })
	}
	return errors.Join(
		deliver(ctx, there, (*lane).takeBack),
		deliver(ctx, by(parcels, func(p *parcel) *lane { return p.from }), (*lane).takeIn))
}

func deliver(ctx context.Context, parcels map[*lane][]*parcel, f func(*lane, []*parcel) error) error {
	return each(ctx, "lanes that take state", slices.Collect(maps.Keys(parcels)), func(ln *lane, report func(error)) {
		go ln.stage.Call(func() { report(f(ln, parcels[ln])) })
	})
}

func by[T any](all []T, of func(T) *lane) map[*lane][]T {
	groups := map[*lane][]T{}
	for _, one := range all {
		groups[of(one)] = append(groups[of(one)], one)
	}
	return groups
}

// withGrace makes a context that ends a moment after ctx.
func withGrace(ctx context.Context) (_ context.Context, cancel func()) {
	later, end := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(forceGrace, func() { end(context.Cause(ctx)) })
	})
	return later, func() {
		stop()
		end(nil)
	}
}
