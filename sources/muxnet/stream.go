package muxnet

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/session"
)

// A Stream is one stream of a connection. It is a net.Conn; an error of it that the other side has said is a *mux.Error.
type Stream struct {
	core     session.Stream
	conn     *Conn
	opening  *mux.Opening // if it says something
	messages *messages    // of a stream of messages
	reads    sync.Mutex   // one Read at a time
	writes   sync.Mutex   // one Write at a time

	mu      sync.Mutex // guards what follows
	in      buffer
	waits   sync.Cond
	want    []byte      // of a Read that waits: what comes is put there
	got     int32       // how much was
	halted  atomic.Bool // perhaps nothing can be written any more; read without the lock
	unread  int32       // bytes read that the session was not told of
	closed  bool
	woken   waking
	leads   bool  // reads the connection
	counted bool  // as one that waits for what another reads
	readErr error // behind what was received: io.EOF, or why the stream broke
	broke   error // why the stream has broken
	dead    *deadlines
	bound   *binding // to a context
}

func (c *Conn) stream(o *mux.Opening) *Stream {
	s := &Stream{conn: c, opening: o.Keep()}
	s.core.Side, s.waits.L = (*side)(s), &s.mu
	if o.Messages {
		s.messages = &messages{bounds: mux.Boundaries{Max: c.options.message}}
	}
	return s
}

// Opening is what was said when the stream was opened.
func (s *Stream) Opening() mux.Opening {
	if s.opening == nil {
		return mux.Opening{}
	}
	return *s.opening
}

// Conn is the connection that the stream belongs to.
func (s *Stream) Conn() *Conn { return s.conn }

// ID is the number of the stream.
func (s *Stream) ID() uint32 { return s.core.ID() }

// Read implements net.Conn. Behind the end of the other side's direction it returns io.EOF.
func (s *Stream) Read(b []byte) (int, error) {
	s.reads.Lock()
	defer s.reads.Unlock()
	return s.read(b)
}

// read is Read for who holds the lock of the reads.
func (s *Stream) read(b []byte) (int, error) {
	for {
		s.mu.Lock()
		err := s.barred()
		switch {
		case err == nil && s.in.size == 0 && len(b) > 0:
			err = s.readErr
		case err == nil:
			n := s.in.read(b)
			s.took(n)
			return n, nil
		}
		if err != nil {
			s.took(0)
			return 0, err
		}
		if n := s.await(b); n > 0 {
			s.took(n)
			return n, nil
		}
		s.mu.Unlock()
	}
}

// await waits for something to happen and says how much came to b. The lock is held, and not while it waits.
func (s *Stream) await(b []byte) int {
	s.want, s.got = b, 0
	if s.conn.reading.lead(s) {
		s.woken &^= wakeReader
	} else {
		s.wait(wakeReader)
	}
	s.want = nil
	return int(s.got)
}

// barred is why nothing can be read, whatever is there. The lock is held.
func (s *Stream) barred() error {
	switch {
	case s.closed:
		return s.whyClosed()
	case s.dead != nil && s.dead.read.over:
		return os.ErrDeadlineExceeded
	}
	return nil
}

// report is how many bytes are read before the session is told: a quarter of the least window, so that the credit comes back in
// time.
const report = 64 << 10

// took gives the lock back, and credit for n bytes if that is due: often enough, or when nothing more will come.
func (s *Stream) took(n int) {
	s.unread += int32(n) // below a window
	due := int(s.unread)
	if due < s.conn.options.report && !s.conn.session.Short() && (s.readErr == nil && !s.closed || s.in.size > 0) {
		s.mu.Unlock()
		return
	}
	s.unread = 0
	s.mu.Unlock()
	if due > 0 && s.core.Consumed(due) {
		s.conn.flush()
	}
}

// Write implements net.Conn. It returns when everything was taken over to be sent, which credit and the connection may delay.
func (s *Stream) Write(b []byte) (int, error) { return s.write(b, 0) }

func (s *Stream) write(b []byte, f mux.Flags) (int, error) {
	s.writes.Lock()
	defer s.writes.Unlock()
	if err := s.writable(); err != nil {
		return 0, err
	}
	n, flush, err := s.core.Send(b, f)
	if flush {
		s.conn.flush()
	}
	if err != nil || n == len(b) {
		return n, err
	}
	return s.finishWrite(len(b))
}

