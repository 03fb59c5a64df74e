//go:build unix

package tcp

import (
	"os"
	"syscall"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/internal/sockopt"
)

// acceptSome waits for connections and takes them, until the source stops or accept fails.
func (s *goroutines) acceptSome() (err error) {
	raw, err := s.ln.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Read(func(fd uintptr) (done bool) {
		for failed == nil && !s.deaf.Load() {
			waited := s.intake.wait(s.quit)
			var more bool
			if more, failed = s.acceptOne(int(fd)); !more {
				break
			}
			s.intake.took(waited)
		}
		return failed != nil || s.deaf.Load()
	})
	if failed != nil {
		return failed
	}
	return err
}

// acceptRest takes the connections that were established and not accepted when the source stopped: at most as many as fit
// into the backlog, because others may follow for as long as they are taken. Where the socket has been handed over, they are
// for the process that has it now.
func (s *Source) acceptRest() {
	if s.handed.Load() {
		return
	}
	s.ln.retire()
	raw, err := s.ln.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) {
		n, _, ok := sockopt.Queue(int(fd))
		if !ok {
			n = sockopt.MaxBacklog()
		}
		for range n + 1 { // the kernel lets in one more than it is asked for
			if more, err := s.acceptOne(int(fd)); !more || err != nil {
				return
			}
		}
	})
}

// acceptOne takes one connection from the backlog, and reports whether there was one.
func (s *Source) acceptOne(listening int) (more bool, err error) {
	fd, from, err := nonblock.Accept(listening)
	switch err {
	case nil:
		if s.ln.reserve.lost() {
			s.turnAway(fd, s.ln.reserve.err)
			s.ln.reserve.fill()
			return true, nil
		}
		s.taker.adopt(fd, from)
		return true, nil
	case syscall.EMFILE, syscall.ENFILE:
		if err = s.shed(listening, err); err == nil {
			return true, nil
		}
	}
	switch err {
	case syscall.EAGAIN:
		return false, nil
	case syscall.EINTR, syscall.ECONNABORTED:
		return true, nil
	}
	return false, os.NewSyscallError("accept", err)
}
