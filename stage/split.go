package stage

// Split makes several messages of one request, which are served apart and gathered again: the children share the request's
// ticket. f fills as many children as it asks emit for; a single child simply inherits the ticket, and none leaves it void.
// Children may be sharded; [Gather] brings them together. What they have in common, such as the place where each puts its
// result, is a pointer in a field of Out.
func Split[In, Out any](f func(in *In, emit func() *Out)) Maker[In, Out] {
	NeedHead[In]("stage.Split")
	NeedHead[Out]("stage.Split")
	return func(l *Lane) Stage[In, Out] { return newFlat(l, f, (*Head).shareAmong) }
}

// shareAmong divides what h owns among the children's heads.
func (h *Head) shareAmong(children []*Head) {
	bits := h.bits
	if len(children) > 1 && bits&open != 0 {
		bits |= child
	}
	for _, k := range children {
		k.bits = bits
	}
	if len(children) == 1 || bits&open == 0 {
		return
	}
	c := h.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		if h.bits&child == 0 { // no child will find the share that settles it
			c.settled++
		}
		return
	}
	b := c.open()
	if b.shares == nil {
		b.shares = map[uint32]share{}
	}
	s := b.shares[h.seq]
	s.left += uint32(len(children))
	if h.bits&child != 0 { // a piece was split again: it does not arrive itself
		s.left--
	}
	b.shares[h.seq] = s
}

// Gather lets one message of each split request pass, the last that arrives, and with it the ticket. The others end here.
// When any of them was dropped on the way the answer cannot be made: the ticket is void. A message that was not split
// passes.
func Gather[T any]() Maker[T, T] {
	NeedHead[T]("stage.Gather")
	return func(l *Lane) Stage[T, T] { return &gather[T]{l} }
}

type gather[T any] struct{ lane *Lane }

func (g *gather[T]) Process(_, src []*T) ([]*T, error) {
	kept := src[:0]
	for _, m := range src {
		if h := HeadOf(m); h.bits&child == 0 || h.arrive(g.lane) {
			kept = append(kept, m)
		}
	}
	return kept, nil
}

// arrive gives up a share; for the last one h becomes the owner of the ticket.
func (h *Head) arrive(l *Lane) (last bool) {
	bits, c := h.bits, h.conn
	if bits&open == 0 {
		return false
	}
	h.bits &^= open | child
	l.opened--
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.arrive(h.seq, false) {
		return false
	}
	h.bits |= open
	l.opened++
	return true
}

// arrive counts one child of a split request in. It reports true for the last when none was lost; when one was, it settles
// the ticket with nothing. The lock is held.
func (c *Conn) arrive(seq uint32, lost bool) bool {
	if c.dead || c.book == nil {
		return false
	}
	s, ok := c.book.shares[seq]
	if !ok {
		c.terms.Ignored.Add(1)
		return false
	}
	s.left--
	s.lost = s.lost || lost
	if s.left > 0 {
		c.book.shares[seq] = s
		return false
	}
	delete(c.book.shares, seq)
	if s.lost {
		c.forget(seq)
		return false
	}
	return true
}
