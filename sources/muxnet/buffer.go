package muxnet

import "sync"

// A buffer is bytes that were received and not read, in blocks that are shared by all streams: an empty one has none.
type buffer struct {
	first, last *block
	size        int
}

type block struct {
	next *block
	r, w int
	b    []byte
}

const (
	smallBlock = 1 << 10
	largeBlock = 16 << 10
)

var (
	smallBlocks = sync.Pool{New: func() any { return &block{b: make([]byte, smallBlock)} }}
	largeBlocks = sync.Pool{New: func() any { return &block{b: make([]byte, largeBlock)} }}
)

// write appends p.
func (q *buffer) write(p []byte) {
	q.size += len(p)
	for len(p) > 0 {
		if q.last == nil || q.last.w == len(q.last.b) {
			q.grow(len(p))
		}
		n := copy(q.last.b[q.last.w:], p)
		q.last.w += n
		p = p[n:]
	}
}

// grow appends a block, a small one where little waits.
func (q *buffer) grow(n int) {
	pool := &largeBlocks
	if q.last == nil && n <= smallBlock {
		pool = &smallBlocks
	}
	b := pool.Get().(*block)
	if q.last == nil {
		q.first = b
	} else {
		q.last.next = b
	}
	q.last = b
}

// read moves the first bytes to p.
func (q *buffer) read(p []byte) (n int) {
	for n < len(p) && q.first != nil {
		b := q.first
		k := copy(p[n:], b.b[b.r:b.w])
		n += k
		if b.r += k; b.r == b.w {
			q.drop()
		}
	}
	q.size -= n
	return n
}

// drop gives back the first block.
func (q *buffer) drop() {
	b := q.first
	if q.first = b.next; q.first == nil {
		q.last = nil
	}
	b.next, b.r, b.w = nil, 0, 0
	if len(b.b) == smallBlock {
		smallBlocks.Put(b)
	} else {
		largeBlocks.Put(b)
	}
}

// clear drops everything and says how much that was.
func (q *buffer) clear() int {
	n := q.size
	for q.first != nil {
		q.drop()
	}
	q.size = 0
	return n
}
