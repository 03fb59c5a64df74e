package muxnet

import (
	"crypto/tls"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A reading says who reads a connection. That is a goroutine of its own; but where one stream is all there is, whoever waits for that stream
// reads the connection meanwhile, so that no other goroutine has to be woken first and then has to wake it (the Leader/Followers pattern:
// D. C. Schmidt et al., 2000).
//
// Whoever is about to read has the turn. A stream that has got what it waited for leaves the turn to nobody, since it mostly comes back at once.
// If it does not, a timer gives the turn to the goroutine.
type reading struct {
	conn    *Conn
	leaders bool // a stream can be called back from the transport by a deadline, and the transport read again then

	buf   []byte // of who has the turn, like all that follows until mu
	have  int
	ended bool  // what still comes is dropped
	gave  bool  // whoever waited for a stream has got all that has come for it
	err   error // of the transport

	mu      sync.Mutex // guards what follows; taken behind that of a stream
	turn    turn
	own     sync.Cond // the goroutine waits for its turn
	timer   *time.Timer
	armed   bool
	round   int          // counts how often the turn was left to nobody
	seen    int          // round when the timer was armed
	inside  bool         // a stream waits within the transport
	called  bool         // and has been called back from there
	wanted  int          // by so many who wait for what no read of a stream brings
	waiting atomic.Int32 // streams that wait for what another reads; more of them only under mu
	expires time.Time    // deadline of the transport
}

func (r *reading) begin(c *Conn) {
	r.conn, r.buf, r.own.L = c, make([]byte, readSize), &r.mu
	below := c.transport
	if t, ok := below.(*tls.Conn); ok {
		below = t.NetConn()
	}
	_, socket := below.(syscall.Conn) // others may do nothing with a deadline, or end with it
	r.leaders = socket && c.transport.SetReadDeadline(time.Time{}) == nil
}

// run reads the connection to its end.
func (r *reading) run() {
	for r.err == nil {
		n, err := r.conn.transport.Read(r.buf[r.have:])
		r.take(n, err)
		if r.gave && r.leaders {
			r.rest()
		}
	}
	r.conn.end(r.conn.lost(r.err))
	r.conn.over()
}

// take gives the session what has been read.
func (r *reading) take(n int, err error) {
	c := r.conn
	r.gave = false
	if n > 0 && !r.ended {
		r.have += n
		used, need, wrong := c.session.Feed(r.buf[:r.have])
		if r.ended = wrong != nil; r.ended {
			c.end(wrong)
			used = r.have
		}
		c.note(used, r.have)
		r.buf, r.have = room(r.buf, used, r.have, need)
		if c.session.Flush() {
			c.flush()
		}
	}
	r.err = err
}

// rest waits for the goroutine's next turn.
func (r *reading) rest() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leave()
	for r.turn != goroutinesTurn {
		r.own.Wait()
	}
}

// lead reads the connection for a stream that waits for something, until it is woken, and says whether it did. It does not where there are
// others, or where it is not its turn: then the stream counts as one that waits until it is woken. The stream's lock is held, and not while it
// waits.
func (r *reading) lead(s *Stream) bool {
	if !r.conn.session.Alone() {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.turn != nobodysTurn {
		if s.woken&wakeReader == 0 {
			s.counted = true
			r.waiting.Add(1)
		}
		return false
	}
	r.turn, s.leads = streamsTurn, true
	for s.woken&wakeReader == 0 && !r.called && r.err == nil {
		r.inside = true
		r.mu.Unlock()
		s.mu.Unlock()
		n, err := r.conn.transport.Read(r.buf[r.have:])
		err = r.outside(err)
		r.take(n, err)
		s.mu.Lock()
		r.mu.Lock()
	}
	called := r.called
	r.called, s.leads = false, false
	if called {
		r.pass()
	} else {
		r.leave()
	}
	return true
}

// outside is called by a stream whose read of the transport has returned with this error.
func (r *reading) outside(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inside = false
	if r.called {
		_ = r.conn.transport.SetReadDeadline(r.expires)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
	}
	return err
}

// call has a stream return that waits within the transport. The lock of the stream is held.
func (r *reading) call() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inside && !r.called {
		r.called = true
		_ = r.conn.transport.SetReadDeadline(time.Unix(1, 0))
	}
}

// expire gives the transport until then to be read and written.
func (r *reading) expire(by time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expires = by
	if r.called && r.inside { // otherwise nobody sets that of reads any more
		_ = r.conn.transport.SetWriteDeadline(by)
		return
	}
	_ = r.conn.transport.SetDeadline(by)
}

// stop is called by the goroutine when nothing more is read.
func (r *reading) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timer != nil {
		r.timer.Stop()
	}
}
