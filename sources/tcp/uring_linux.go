package tcp

import "github.com/leat-io/leat/internal/uring"

// IOUring is [Reactor] with io_uring(7) in place of epoll(7): connections are accepted and bytes received by the kernel before
// anybody asks, into memory that all connections of a loop share, and a loop makes one system call each turn. Answers are sent
// as with Reactor, by whichever lane has them. It is experimental, and whether it is faster is to be measured where it runs.
//
// It needs Linux 6.0 on amd64 or arm64, and permission: many containers forbid it. Where it is refused the loops are those of
// Reactor; this is logged once, and the gauge "engine" says why.
//
// Each loop has a megabyte for what arrives. A connection that cannot be read keeps what had been received by then, which is a
// share of that.
func IOUring(loops int) Option {
	return func(s *Source) { s.react(&reactors{asked: loops, ring: uring.Open}) }
}

// makeRings makes the loops if they are to be io_uring's. An error says why they cannot; then there are none.
func (r *reactors) makeRings() (refused error) {
	if r.ring == nil {
		return nil
	}
	if r.tls != nil {
		return r.refuseRing(errEpollOnly)
	}
	for range r.lanes() {
		f := &completions{loop: newLoop(r)}
		ring, err := r.ring(f)
		if err != nil {
			r.discard()
			return r.refuseRing(err)
		}
		f.ring = ring
		f.runOn(ring, f)
		r.loops = append(r.loops, f.loop)
	}
	return nil
}

// refuseRing notes why it is epoll.
func (r *reactors) refuseRing(why error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusal = why
	return why
}
