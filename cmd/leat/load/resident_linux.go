package load

// A resident is a user on a loop that has a link of its own.
type resident struct {
	keeper
	link  *link
	timer timer // for the oldest request in flight
}

func newResident(r *run, id int, k *link) *resident {
	s := &resident{link: k}
	s.timer.owner = s
	s.init(r, id, k.loop.desk, k.loop.seenAt(r, k.target))
	return s
}

// begin implements occupant. The first requests of many wait for their turns.
func (s *resident) begin() {
	s.link.occupant = s
	s.link.loop.repeat(s.link)
}

// kick implements client.
func (s *resident) kick() { s.send() }

// poke implements client.
func (s *resident) poke() {
	if !s.gone.Load() && s.over() {
		s.end(nil)
	}
}

// cut implements occupant.
func (s *resident) cut(err error) { s.end(err) }

// arrived implements occupant.
func (s *resident) arrived(b []byte) {
	if err := s.received(b, s.r.now()); err != nil {
		s.end(err)
		return
	}
	s.send()
}

// broken implements occupant.
func (s *resident) broken(err error) { s.end(err) }

// written implements occupant.
func (s *resident) written(err error) {
	if err != nil {
		s.failed(s.link.forsake(), err)
	}
	s.send()
}

// send writes what may be sent, and ends if nothing is left to do.
func (s *resident) send() {
	if s.gone.Load() {
		return
	}
	for s.hasWork() && !s.link.blocked() {
		now := s.r.now()
		n := s.take(s.room(), now)
		if n <= 0 {
			break
		}
		if err := s.link.write(s.compose(n, now)); err != nil {
			s.failed(s.link.forsake(), err)
		}
	}
	switch {
	case s.over():
		s.end(nil)
	case s.timer.place == 0 && s.inFlight() > 0:
		s.await()
	}
}

// await sets the timer for the oldest request in flight.
func (s *resident) await() { s.link.loop.timers.set(&s.timer, s.oldest()+int64(s.r.cfg.Timeout)) }

// ring implements the owner of a timer.
func (s *resident) ring(now int64) {
	switch {
	case s.gone.Load() || s.inFlight() <= 0:
	case now-s.oldest() >= int64(s.r.cfg.Timeout):
		s.end(errTimeout)
	default:
		s.await()
	}
}

// end ends the user because of err, or because the run is over. Then others may still wait for replies, and to close ten thousand
// links takes a tenth of a second: that is left to the driver.
func (s *resident) end(err error) {
	if lost := s.link.forsake(); lost > 0 {
		s.failed(lost, err)
	}
	if s.link.occupant = nil; err != nil {
		s.link.close()
	}
	s.conclude(err)
	s.link.loop.left()
}
