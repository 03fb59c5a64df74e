// Package wheel is a timer wheel for many things of which each has one deadline, that are known by small numbers, and of which
// next to none is ever late: scheme 6 of Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (SOSP 1987). It knows no
// clock: time is counted in ticks, modulo 2³², whose length is for the caller to choose. Deadlines lie less than 2³¹ ticks ahead.
//
// To set, move and drop a deadline takes a few nanoseconds, and each number that was ever used 16 bytes. A wheel is for one
// goroutine.
package wheel

// slots is how many lists the deadlines are spread over. One that lies further ahead than so many ticks is looked at once in so
// many ticks.
const slots = 512

// firing is the list of those that are late and have not been told yet.
const firing = slots

// page is how many numbers have their entries in one piece of memory.
const page = 512

// A Wheel holds deadlines. The zero Wheel has none, and its time is 0.
type Wheel struct {
	heads [slots + 1]uint32 // the first of each list, plus 1; 0 is none
	pages []*[page]entry
	now   uint32
	n     int
}

// An entry is the place of a number in a list.
type entry struct {
	next, prev uint32 // plus 1; 0 is none
	due        uint32
	list       uint16
	set        bool
}

func (w *Wheel) at(i uint32) *entry { return &w.pages[i/page][i%page] }

// Len is how many deadlines are set.
func (w *Wheel) Len() int { return w.n }

// Now is the tick of the latest Advance.
func (w *Wheel) Now() uint32 { return w.now }

// Set gives i the deadline due, instead of the one that it has. One that is not ahead is late at the next tick.
func (w *Wheel) Set(i, due uint32) {
	for int(i/page) >= len(w.pages) {
		w.pages = append(w.pages, new([page]entry))
	}
	w.Drop(i)
	if int32(due-w.now) < 1 {
		due = w.now + 1
	}
	w.at(i).due, w.at(i).set = due, true
	w.n++
	w.link(i, uint16(due%slots))
}

// Due is the deadline of i, if it has one.
func (w *Wheel) Due(i uint32) (due uint32, ok bool) {
	if int(i/page) >= len(w.pages) {
		return 0, false
	}
	e := w.at(i)
	return e.due, e.set
}

// Drop takes the deadline of i away, if it has one.
func (w *Wheel) Drop(i uint32) {
	if _, ok := w.Due(i); !ok {
		return
	}
	w.unlink(i)
	w.at(i).set = false
	w.n--
}

// Advance lets the time be now, and calls late for each number whose deadline has come, which then has none. late may set and
// drop any.
func (w *Wheel) Advance(now uint32, late func(i uint32)) {
	for k := min(now-w.now, slots); k > 0; k-- {
		w.collect(uint16((now-k+1)%slots), now)
	}
	w.now = now
	for w.heads[firing] != 0 {
		i := w.heads[firing] - 1
		w.Drop(i)
		late(i)
	}
}

// collect moves those of a list that are late.
func (w *Wheel) collect(list uint16, now uint32) {
	for next := w.heads[list]; next != 0; {
		i := next - 1
		e := w.at(i)
		next = e.next
		if int32(e.due-now) <= 0 {
			w.unlink(i)
			w.link(i, firing)
		}
	}
}

func (w *Wheel) link(i uint32, list uint16) {
	e := w.at(i)
	e.list, e.prev, e.next = list, 0, w.heads[list]
	if e.next != 0 {
		w.at(e.next - 1).prev = i + 1
	}
	w.heads[list] = i + 1
}

func (w *Wheel) unlink(i uint32) {
	e := w.at(i)
	if e.prev != 0 {
		w.at(e.prev - 1).next = e.next
	} else {
		w.heads[e.list] = e.next
	}
	if e.next != 0 {
		w.at(e.next - 1).prev = e.prev
	}
}
