package pipeline

import (
	"slices"

	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/stage"
)

// enter makes the end of a crossing that one producing lane owns. One that is made while the crossing is paused starts so.
func (j *crossing[T]) enter(ln *lane) stage.Sink[T] {
	d := &divider[T]{ln: ln, j: j, counts: ln.stage.Making(j.n.id, j.n.name)}
	d.heat.init(ln.stage.Index)
	j.mu.Lock()
	defer j.mu.Unlock()
	d.pause, d.table = j.pause, j.table
	d.join()
	if _, ok := j.queues[0].(queue.Laned); ok {
		ln.fixed = true
	}
	j.dividers = append(j.dividers, d)
	ln.exits = append(ln.exits, d)
	return d
}

// A pause is when no producing lane passes a crossing.
type pause struct{ over chan struct{} }

func (p *pause) isOver() bool {
	select {
	case <-p.over:
		return true
	default:
		return false
	}
}

// A divider gives each message of a lane to one of the queues of a crossing.
type divider[T any] struct {
	ln      *lane
	j       *crossing[T]
	counts  *stage.Counts
	table   *table
	outlets []*outlet[T] // the first of them have lanes now, the others have had some
	lens    []int
	heat    heat

	pause *pause
	held  []held[T] // what came in the pause, in order, of a lane that must not wait
	quiet func()    // to be called when no outlet has a backlog
}

// held is a message that waits for the end of a pause, and the partition it falls into.
type held[T any] struct {
	kept *stage.Kept[T]
	part uint8
}

func (d *divider[T]) Push(b []*T) {
	d.ln.stage.Enter(d.counts)
	d.counts.In += uint64(len(b))
	if d.j.key != nil {
		if d.heat.skip -= len(b); d.heat.skip < 0 {
			heatUp(&d.heat, d.j.key, b)
		}
	}
	if d.pause != nil && !d.passes(b) {
		return
	}
	if d.table.lanes == 1 {
		d.outlets[0].put(b)
		return
	}
	outlets := d.outlets[:d.table.lanes]
	for _, o := range outlets { // here and not behind the loop: a panic in key may have left messages of another batch
		o.bin = o.bin[:0]
	}
	if d.j.key != nil {
		for _, m := range b {
			o := outlets[d.table.parts[stage.Partition(d.j.key(m))]]
			o.bin = append(o.bin, m)
		}
	} else {
		d.measure()
		for _, m := range b {
			o := outlets[d.shortest()]
			o.bin = append(o.bin, m)
		}
	}
	for _, o := range outlets {
		if len(o.bin) > 0 {
			o.put(o.bin)
		}
	}
}

// measure and shortest find the queue that is shortest, counting what it has been given since it was measured.
func (d *divider[T]) measure() {
	d.lens = d.lens[:0]
	for _, o := range d.outlets[:d.table.lanes] {
		d.lens = append(d.lens, o.queue.Len())
	}
}

func (d *divider[T]) shortest() int {
	i := slices.Index(d.lens, slices.Min(d.lens))
	d.lens[i]++
	return i
}

// passes says whether a batch may go on. In a pause it waits for the end, or keeps the batch when the lane must not wait.
func (d *divider[T]) passes(b []*T) bool {
	if !d.pause.isOver() {
		if !d.ln.mayWait() {
			d.hold(b)
			return false
		}
		d.ln.stage.Uncork()
		<-d.pause.over
	}
	d.resume()
	return true
}

func (d *divider[T]) hold(b []*T) {
	for _, m := range b {
		h := held[T]{}
		if d.j.key != nil {
			h.part = stage.Partition(d.j.key(m))
		}
		h.kept = stage.Retain(d.ln.stage, m)
		if d.held = append(d.held, h); len(d.held) == 1 {
			d.ln.stage.Stall()
		}
	}
}

// halt begins a pause, between two batches. It calls quiet when all that the lane has pushed is with the queues.
func (d *divider[T]) halt(p *pause, quiet func()) {
	if p.isOver() {
		return
	}
	d.pause, d.quiet = p, quiet
	d.calm()
}

// calm calls quiet if it is time.
func (d *divider[T]) calm() {
	backlogged := func(o *outlet[T]) bool { return len(o.backlog) > 0 }
	if d.quiet != nil && !slices.ContainsFunc(d.outlets, backlogged) {
		d.quiet()
		d.quiet = nil
	}
}

// proceed ends a pause from outside, between two batches.
func (d *divider[T]) proceed(p *pause) {
	if d.pause != p {
		return
	}
	d.resume()
	if d.ln.stage.Stalled() {
		d.ln.stage.Awaken()
	}
}

// resume ends a pause: what was held goes where the table says now, behind what waits there already.
func (d *divider[T]) resume() {
	d.j.mu.Lock()
	d.table = d.j.table
	d.join()
	d.j.mu.Unlock()
	d.pause, d.quiet = nil, nil
	if len(d.held) == 0 {
		return
	}
	d.measure()
	for _, h := range d.held {
		i := int(d.table.parts[h.part])
		if d.j.key == nil {
			i = d.shortest()
		}
		d.outlets[i].await(h.kept)
	}
	d.held = nil
	d.ln.stage.Unstall()
}

// join makes outlets to queues that are new. The lock of the crossing is held.
func (d *divider[T]) join() {
	for _, q := range d.j.queues[len(d.outlets):] {
		o := &outlet[T]{ln: d.ln, note: d.j.note, full: d.j.cfg.Full, counts: d.counts, lost: &d.j.lost, queue: q, room: make(chan struct{}, 1)}
		o.producer = q.Join(o.roomy)
		d.outlets = append(d.outlets, o)
	}
}

func (d *divider[T]) retry() {
	if d.pause != nil && d.pause.isOver() {
		d.resume()
	}
	for _, o := range d.outlets {
		o.retry()
	}
	d.calm()
}

// unpopped is how many messages of the lane are in queues that keep the order of each lane alone.
func (d *divider[T]) unpopped() (n int) {
	for _, o := range d.outlets {
		if _, ok := o.queue.(queue.Laned); ok {
			n += o.producer.(queue.Backlogged).Len()
		}
	}
	return n
}

func (d *divider[T]) heatOf() (node int, h *heat) { return d.j.n.id, &d.heat }

// losses appends what the queue of each lane has not taken and has cost.
func (d *divider[T]) losses(to []loss) []loss {
	for i, o := range d.outlets {
		if o.dropped > 0 {
			to = append(to, loss{d.j.n.id, i, o.dropped})
		}
	}
	return to
}
