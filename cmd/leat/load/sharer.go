package load

import "time"

const (
	// A user that cannot get a connection waits before it tries again, twice as long each time: otherwise it would count a server
	// that is away a hundred thousand times a second.
	firstPause = 10 * time.Millisecond
	maxPause   = time.Second
)

// A sharer is a user that has no connection of its own. It works in turns: it gets a connection, writes what it may, reads the
// replies, and gives the connection back.
type sharer struct {
	user
	turns int
	pause time.Duration // after a turn without a connection

	failed     failures
	unanswered int64
	unsent     int64
	canceled   int64 // of these
	since      int64 // when the oldest of unanswered was sent
}

func (s *sharer) init(r *run, id int, d *desk, seen *samples) {
	s.user.init(r, id, d, seen)
	s.failed = newFailures()
}

// got notes that it has a connection at now.
func (s *sharer) got(now int64) {
	s.pause = 0
	s.turns++
	if now >= s.r.from {
		s.seen.to.connected(now - s.wanted)
	}
}

// refused counts n requests, for which there was no connection, and returns how long to wait.
func (s *sharer) refused(n int64, err error) (pause time.Duration) {
	s.turns++
	s.sent.Add(n)
	s.acked.Add(n)
	s.fails(dialKind(err), 0, n, err)
	s.pause = min(max(2*s.pause, firstPause), maxPause)
	return s.pause
}

// giveUp counts what a failed turn leaves, of whose requests the last were not written.
func (s *sharer) giveUp(unwritten int64, err error) {
	left := s.inFlight()
	unsent := min(left, unwritten)
	if unanswered := left - unsent; unanswered > 0 && s.since == 0 {
		s.since = max(1, s.oldest())
	}
	s.replies.Skip(left)
	s.acked.Add(left)
	s.fails(kindOf(err), left-unsent, unsent, err)
}

// fails counts requests that ended with err. Those that the context has ended are no errors of the server.
func (s *sharer) fails(kind Kind, unanswered, unsent int64, err error) {
	s.unanswered += unanswered
	s.unsent += unsent
	if s.r.ctx.Err() != nil {
		s.canceled += unanswered + unsent
		return
	}
	n := max(1, unanswered+unsent)
	s.failed.add(kind, n, s.name()+": "+err.Error())
	s.r.lost.Add(n)
}

// clean reports whether the connection may serve again: what is left of a wrong reply ends with it.
func (s *sharer) clean() bool {
	clean := s.replies.Clean()
	if !clean {
		s.replies.Skip(0)
	}
	return clean
}

// conclude notes that it has ended.
func (s *sharer) conclude() {
	s.gone.Store(true)
	s.endedAt = s.r.now()
	s.seen.flush(s.endedAt)
}
