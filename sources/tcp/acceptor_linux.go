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
	engine *reactors
	fd     int
	more   bool          // the backlog may not be empty
	at     time.Time     // not before, or zero
	pause  time.Duration // after the latest error
	waited bool          // a connection has had to wait for the rate
	ended  bool
}

func (a *acceptor) init(r *reactors) error {
	a.engine = r
	raw, err := r.ln.SyscallConn()
	if err != nil {
		return err
	}
	raw.Control(func(fd uintptr) {
		a.fd = int(fd)
		err = r.loops[0].feed.listen(a)
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
		if d := a.engine.intake.delay(); d > 0 {
			a.at, a.waited = time.Now().Add(d), true
			return false
		}
		more, err := a.engine.acceptOne(a.fd)
		switch {
		case err != nil:
			a.engine.complain(fmt.Errorf("connections wait in the backlog: %w", err))
			// The kernel lacks memory, most likely: the connections that are open can go on.
			a.pause = min(max(2*a.pause, 5*time.Millisecond), time.Second)
			a.at = time.Now().Add(a.pause)
			return false
		case !more:
			a.more, a.pause = false, 0
			return false
		}
		a.engine.intake.took(a.waited)
		a.waited, a.pause = false, 0
	}
	return true
}

// done says whether no loop will be given another connection.
func (a *acceptor) done() bool {
	select {
	case <-a.engine.accepted:
		return true
	default:
		return false
	}
}

// Run implements reactor.Task: the source stops.
func (a *acceptor) Run() {
	if !a.ended {
		a.ended, a.at = true, time.Time{}
		a.engine.loops[0].feed.deafen(a)
	}
}

// rest takes what is in the backlog, which had arrived, and ends the accepting.
func (a *acceptor) rest() {
	if !a.engine.abandoned.Load() {
		a.engine.acceptRest()
	}
	a.engine.ln.Close()
	close(a.engine.accepted)
	for _, l := range a.engine.loops {
		l.events.Wake() // it may have waited for this with its end
	}
}
