package queue

type blocksProducer[T any] struct {
	q *blocks[T]
	claimant
}

func (q *blocks[T]) Join(room func()) Producer[T] {
	p := &blocksProducer[T]{q: q}
	q.credit.join(&p.claimant, room)
	return p
}

func (p *blocksProducer[T]) Push(src []*T) int {
	n := p.put(src)
	if n < len(src) && p.q.credit.announce(&p.claimant) {
		n += p.put(src[n:])
	}
	return n
}

func (p *blocksProducer[T]) put(src []*T) int {
	q := p.q
	at, n := q.credit.take(&p.claimant, len(src))
	if n == 0 {
		return 0
	}
	q.slots.put(at, src[:n])
	q.ends[q.slots.index(at)].Store(at + uint64(n))
	q.gate.wake()
	return n
}
