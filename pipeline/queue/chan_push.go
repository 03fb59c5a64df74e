package queue

type chanProducer[T any] struct {
	q *chanQueue[T]
	claimant
	open *node[block[T]] // the latest block sent, to which more is added until it is taken, or others have sent
	sent uint64          // what sends was when open was the last block in the channel
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
	if p.open != nil && n > 0 && p.q.sends.Load() == p.sent {
		// What is added needs no wake: a consumer that has not seen it has yet to take the block, and was woken for that.
		rest = rest[p.open.v.add(rest):]
	}
	for len(rest) > 0 {
		b := p.get()
		k := b.v.start(rest)
		rest = rest[k:]
		p.send(b)
		p.q.gate.wake()
	}
	return n
}

// send sends a block, and keeps it open if it is the last one: when nobody else has begun or ended a send meanwhile. What is
// added to a block goes before whatever others have sent behind it.
func (p *chanProducer[T]) send(b *node[block[T]]) {
	began := p.q.sends.Add(1)
	p.q.blocks <- b
	if p.sent = p.q.sends.Add(1); p.sent == began+1 {
		p.open = b
	} else {
		p.open = nil
	}
}
