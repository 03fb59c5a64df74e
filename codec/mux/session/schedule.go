package session

import "github.com/leat-io/leat/codec/mux"

// A Policy says in which order streams send when several have something to send.
type Policy uint8

const (
	// DRR serves the lower class first, and within a class by deficit round robin (Shreedhar and Varghese, 1995): each stream in
	// its turn as much as its weight allows.
	DRR Policy = iota
	// Fair serves the lower class first, and within a class by start-time fair queueing (Goyal, Vin and Cheng, 1996): the
	// stream that has had the least for its weight.
	Fair
	// Strict serves the lower class first, and within a class who came first, to the end of what it has to send.
	Strict
	// FIFO serves who came first, to the end of what it has to send, whatever its class.
	FIFO
)

// quantum is what a stream of the default weight may send in its turn.
const quantum = narrow

// A scheduler has the streams that have something to send, by class.
type scheduler struct {
	policy  Policy
	n       int // streams in it
	classes [mux.MostClass + 1]line
	now     uint64 // Fair: the virtual time, which is the start of who was served last
}

// A line is a list of streams in their order.
type line struct{ first, last *Stream }

func (l *line) push(st *Stream) {
	if st.after = nil; l.last == nil {
		l.first = st
	} else {
		l.last.after = st
	}
	l.last = st
}

// remove takes st out, which is in the line.
func (l *line) remove(st *Stream) {
	var before *Stream
	for at := l.first; at != st; at = at.after {
		before = at
	}
	if before == nil {
		l.first = st.after
	} else {
		before.after = st.after
	}
	if l.last == st {
		l.last = before
	}
	st.after = nil
}

// line is where a stream stands.
func (q *scheduler) line(st *Stream) *line {
	if q.policy == FIFO {
		return &q.classes[0]
	}
	return &q.classes[st.class]
}

// add takes a stream that is not in the scheduler.
func (q *scheduler) add(st *Stream) {
	st.is |= isQueued
	q.n++
	if q.policy == Fair {
		st.share = max(st.share, q.now)
		q.insert(st)
		return
	}
	st.share = 0
	q.line(st).push(st)
}

// insert puts a stream behind all that have had less, or as much.
func (q *scheduler) insert(st *Stream) {
	l := q.line(st)
	if l.last == nil || l.last.share <= st.share {
		l.push(st)
		return
	}
	at := &l.first
	for (*at).share <= st.share {
		at = &(*at).after
	}
	st.after, *at = *at, st
}

// remove takes a stream out, if it is in the scheduler.
func (q *scheduler) remove(st *Stream) {
	if st.is&isQueued == 0 {
		return
	}
	st.is &^= isQueued
	q.n--
	q.line(st).remove(st)
}

// next is the stream whose turn it is, and how many bytes of its turn are left. There is at least one.
func (q *scheduler) next() (st *Stream, most int) {
	for i := range q.classes {
		if st = q.classes[i].first; st != nil {
			break
		}
	}
	switch {
	case q.n == 1:
		return st, wide
	case q.policy == Fair:
		q.now = max(q.now, st.share)
	case q.policy == DRR:
		if st.share == 0 {
			st.share = quantum * uint64(st.weight) / mux.DefaultWeight
		}
		return st, int(min(st.share, narrow))
	}
	return st, narrow
}

// charge notes that the stream whose turn it is has sent n bytes.
func (q *scheduler) charge(st *Stream, n int) {
	switch q.policy {
	case DRR:
		if st.share -= min(st.share, uint64(n)); st.share == 0 {
			l := q.line(st)
			l.remove(st)
			l.push(st)
		}
	case Fair:
		q.line(st).remove(st)
		st.share += uint64(n) * mux.DefaultWeight / uint64(st.weight)
		q.insert(st)
	}
}