// finishWrite waits for the rest of n bytes to be sent.
func (s *Stream) finishWrite(n int) (int, error) {
	s.conn.reading.want()
	defer s.conn.reading.unwant()
	var err error // kept, because the deadline may be moved on before the rest is taken back
	for err == nil && s.core.Waiting() {
		if err = s.writable(); err == nil {
			s.mu.Lock()
			s.wait(wakeWriter)
			s.mu.Unlock()
		}
	}
	left, why := s.core.Unsend()
	if left == 0 {
		return n, nil
	}
	if why != nil {
		err = why
	}
	return n - left, err
}

// whyClosed is the error of who uses a stream that this side has closed. The lock is held.
func (s *Stream) whyClosed() error {
	if s.bound != nil && s.bound.over != nil {
		return s.bound.over
	}
	return net.ErrClosed
}

// writable is why nothing can be written, as far as the stream itself knows.
func (s *Stream) writable() error {
	if !s.halted.Load() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return s.whyClosed()
	case s.dead != nil && s.dead.write.over:
		return os.ErrDeadlineExceeded
	}
	return nil
}

// CloseWrite ends the direction that this side sends, behind what was written.
func (s *Stream) CloseWrite() error {
	s.writes.Lock()
	defer s.writes.Unlock()
	_, flush, err := s.core.Send(nil, mux.Fin)
	if flush {
		s.conn.flush()
	}
	if errors.Is(err, session.ErrFinished) {
		return nil
	}
	return err
}

// CloseRead tells the other side that nothing more is read. What has come and what still comes is dropped.
func (s *Stream) CloseRead() error {
	s.mu.Lock()
	if s.readErr == nil {
		s.readErr = io.EOF
	}
	s.forget()
	if s.core.Stop(mux.Cancelled, "") {
		s.conn.flush()
	}
	return nil
}

// forget drops what was received, gives credit for it, and the lock back.
func (s *Stream) forget() {
	due := int(s.unread) + s.in.clear()
	s.unread = 0
	s.wake(wakeReader)
	s.mu.Unlock()
	if due > 0 && s.core.Consumed(due) {
		s.conn.flush()
	}
}

// Close ends both directions: what was written is sent, and nothing more is read.
func (s *Stream) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.halted.Store(true)
	s.release()
	s.forget()
	stop := s.core.Stop(mux.Cancelled, "")
	s.writes.Lock()
	defer s.writes.Unlock()
	_, fin, _ := s.core.Send(nil, mux.Fin)
	if stop || fin {
		s.conn.flush()
	}
	return nil
}

// release gives up what a stream that was closed has no more use for. The lock is held.
func (s *Stream) release() {
	s.wake(wakeWriter)
	s.dead.stop()
	s.bound.loose()
	s.conn.reading.give()
}

// Reset ends both directions at once. What was not sent yet is dropped. The other side sees the code, one of an application at least
// [mux.Application].
func (s *Stream) Reset(c mux.Code, text string) {
	flush := s.core.Reset(c, text)
	s.mu.Lock()
	s.closed = true
	s.halted.Store(true)
	s.release()
	s.forget()
	if flush {
		s.conn.flush()
	}
}

// Prefer changes how the stream is scheduled, here and on the other side: a class of at most [mux.MostClass], lower first, and a weight
// among those of the class.
func (s *Stream) Prefer(class uint8, weight uint16) {
	if s.core.Prefer(class, weight, true) {
		s.conn.flush()
	}
}

// LocalAddr implements net.Conn.
func (s *Stream) LocalAddr() net.Addr { return s.conn.LocalAddr() }

// RemoteAddr implements net.Conn.
func (s *Stream) RemoteAddr() net.Addr { return s.conn.RemoteAddr() }

// SetDeadline implements net.Conn.
func (s *Stream) SetDeadline(t time.Time) error {
	return errors.Join(s.SetReadDeadline(t), s.SetWriteDeadline(t))
}

// SetReadDeadline implements net.Conn.
func (s *Stream) SetReadDeadline(t time.Time) error { return s.setDeadline(t, false) }

// SetWriteDeadline implements net.Conn.
func (s *Stream) SetWriteDeadline(t time.Time) error { return s.setDeadline(t, true) }
