//go:build unix

package tlsio

import (
	"io"
	"syscall"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/stage"
)

// ReadFrom is Read of a [Wire] over a descriptor that does not block and is not closed meanwhile.
func ReadFrom(fd int, b []byte) (int, error) {
	for {
		n, err := nonblock.Read(fd, b)
		switch {
		case err == nil && n > 0:
			return n, nil
		case err == nil:
			return 0, io.EOF
		case err == syscall.EAGAIN:
			return 0, ErrAgain
		case err != syscall.EINTR:
			return 0, stage.ErrReset
		}
	}
}
