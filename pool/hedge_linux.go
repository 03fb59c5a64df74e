package pool

import "time"

// hedge sends copies of requests that have been outstanding for long to other backends. The lock of the station is held.
func (st *station) hedge() {
	st.desks(func(d *desk) {
		if after, known := d.backend.ward.hedge.Delay(); known {
			d.each(func(l *link) { l.hedge(after) })
		}
	})
}

func (l *link) hedge(after time.Duration) {
	at := l.head
	for i := 0; i < l.flying && i < l.fifo.len(); i++ {
		e := l.fifo.at(i)
		if l.desk.station.now-e.began < after {
			return
		}
		if e.again && e.twin == nil && !e.kept && e.ticket.Open() {
			l.double(e, l.out[at:at+e.n])
		}
		at += e.n
	}
}

// double sends a copy of e to another backend, if there is one.
func (l *link) double(e *entry, body []byte) {
	st := l.desk.station
	copied := *e
	copied.avoid, copied.began = l.desk.member(), 0
	to, err := st.place(&copied)
	if err != nil {
		return
	}
	if to.link == nil || to.link.desk.backend == l.desk.backend || !l.desk.backend.ward.hedge.Spend() {
		to.cancel(&copied)
		return
	}
	e.twin = &twin{left: 2}
	copied.twin = e.twin
	to.link.out = append(to.link.out, body...)
	to.add(&copied)
	st.forwarding.copies.Add(1)
}

func (f *forwarding) hedges() bool { return f.pool.guard.Hedge != nil }
