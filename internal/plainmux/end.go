package plainmux

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

// ErrClosed is the error of a connection that was closed on this side.
var ErrClosed = errors.New("plainmux: the connection was closed")

// patience is how long the end of a connection may take: to write GOAWAY, and for the other side to read it.
const patience = time.Second

func goAway(number uint32, code Code, text string) Frame {
	b := binary.LittleEndian.AppendUint32(nil, number)
	b = binary.LittleEndian.AppendUint32(b, uint32(code))
	return Frame{Type: GoAway, Payload: append(b, shorten(text)...)}
}

func codeAndText(code Code, text string) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(code)), shorten(text)...)
}

// shorten keeps what fits of a text, without half a character at its end.
func shorten(text string) string {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	return text
}

// text is what the other side has said, for people.
func text(b []byte) string { return strings.ToValidUTF8(string(b), "\ufffd") }

func u64(v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v) }

// GoAway tells the other side that none of its later streams is served; when no stream is open any more, the connection ends. With another
// code than None it ends at once.
func (c *Conn) GoAway(code Code, text string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	if code != None {
		c.end(fault(code, "%s", text), true)
		return nil
	}
	if c.lastOne == nil {
		number := c.heard
		c.lastOne = &number
	}
	c.push(goAway(*c.lastOne, code, text))
	c.leave()
	return nil
}

// leave ends a connection that was to go on only until its streams have ended. It is called with the lock.
func (c *Conn) leave() {
	if c.lastOne != nil && len(c.streams) == 0 {
		c.end(ErrClosed, true)
	}
}

// Close ends the connection and all of its streams, and returns when the transport is closed.
func (c *Conn) Close() error {
	c.mu.Lock()
	if c.err == nil {
		c.end(ErrClosed, true)
	}
	c.mu.Unlock()
	<-c.closed
	return nil
}

// end is called with the lock. All streams end; when tell is set, a GOAWAY is the last frame that is sent.
func (c *Conn) end(err error, tell bool) {
	if c.err != nil {
		return
	}
	c.err = err
	if tell {
		number := c.heard
		if c.lastOne != nil {
			number = *c.lastOne
		}
		last := goAway(number, None, "")
		if e, ok := err.(*Error); ok {
			last = goAway(number, e.Code, e.Text)
			c.control = nil // what waits is of no use any more
		}
		c.last = &last
	} else {
		c.control = nil
	}
	for _, s := range c.streams {
		s.lost(err)
	}
	_ = c.framer.transport.SetWriteDeadline(time.Now().Add(patience))
	c.cond.Broadcast()
}

// refuse ends a connection whose handshake has failed.
func (c *Conn) refuse(err error) {
	if e, ok := err.(*Error); ok {
		_ = c.framer.transport.SetWriteDeadline(time.Now().Add(patience))
		_ = c.framer.write(goAway(0, e.Code, e.Text))
		linger(c.framer.transport)
	}
	c.framer.transport.Close()
	close(c.closed)
}

// linger lets the other side read what was written last: a transport that is closed with bytes unread may drop what it has sent.
func linger(transport net.Conn) {
	half, ok := transport.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || transport.SetReadDeadline(time.Now().Add(patience)) != nil {
		return
	}
	_, _ = io.Copy(io.Discard, transport)
}
