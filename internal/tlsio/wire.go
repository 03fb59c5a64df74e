package tlsio

import (
	"io"
	"net"
	"sync"
	"time"
)

// A Wire is what a session reads its records from and writes them to. During the handshake its methods are called on the
// goroutine of that, so whatever they use must last until the end has been reported.
type Wire interface {
	// Read takes what has arrived. Where nothing has it returns [ErrAgain], at the end io.EOF. It never waits.
	Read(b []byte) (int, error)
	// Write takes what there is room for and says how much that was. It never waits; taking less is not an error.
	Write(b []byte) (int, error)
	// Room asks for a call of [Session.Continue], or of [Session.Flush] behind the handshake, when there is room again.
	Room()
}

// ErrAgain says that a session has nothing to read before its wire has: neither an error nor the end.
var ErrAgain error = again{}

type again struct{}

var _ net.Error = again{}

func (again) Error() string   { return "nothing has arrived" }
func (again) Timeout() bool   { return true }
func (again) Temporary() bool { return true } // which is how crypto/tls tells it from errors that it keeps

// A buffer is for records on their way, for no longer than that.
type buffer struct {
	b    []byte
	sent int // of b, the bytes that the wire has taken
}

// bufferSize has room for what chunk bytes become, also in the short records with which crypto/tls begins.
const bufferSize = chunk + 2<<10

var buffers = sync.Pool{New: func() any { return &buffer{b: make([]byte, 0, bufferSize)} }}

func (b *buffer) release() {
	if cap(b.b) > 2*bufferSize {
		return
	}
	b.b, b.sent = b.b[:0], 0
	buffers.Put(b)
}

// A pipe is the session as crypto/tls sees it.
type pipe Session

// Read implements net.Conn.
func (p *pipe) Read(b []byte) (int, error) {
	s := (*Session)(p)
	sh := s.shake
	if sh != nil && len(sh.hello) > 0 {
		n := copy(b, sh.hello)
		sh.hello = sh.hello[n:]
		return n, nil
	}
	if s.ready.Load() {
		return s.pull(b)
	}
	s.crew.leave()
	defer s.crew.enter()
	n, err := sh.transport.Read(b)
	if err == io.EOF {
		s.ended = true
	}
	return n, err
}

// Write implements net.Conn. It takes everything.
func (p *pipe) Write(b []byte) (int, error) {
	s := (*Session)(p)
	if !s.ready.Load() {
		s.crew.leave()
		defer s.crew.enter()
		return s.shake.transport.Write(b)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil {
		s.out = buffers.Get().(*buffer)
	} else if len(s.out.b)-s.out.sent > mostPending {
		return 0, errFull
	}
	s.out.b = append(s.out.b, b...)
	return len(b), nil
}

// Close implements net.Conn. The owner of the wire closes it.
func (*pipe) Close() error { return nil }

// LocalAddr implements net.Conn.
func (*pipe) LocalAddr() net.Addr { return address{} }

// RemoteAddr implements net.Conn.
func (*pipe) RemoteAddr() net.Addr { return address{} }

// SetDeadline implements net.Conn, which never waits.
func (*pipe) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (*pipe) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (*pipe) SetWriteDeadline(time.Time) error { return nil }

// An address is that of a peer about which the session knows nothing.
type address struct{}

func (address) Network() string { return "tls" }
func (address) String() string  { return "unknown" }
