package tcp

import (
	"fmt"
	"time"
)

// acceptTurn is the most connections that are accepted in one turn, so that those that are open get theirs.
const acceptTurn = 64

// An acceptor takes connections on the first loop. What is in the backlog is an edge of the listening socket: whoever has not
// taken all comes back to it.
type acceptor struct {
	source *Source
	on     ear
	fd     int
	more   bool          // the backlog may not be empty
	at     time.Time     // not before, or zero
	pause  time.Duration // after the latest error
	waited bool          // a connection has had to wait for the rate
	ended  bool
	over   chan struct{} // closed when nobody is accepted any more
}

// An ear is how the first loop comes by connections, and who else is to know that there will be no more.
type ear interface {
	// listen begins to take connections for the acceptor; deafen stops that, and calls the acceptor's rest when nothing is
	// under way any more.
	listen(a *acceptor) error
	deafen(a *acceptor)

	// wakeAll has all loops turn once more.
	wakeAll()
}

func (a *acceptor) init(s *Source, on ear) error {
	a.source, a.on = s, on
	raw, err := s.ln.SyscallConn()
	if err != nil {
		return err
	}
	raw.Control(func(fd uintptr) {
		a.fd = int(fd)
		err = on.listen(a)
	})
	return err
}

// Ready implements reactor.Handler.
func (a *acceptor) Ready(uint32) { a.more = true }

// turn accepts what may be accepted now, and reports whether there may be more at once.
func (a *acceptor) turn() (more bool) {
	if !a.more || a.ended || !a.at.IsZero() && time.Now().Before(a.at) {
		return false
	}
	a.at = time.Time{}
	for range acceptTurn {
		if d := a.source.intake.delay(); d > 0 {
			a.at, a.waited = time.Now().Add(d), true
			return false
		}
		more, err := a.source.acceptOne(a.fd)
		switch {
		case err != nil:
			a.source.complain(fmt.Errorf("connections wait in the backlog: %w", err))
			// The kernel lacks memory, most likely: the connections that are open can go on.
			a.pause = min(max(2*a.pause, 5*time.Millisecond), time.Second)
			a.at = time.Now().Add(a.pause)
			return false
		case !more:
			a.more, a.pause = false, 0
			return false
		}
		a.source.intake.took(a.waited)
		a.waited, a.pause = false, 0
	}
	return true
}

// done says whether no loop will be given another connection.
func (a *acceptor) done() bool {
	select {
	case <-a.over:
		return true
	default:
		return false
	}
}

// Run implements reactor.Task: the source stops.
func (a *acceptor) Run() {
	if !a.ended {
		a.ended, a.at = true, time.Time{}
		a.on.deafen(a)
	}
}

// rest takes what is in the backlog, which had arrived, and ends the accepting.
func (a *acceptor) rest() {
	if !a.source.abandoned.Load() {
		a.source.acceptRest()
	}
	a.source.ln.Close()
	close(a.over)
	a.on.wakeAll() // they may have waited for this with their end
}
