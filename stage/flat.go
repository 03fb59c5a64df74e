package stage

// FlatMap makes any number of messages of each: every call of emit adds one, zero but for the Head of in, which f fills.
// They are the parts of one answer: a sink writes them in the order in which they reach it, and the last one completes the
// answer. Their order holds as long as they stay on one lane; to serve the pieces of a request on several lanes use
// [Split]. A message of which nothing is made gets no answer. A panic in f ends the connection of that message and nothing
// else.
func FlatMap[In, Out any](f func(in *In, emit func() *Out)) Maker[In, Out] {
	NeedHead[In]("stage.FlatMap")
	NeedHead[Out]("stage.FlatMap")
	return func(l *Lane) Stage[In, Out] { return newFlat(l, f, (*Head).inParts) }
}

// inParts gives what h owns to the last of the heads and makes the others parts of its answer. Of the child of a split
// request they remain children, so that they end in Gather.
func (h *Head) inParts(heads []*Head) {
	bits := h.bits
	if len(heads) > 1 && bits&open != 0 {
		bits |= part
	}
	for _, k := range heads {
		k.bits = bits &^ open
	}
	heads[len(heads)-1].bits = bits
}

type flat[In, Out any] struct {
	guard
	arena *Arena[Out]
	f     func(*In, func() *Out)
	share func(*Head, []*Head)
	emit  func() *Out

	in    *In
	out   []*Out
	heads []*Head // of what was made of in
}

func newFlat[In, Out any](l *Lane, f func(*In, func() *Out), share func(*Head, []*Head)) *flat[In, Out] {
	s := &flat[In, Out]{guard: guard{lane: l}, arena: NewArena[Out](l), f: f, share: share}
	s.emit = func() *Out {
		o := s.arena.New()
		h := HeadOf(o)
		*h = *HeadOf(s.in)
		h.bits = unshared
		s.out, s.heads = append(s.out, o), append(s.heads, h)
		return o
	}
	return s
}

func (s *flat[In, Out]) Process(dst []*Out, src []*In) ([]*Out, error) {
	s.out = dst
	for len(src) > 0 {
		src = src[s.run(src):]
	}
	dst, s.out, s.in = s.out, nil, nil
	return dst, nil
}

func (s *flat[In, Out]) run(src []*In) (n int) {
	whole := len(s.out) // what was made of messages that went well
	defer func() {
		if r := recover(); r != nil {
			s.lane.Panicked(r, HeadOf(src[s.at]))
			s.out = s.out[:whole]
			n = s.at + 1
		}
	}()
	for i, m := range src {
		s.at, s.in, s.heads = i, m, s.heads[:0]
		s.f(m, s.emit)
		h := HeadOf(m)
		if heirs := s.heirs(h); len(heirs) > 0 {
			before := h.owned()
			s.share(h, heirs)
			h.bits &^= open
			s.lane.opened -= before
			for _, k := range heirs {
				s.lane.opened += k.owned()
			}
		}
		whole = len(s.out)
	}
	return len(src)
}

// heirs are the heads among what f has made that answer the request of h.
func (s *flat[In, Out]) heirs(h *Head) []*Head {
	heirs := s.heads[:0]
	for _, k := range s.heads {
		if k.heir(h) {
			heirs = append(heirs, k)
		}
	}
	return heirs
}
