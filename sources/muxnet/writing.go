package muxnet

import (
	"net"
	"syscall"
)

// A writing writes what the session of a connection has to send. One goroutine at a time uses it: the session says which.
type writing struct {
	conn *Conn
	raw  syscall.RawConn // of a socket; nil where only the transport itself can write
	b    []byte          // what try writes, for send
	n    int
	send func(fd uintptr) bool
}

func (w *writing) begin(c *Conn) {
	w.conn = c
	if s, ok := c.transport.(syscall.Conn); ok && canTry {
		w.raw, _ = s.SyscallConn()
		w.send = w.write
	}
}

// drain writes until there is nothing more. What the kernel does not take at once a goroutine of its own writes, so that whoever calls does
// not wait.
func (w *writing) drain() {
	for b := w.conn.session.Take(nil); b != nil; b = w.conn.session.Take(b) {
		n := 0
		if w.raw != nil {
			n = w.try(b)
		}
		if n < len(b) {
			go w.wait(b, n)
			return
		}
	}
	w.shut()
}

// wait writes what is left of b, and then all that there is.
func (w *writing) wait(b []byte, n int) {
	for b != nil {
		if _, err := w.conn.transport.Write(b[n:]); err != nil {
			w.conn.failed(err)
			return
		}
		n = 0
		b = w.conn.session.Take(b)
	}
	w.shut()
}

// try writes what the kernel takes at once, and says how much that was. It says that of an error too: whoever waits finds it.
func (w *writing) try(b []byte) int {
	w.b, w.n = b, 0
	err := w.raw.Write(w.send)
	w.b = nil
	if err != nil {
		return 0
	}
	return w.n
}

func (w *writing) write(fd uintptr) bool {
	w.n = tryWrite(int(fd), w.b)
	return true
}

// shut ends the sending direction once the session has ended and everything is written.
func (w *writing) shut() {
	if !w.conn.session.Over() { // or another goroutine is about to write the last words
		return
	}
	if half, ok := w.conn.transport.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
		return
	}
	_ = w.conn.transport.Close()
}

// failed ends a connection that cannot be written to.
func (c *Conn) failed(err error) {
	_ = c.session.End(err)
	_ = c.transport.Close()
}

var _ net.Conn = (*Stream)(nil)
