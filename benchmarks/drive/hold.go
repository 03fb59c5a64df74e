//go:build linux

package drive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
)

// Held is what a server holds.
type Held struct {
	Empty       float64 // resident before there are connections, MB
	Idle        float64 // with connections
	Served      float64 // and after a request on each
	Descriptors int     // at the end
}

// Settling is how long a server may tidy up before its memory is read, unless the measurement is shorter.
const Settling = 500 * time.Millisecond

// Hold opens connections, lets each send a message and have an answer, and says what a process holds before, with the connections,
// and after the answers. They are closed at the end.
func Hold(ctx context.Context, pid int, addr string, dial Dialer, message []byte, conns int, length time.Duration) (h Held, err error) {
	read := func(into *float64) {
		select {
		case <-time.After(min(Settling, length)):
		case <-ctx.Done():
			err = errors.Join(err, ctx.Err())
		}
		if err == nil {
			*into, err = measure.Resident(pid)
		}
	}
	read(&h.Empty)
	all := make([]net.Conn, conns)
	for i := range all {
		if all[i], err = dial(addr); err != nil {
			return h, fmt.Errorf("connection %d: %w", i, err)
		}
		defer all[i].Close()
	}
	read(&h.Idle)
	b := make([]byte, 4096)
	for i, nc := range all {
		if err := nc.SetDeadline(time.Now().Add(silence)); err != nil {
			return h, err
		}
		if _, err := nc.Write(message); err != nil {
			return h, fmt.Errorf("connection %d: %w", i, err)
		}
		if _, err := io.ReadAtLeast(nc, b, len(message)); err != nil {
			return h, fmt.Errorf("connection %d: %w", i, err)
		}
	}
	read(&h.Served)
	if err != nil {
		return h, err
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	h.Descriptors = len(open)
	return h, err
}
