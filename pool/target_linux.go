package pool

// A target is where a request goes: a connection, or the line for one.
type target struct {
	link *link
	desk *desk
}

// buffer is where the request is to be appended.
func (t target) buffer() *[]byte {
	if t.link != nil {
		return &t.link.out
	}
	d := t.desk
	if d.gone >= keepBytes && d.gone >= len(d.bytes)/2 {
		d.bytes = d.bytes[:copy(d.bytes, d.bytes[d.gone:])]
		d.gone = 0
	}
	return &d.bytes
}

func (t target) backend() *backend {
	if t.link != nil {
		return t.link.desk.backend
	}
	return t.desk.backend
}

// add takes a request that has been appended.
func (t target) add(e *entry) {
	if t.link != nil {
		t.link.add(e)
		return
	}
	st := t.desk.station
	if e.began == 0 {
		e.began = st.now
	}
	*t.desk.queue.push() = *e
	t.desk.count(e, 1)
	st.waiting++
	st.stored += e.n
	st.pending.Add(1)
}

// cancel is called instead of add. The loop looks whether the connection is of use to anybody else.
func (t target) cancel(e *entry) {
	t.backend().ward.ignore(e.permit)
	if t.link != nil && t.link.fifo.len() == 0 {
		t.link.desk.station.loop.Post(spared{t.link})
	}
}

// A spared is a task for a connection that was found for a request and has not got it.
type spared struct{ *link }

// Run implements reactor.Task.
func (s spared) Run() {
	l, st := s.link, s.desk.station
	st.mu.Lock()
	defer st.mu.Unlock()
	if l.phase == phaseOpen && l.fifo.len() == 0 && (l.taken || !l.own) {
		l.emptied()
	}
}
