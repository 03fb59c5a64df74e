package plainmux

import (
	"errors"
	"io"
	"time"
)

// ErrStopped is the error of reading a stream that was stopped on this side.
var ErrStopped = errors.New("plainmux: the stream was stopped")

var errEnded = errors.New("plainmux: the stream has ended in this direction")

const leastWindow = 64 << 10 // of a stream whose setting is 0: it is all given by CREDIT

// A Stream is one of a connection. One goroutine may read it while others write. The connection's lock is over its fields.
type Stream struct {
	conn    *Conn
	number  uint32
	opening Opening
	ours    bool // opened on this side

	localEnded, remoteEnded bool // FIN was sent, received
	gone, released          bool // settled; whoever serves it has returned
	stopped                 bool // STOP was sent
	finDue                  bool
	readErr, writeErr       error
	deadline                *time.Timer

	buffer   []byte // arrived, not read
	assembly []byte // read, not a whole message yet
	in       tracker
	received uint64
	read     uint64
	granted  uint64
	window   uint64

	pending  []byte // to be sent
	ends     []int  // where messages end in it
	within   bool   // what was sent last ended within a message
	sendLeft uint64
	sendMost uint64
	class    uint8
	weight   uint64
	time     uint64 // virtual: bytes sent, over the weight
}

func (c *Conn) newStream(number uint32, o Opening, ours bool) *Stream {
	s := &Stream{
		conn: c, number: number, opening: o, ours: ours, class: o.Class, weight: weight(o.Weight),
		granted: uint64(c.mine.StreamWindow), window: uint64(c.mine.StreamWindow),
		sendLeft: uint64(c.theirs.StreamWindow), sendMost: uint64(c.theirs.StreamWindow), time: c.times[o.Class],
		in: tracker{longest: c.config.MaxMessage},
	}
	if s.window == 0 {
		s.window = leastWindow
	}
	return s
}

// Open opens a stream, which is usable at once.
func (c *Conn) Open(o Opening) (*Stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case o.Class > highestClass:
		return nil, fault(Protocol, "class %d is above %d", o.Class, highestClass)
	case o.Deadline < 0 || o.Deadline.Milliseconds() > 1<<32-1:
		return nil, fault(Protocol, "a deadline of %v cannot be told", o.Deadline)
	case c.err != nil:
		return nil, c.err
	case c.barred != nil:
		return nil, &Error{Code: Refused, Text: "the other side goes away", Remote: true}
	case c.opened >= int(c.theirs.MaxStreams):
		return nil, fault(Refused, "%d streams are open, as many as the other side takes", c.opened)
	}
	if err := checkMetadata(o.Metadata, c.theirs.MaxMetadata); err != nil {
		return nil, err
	}
	payload := o.append(nil)
	if len(payload) > int(c.theirs.MaxFrame) {
		return nil, fault(TooLarge, "an OPEN of %d bytes", len(payload))
	}
	s := c.newStream(c.nextNumber(), o, true)
	c.streams[s.number] = s
	c.opened++
	f := Frame{Type: Open, Stream: s.number, Payload: payload}
	if o.Fin {
		f.Flags, s.localEnded = Fin, true
	}
	c.push(f)
	if o.Deadline > 0 {
		s.deadline = time.AfterFunc(o.Deadline, func() { s.Reset(Deadline, "the time of the stream is up") })
	}
	return s, nil
}

// nextNumber leaves out 0, which is the connection, and what is still in use.
func (c *Conn) nextNumber() uint32 {
	number := c.latest + 2
	if c.latest == 0 && c.client {
		number = 1
	}
	for number == 0 || c.streams[number] != nil {
		number += 2
	}
	c.latest = number
	return number
}

// Number is that of the stream on the wire.
func (s *Stream) Number() uint32 { return s.number }

// Opening is what the opener said about the stream.
func (s *Stream) Opening() Opening { return s.opening }

// Read reads bytes of a stream of bytes.
func (s *Stream) Read(b []byte) (int, error) {
	if s.opening.Messages {
		return 0, errors.New("plainmux: the stream carries messages: use ReadMessage")
	}
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	for len(b) > 0 && len(s.buffer) == 0 {
		if err := s.readEnd(); err != nil {
			return 0, err
		}
		s.conn.cond.Wait()
	}
	n := copy(b, s.buffer)
	s.consume(n)
	return n, nil
}

func (s *Stream) readEnd() error {
	if s.readErr != nil {
		return s.readErr
	}
	if s.remoteEnded {
		return io.EOF
	}
	return nil
}

// consume takes what was read off the buffer, which gives credit for it.
func (s *Stream) consume(n int) {
	s.buffer = s.buffer[n:]
	s.read += uint64(n)
	s.conn.cond.Broadcast()
}

// Write writes bytes on a stream of bytes, and returns when all of them are on their way.
func (s *Stream) Write(b []byte) (int, error) {
	if s.opening.Messages {
		return 0, errors.New("plainmux: the stream carries messages: use WriteMessage")
	}
	return s.send(b, nil)
}
