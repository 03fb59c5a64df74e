//go:build unix

package tcp

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/internal/peers"
)

// A reserve is a descriptor that is held back for the time when the process or the system has no other. Without it, nobody
// could accept a connection even to close it: its peer would wait for ever, and the backlog would stay ready to be read.
type reserve struct {
	file *os.File
	err  error // why there is none
	open func(name string) (*os.File, error)
}

func (r *reserve) fill() {
	if r.file == nil {
		r.file, r.err = r.open(os.DevNull) // the next attempt may have more luck
	}
}

// lost says that there is no reserve because there are no descriptors: something else in the process has taken the last one in
// the moment in which the reserve was spent. A connection that is accepted then must give its own back, or nobody could be
// refused any more until somebody leaves.
func (r *reserve) lost() bool {
	if r.file != nil {
		return false
	}
	r.fill()
	return errors.Is(r.err, syscall.EMFILE) || errors.Is(r.err, syscall.ENFILE)
}

func (r *reserve) spend() {
	if r.file != nil {
		r.file.Close()
		r.file = nil
	}
}

// shed accepts one connection with the descriptor of the reserve and closes it, so that its peer sees an end. The error is
// that of accept: EAGAIN when nobody waits, which the kernel does not look at before it looks for a descriptor. The cause is
// EMFILE or ENFILE.
func (s *Source) shed(listening int, cause error) error {
	s.ln.reserve.spend()
	defer s.ln.reserve.fill()
	fd, _, err := nonblock.Accept(listening)
	if err != nil {
		return err
	}
	s.turnAway(fd, cause)
	return nil
}

// turnAway refuses a connection for want of descriptors.
func (s *Source) turnAway(fd int, cause error) {
	s.table.Refuse(peers.NoDescriptors) // before its peer sees the end
	s.refuse(fd)
	s.complain(fmt.Errorf("connections are refused: %w; raise the limit (ulimit -n, LimitNOFILE) or lower MaxConns", cause))
}

// refuse closes a connection that was accepted and is not to be served. What its peer has sent already would turn a plain
// close into a reset; behind the end of the stream, the peer still sees that end.
func (s *Source) refuse(fd int) {
	_ = syscall.Shutdown(fd, syscall.SHUT_WR)
	_ = syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{}) // nobody waits for it
	_ = syscall.Close(fd)
}
