package muxnet

// A waking says which of those who wait on a stream are to look again at what they wait for.
type waking uint8

const (
	wakeReader waking = 1 << iota
	wakeWriter
)

// wake ends a wait, which may not have begun yet. The lock is held.
func (s *Stream) wake(w waking) {
	s.woken |= w
	s.waits.Broadcast()
	switch {
	case w&wakeReader == 0:
	case s.leads:
		s.conn.reading.call()
	case s.counted:
		s.counted = false
		s.conn.reading.waiting.Add(-1)
	}
}

// wait waits to be woken. The lock is held, and not while it waits.
func (s *Stream) wait(w waking) {
	for s.woken&w == 0 {
		s.waits.Wait()
	}
	s.woken &^= w
}
