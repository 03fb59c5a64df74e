package tcp

import (
	"context"
	"errors"
	"syscall"
)

// Inherit has the source serve a socket that listens already instead of opening one: a *net.TCPListener, a *net.UnixListener or
// an *os.File, such as systemd or a process before this one has handed over. Bind takes a duplicate; the caller may close its
// own then. It is for Unix systems.
//
// With an address, the socket is one that was opened for that address, and the source goes on as if it had opened it itself: the
// file of a unix socket goes with the source. With the address "" the socket stays its opener's, and the address is whatever it
// is bound to: a file is left alone, and the option Mode is refused.
//
// The socket options of the source are set on it as on any other, and hold for connections that come from then on, also for
// those that another process accepts. Whoever opened it has chosen the backlog, unless the option Backlog says another. It is made
// not to block, for everybody who has it; [IOUring], which would rather have it block, accepts from it as [Reactor] does.
func Inherit(ln syscall.Conn) Option { return func(s *Source) { s.inherited = ln } }

// Started is closed when the source has started: it accepts from then on.
func (s *Source) Started() <-chan struct{} { return s.started }

var errNotStarted = errors.New("the source has not started: it has nothing to hand over")

// HandOver ends the accepting because another process serves the same socket from now on, which it has been given before by
// SyscallConn. Connections that are open go on as before; those that nobody has accepted are left to the other process, and so
// is the file of a unix socket. It returns when no connection is accepted any more. Stop must still follow.
func (s *Source) HandOver(ctx context.Context) error {
	select {
	case <-s.started:
	default:
		return errNotStarted
	}
	s.handed.Store(true)
	select {
	case <-s.deafen():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// deafen ends the accepting.
func (s *Source) deafen() (accepted <-chan struct{}) {
	s.deaf.Store(true)
	s.quitting.Do(func() { close(s.quit) })
	return s.taker.endAccepting()
}

// Len is how many connections are open.
func (s *Source) Len() int { return s.table.Len() }
