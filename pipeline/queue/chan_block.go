package queue

import "sync/atomic"

// blockLen is how many messages a block holds: one default batch. Half of it cost a quarter more per message from four
// producers or in batches of 256, twice of it gained nothing, and nothing of it mattered in batches of 32.
const blockLen = DefaultBatch

// taken is what fill says once somebody has taken the block out of the channel: nothing can be added any more.
const taken = -1

// A block carries messages of one producer. Its producer may add to it while it waits in the channel.
type block[T any] struct {
	fill  atomic.Int32 // how many messages are in it, or taken
	n     int32        // how many there were when it was taken
	left  atomic.Int32 // how many of those have not been given back, once somebody has taken fewer than all
	items [blockLen]T
}

// start fills an empty block that nobody else knows yet, and returns how many messages it took from the front of src.
func (b *block[T]) start(src []*T) int {
	k := b.copy(0, src)
	b.fill.Store(int32(k))
	return k
}

// add returns how many messages it took, which is none when the block was taken meanwhile. Then nobody will look at what
// was copied, or clear it.
func (b *block[T]) add(src []*T) int {
	at := b.fill.Load()
	if at == taken || at == blockLen {
		return 0
	}
	k := b.copy(at, src)
	if !b.fill.CompareAndSwap(at, at+int32(k)) {
		clear(b.items[at:][:k])
		return 0
	}
	return k
}

// copy writes behind what a consumer can have been lent.
func (b *block[T]) copy(at int32, src []*T) int {
	dst := b.items[at:]
	if len(src) < len(dst) {
		dst = dst[:len(src)]
	}
	for i := range dst {
		dst[i] = *src[i]
	}
	return len(dst)
}

// take ends the adding.
func (b *block[T]) take() { b.n = b.fill.Swap(taken) }

// A run is what one taker has of one block.
type run[T any] struct {
	b *node[block[T]]
	k int32
}

// giveBack sends the block home when this was the last of it. It clears the messages, so that an idle queue keeps nothing
// alive that they point at: the lines are in the cache of whoever has just read them, and the difference was below the
// noise of the benchmark.
func (r run[T]) giveBack() {
	if b := &r.b.v; r.k == b.n || b.left.Add(-r.k) == 0 {
		clear(b.items[:b.n])
		r.b.home.put(r.b, r.b)
	}
}
