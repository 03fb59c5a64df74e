//go:build linux

package main

// channel is a Go channel of items.
type channel[T item] chan T

func newChannel[T item](shape, int) carrier { return make(channel[T], capacity) }

func (c channel[T]) produce(_ int, from, to uint64, _ int) {
	for n := from; n < to; n++ {
		var v T
		v[0] = n
		c <- v
	}
}

func (c channel[T]) finish() { close(c) }

func (c channel[T]) consume(_, _ int, t *tally) {
	for v := range c {
		t.add(v[0])
	}
}

// batches is a Go channel of slices, which come back through another one.
type batches[T item] struct{ full, free chan []T }

func newBatches[T item](s shape, batch int) carrier {
	n := max(1, capacity/batch)
	all := n + s.producers + s.consumers
	c := batches[T]{make(chan []T, n), make(chan []T, all)}
	for range all {
		c.free <- make([]T, 0, batch)
	}
	return c
}

func (c batches[T]) produce(_ int, from, to uint64, batch int) {
	for from < to {
		b := (<-c.free)[:min(uint64(batch), to-from)]
		for i := range b {
			b[i][0] = from
			from++
		}
		c.full <- b
	}
}

func (c batches[T]) finish() { close(c.full) }

func (c batches[T]) consume(_, _ int, t *tally) {
	for b := range c.full {
		for i := range b {
			t.add(b[i][0])
		}
		c.free <- b
	}
}
