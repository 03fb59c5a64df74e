package stage

// An Outbox collects what one lane answers in one batch, and writes it at the end of the batch: one lock and one write for
// each connection, however often the batch touched it. A lane has one outbox, which all its sinks share.
type Outbox struct {
	lane *Lane
	buf  []byte
	runs []run // runs[0] is not used, so that 0 stands for "none"
	due  []due
	last int // index in due of the connection that was added to last

	// The last run is still open: its end is where the buffer ends, and next tells how many tickets it has.
	conn *Conn  // whose run it is; nil when it cannot be extended
	next uint32 // the ticket that would extend it
	seen [outboxSeen]int32
	w    writer
	cork cork
}

// A due is one connection that the batch has touched.
type due struct {
	conn        *Conn
	first, last int // its runs
}

const (
	outboxSeen = 256       // a power of two: places of the table that finds a connection again
	outboxKeep = 256 << 10 // bytes of buffer that an outbox keeps between batches
	outboxFull = 1 << 20   // bytes after which an outbox writes before the batch has ended
)

// Outbox returns the outbox of the lane.
func (l *Lane) Outbox() *Outbox {
	if l.outbox == nil {
		l.outbox = &Outbox{lane: l, runs: make([]run, 1)}
	}
	return l.outbox
}

// Buffer returns the buffer to append an encoded answer to. Hand the result to [Outbox.Answer]; what is not handed over has
// not happened.
func (o *Outbox) Buffer() []byte { return o.buf }

// Answer takes b, which is what Buffer returned with the answer to h appended, and settles the ticket of h with it. A
// message without a ticket is written between two answers. When the ticket has been settled before, or another message
// owns it, the bytes are ignored and counted.
func (o *Outbox) Answer(h *Head, b []byte) {
	grown, room := len(b)-len(o.buf), outboxFull-len(o.buf)
	if h.bits != ticketed|open || h.conn != o.conn || h.seq != o.next || uint(grown) > uint(room) {
		o.begin(h, b)
		return
	}
	h.bits = ticketed // the usual case: one answer more in the run
	o.lane.opened--
	o.next++
	o.buf = b
}

// begin is Answer when it takes a new run. The end of an answer that came in parts is always a run of its own: its parts may
// have been parked, and what interrupted it goes between it and the next answer.
func (o *Outbox) begin(h *Head, b []byte) {
	if len(b) < len(o.buf) {
		panic("stage: Outbox.Answer wants what Buffer returned, with the answer appended to it")
	}
	o.seal()
	r := run{seq: h.seq, n: 1, from: len(o.buf), to: len(b)}
	switch bits := h.bits; {
	case h.conn == nil:
		return
	case bits&child != 0:
		h.conn.Fail(errNotGathered)
		return
	case bits&open != 0:
		h.bits = ticketed
		o.lane.opened--
		if bits&part == 0 {
			o.conn, o.next = h.conn, h.seq+1
		}
	case bits&part != 0:
		r.kind = partial
	case bits&ticketed == 0:
		r.kind = unasked
	default:
		h.conn.terms.Ignored.Add(1)
		return
	}
	o.buf = b
	o.add(h.conn, r)
	if len(o.buf) > outboxFull {
		o.Flush()
	}
}

// seal ends the last run.
func (o *Outbox) seal() {
	if o.conn != nil {
		r := &o.runs[len(o.runs)-1]
		r.n, r.to = o.next-r.seq, len(o.buf)
		o.conn = nil
	}
}

var errNotGathered = &Reason{"not gathered", "a piece of a split request reached a sink without passing stage.Gather"}

func (o *Outbox) add(c *Conn, r run) {
	if len(o.due) > 0 && o.due[o.last].conn == c {
		o.extend(&o.due[o.last], r)
		return
	}
	slot := &o.seen[c.id%outboxSeen]
	if i := int(*slot); i < len(o.due) && o.due[i].conn == c {
		o.last = i
		o.extend(&o.due[i], r)
		return
	}
	o.last = len(o.due)
	*slot = int32(o.last)
	o.runs = append(o.runs, r)
	o.due = append(o.due, due{c, len(o.runs) - 1, len(o.runs) - 1})
}

// extend adds r to the runs of a connection.
func (o *Outbox) extend(d *due, r run) {
	o.runs = append(o.runs, r)
	o.runs[d.last].next = len(o.runs) - 1
	d.last = len(o.runs) - 1
}

// Flush writes what has been collected. The lane calls it at the end of a batch.
func (o *Outbox) Flush() {
	o.cork.ended()
	o.seal()
	for i := range o.due {
		d := &o.due[i]
		o.deliver(d)
		d.conn = nil
	}
	o.due, o.runs, o.last = o.due[:0], o.runs[:1], 0
	if cap(o.buf) > outboxKeep {
		o.buf = nil
	}
	o.buf = o.buf[:0]
}

func (o *Outbox) deliver(d *due) {
	c := d.conn
	c.mu.Lock()
	for i := d.first; i != 0; i = o.runs[i].next {
		r := o.runs[i]
		// A ticket that was answered twice leaves another one that nobody answered: opened must not cancel out.
		o.lane.opened += int(c.answer(&o.w, r, o.buf[r.from:r.to]))
	}
	b := o.w.bytes()
	o.lane.counts[0].BytesOut += uint64(len(b))
	held := o.cork.may && !o.cork.slow && c.hold(b)
	if !held {
		c.write(b)
	}
	c.mu.Unlock()
	if held {
		o.cork.add(c)
	}
	o.w.reset()
}
