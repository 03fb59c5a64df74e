package queue

type chanProducer[T any] struct {
	q *chanQueue[T]
	claimant
	open *node[block[T]] // the latest block sent, to which more is added until it is taken
	depot[block[T]]
}

func (q *chanQueue[T]) Join(room func()) Producer[T] {
	p := &chanProducer[T]{q: q}
	q.credit.join(&p.claimant, room)
	return p
}

func (p *chanProducer[T]) Push(src []*T) int {
	n := p.q.credit.claim(&p.claimant, len(src))
	rest := src[:n]
	if p.open != nil && n > 0 {
		// What is added needs no wake: a consumer that has not seen it has yet to take the block, and was woken for that.
		rest = rest[p.open.v.add(rest):]
	}
	for len(rest) > 0 {
		b := p.get()
		k := b.v.start(rest)
		rest = rest[k:]
		p.open = b
		p.q.blocks <- b
		p.q.gate.wake()
	}
	return n
}
