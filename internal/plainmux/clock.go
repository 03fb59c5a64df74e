package plainmux

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A clockedReader reads from a transport within two times: that of what is being read, and that of the last sign of life.
type clockedReader struct {
	transport net.Conn
	limit     time.Time     // when what is being read must be complete; zero is never. The reader's own.
	keepalive atomic.Uint32 // milliseconds of silence; 0 is never
	heard     time.Time     // the reader's own

	mu      sync.Mutex // over setting the transport's deadline
	stopped bool
}

// stop ends a Read that waits, and all later ones.
func (r *clockedReader) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	_ = r.transport.SetReadDeadline(time.Now())
}

func (r *clockedReader) arm(deadline time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return net.ErrClosed
	}
	return r.transport.SetReadDeadline(deadline)
}

func (r *clockedReader) Read(b []byte) (int, error) {
	for {
		deadline := r.limit
		if k := r.silence(); k > 0 && (deadline.IsZero() || r.heard.Add(k).Before(deadline)) {
			deadline = r.heard.Add(k)
		}
		if err := r.arm(deadline); err != nil {
			return 0, err
		}
		n, err := r.transport.Read(b)
		now := time.Now()
		if n > 0 {
			r.heard = now
			return n, nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		if !r.limit.IsZero() && !now.Before(r.limit) {
			return 0, fault(Timeout, "the handshake or a frame was not complete in time")
		}
		if k := r.silence(); k > 0 && !now.Before(r.heard.Add(k)) {
			return 0, fault(Timeout, "nothing has arrived for %v", k)
		} // otherwise the time has been changed meanwhile
	}
}

func (r *clockedReader) silence() time.Duration {
	return time.Duration(r.keepalive.Load()) * time.Millisecond
}
