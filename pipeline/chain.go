package pipeline

import "github.com/leat-io/leat/stage"

// A chain is stages of one type behind one another on a lane, as one loop instead of calls inside calls.
type chain[T any] struct {
	ln    *lane
	links []*link[T, T] // the last comes first: they are made from the end
	to    stage.Sink[T]
	at    int // the link that runs, of a guarded chain

	guarded bool // some stage is Resumable
	value   any  // what it panicked with
}

func (c *chain[T]) Push(b []*T) {
	switch {
	case c.ln.sampling:
		b = c.timed(b, len(c.links)-1)
	case c.guarded:
		b = c.guard(b, len(c.links)-1)
	default:
		b = c.run(b, len(c.links)-1)
	}
	if len(b) > 0 {
		c.to.Push(b)
	}
}

// run passes b through the links from index i down.
func (c *chain[T]) run(b []*T, i int) []*T {
	for ; i >= 0 && len(b) > 0; i-- {
		b = c.links[i].process(b)
	}
	return b
}

func (c *chain[T]) timed(b []*T, i int) []*T {
	for ; i >= 0 && len(b) > 0; i-- {
		b = c.links[i].timed(b)
	}
	return b
}

// guard is run for chains with stages that can go on behind the message over which they panicked: one recovery serves all
// of them.
func (c *chain[T]) guard(b []*T, i int) []*T {
	c.at = i
	b, ok := c.attempt(b)
	for !ok {
		b, ok = c.attempt(nil)
	}
	return b
}

func (c *chain[T]) attempt(b []*T) (out []*T, ok bool) {
	defer func() {
		if !ok && c.links[c.at].resume != nil {
			c.value = recover()
		}
	}()
	if v := c.value; v != nil {
		c.value = nil
		k := c.links[c.at]
		b = k.resume.Resume(v)
		k.counts.Out += uint64(len(b))
		c.at--
	}
	for ; c.at >= 0 && len(b) > 0; c.at-- {
		k := c.links[c.at]
		if k.resume != nil {
			k.begin(len(b))
			b = k.resume.Try(b)
			k.counts.Out += uint64(len(b))
		} else {
			b = k.process(b)
		}
	}
	return b, true
}

// prepend puts k before the rest of the chain. What k emits by itself enters behind it.
func (c *chain[T]) prepend(k *link[T, T]) *chain[T] {
	rest := *c
	k.next = rest.Push
	c.links = append(c.links[:len(c.links):len(c.links)], k)
	c.guarded = c.guarded || k.resume != nil
	return c
}
