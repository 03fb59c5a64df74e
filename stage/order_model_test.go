package stage_test

// An oracle is what one connection must write, in the simplest form: it looks at every ticket each time.
type oracle struct {
	tickets []*ticket // all that were issued
	turn    int       // index of the ticket whose turn it is
	stream  []byte    // everything that must have been written, or waits for the peer
	taken   int       // how much of stream the peer has taken
	room    int       // how much more it takes; negative: any number
	after   []byte    // messages without a ticket that came in the middle of an answer
	ignored uint64
	closed  bool
	ended   bool
	twice   bool // a message of it was copied, and so a connection that gives up is in the right
}

type ticket struct {
	no       int
	bytes    []byte // of the answer, that are not in the stream
	begun    bool
	done     bool
	children int
	lost     bool
}

func (o *oracle) issue() *ticket {
	t := &ticket{no: len(o.tickets)}
	o.tickets = append(o.tickets, t)
	return t
}

// mid says whether part of the answer whose turn it is has been written.
func (o *oracle) mid() bool { return o.turn < len(o.tickets) && o.tickets[o.turn].begun }

func (o *oracle) unasked(b []byte) {
	switch {
	case o.closed:
	case o.mid():
		o.after = append(o.after, b...)
	default:
		o.stream = append(o.stream, b...)
	}
	o.settle()
}

func (o *oracle) part(t *ticket, b []byte) {
	switch {
	case o.closed:
	case t.done:
		o.ignored++
	default:
		t.begun = true
		t.bytes = append(t.bytes, b...)
		o.settle()
	}
}

func (o *oracle) answer(t *ticket, b []byte) {
	switch {
	case o.closed:
	case t.done:
		o.ignored++
	default:
		t.done = true
		t.bytes = append(t.bytes, b...)
		o.settle()
	}
}

// arrive counts one child of a split request in; it says whether the rest is the answer's.
func (o *oracle) arrive(t *ticket, lost bool) (last bool) {
	t.children--
	t.lost = t.lost || lost
	if t.children > 0 || o.closed {
		return false
	}
	if t.lost {
		o.answer(t, nil)
	}
	return !t.lost
}

func (o *oracle) settle() {
	for o.turn < len(o.tickets) {
		t := o.tickets[o.turn]
		o.stream = append(o.stream, t.bytes...)
		t.bytes = nil
		if !t.done {
			break
		}
		o.turn++
		o.stream = append(o.stream, o.after...)
		o.after = nil
	}
}

// written is called after each moment at which the connection writes: the peer takes what it will, and when nothing is owed
// a connection that has ended closes.
func (o *oracle) written() {
	if o.closed {
		return
	}
	n := len(o.stream) - o.taken
	if o.room >= 0 {
		n = min(n, o.room)
		o.room -= n
	}
	o.taken += n
	o.closed = o.ended && o.turn == len(o.tickets) && o.taken == len(o.stream)
}

func (o *oracle) unsettled() (n int) {
	for _, t := range o.tickets {
		if !t.done {
			n++
		}
	}
	return n
}

// parked is how many bytes wait for their turn.
func (o *oracle) parked() int {
	n := len(o.after)
	for _, t := range o.tickets[o.turn:] {
		n += len(t.bytes)
	}
	return n
}
