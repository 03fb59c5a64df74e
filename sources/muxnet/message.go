package muxnet

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"github.com/leat-io/leat/codec/mux"
)

// messages is what a stream of messages has beside one of bytes.
type messages struct {
	bounds mux.Boundaries // of what is received; of whoever reads the connection

	// What has been read of a message that is not complete, guarded by reads.
	prefix [mux.MostPrefix]byte
	have   int    // bytes of prefix
	size   int    // of the message, once its length is complete
	inside bool   // it is
	part   []byte // bytes of the message behind a read that failed, which another may go on from
}

var errBytes = errors.New("muxnet: the stream carries bytes and not messages: Messages of its mux.Opening is not set")

// WriteMessage sends m as one message, shorter than 4 GiB. It returns like Write. A message that was sent in part when its write fails
// resets the stream.
func (s *Stream) WriteMessage(m []byte) error { return s.writeMessages(0, m) }

// WriteMessages sends messages in one go: what fits in one frame goes in one.
func (s *Stream) WriteMessages(ms ...[]byte) error { return s.writeMessages(0, ms...) }

func (s *Stream) writeMessages(f mux.Flags, ms ...[]byte) error {
	if s.messages == nil {
		return errBytes
	}
	p := scratch()
	b := *p
	for _, m := range ms {
		b = mux.AppendMessage(b, m)
	}
	n, err := s.write(b, mux.Packed|f)
	if n > 0 && n < len(b) && s.writable() != nil { // otherwise the other side has said that it wants no more
		s.Reset(mux.Cancelled, "the write of a message has failed")
	}
	giveBack(p, b)
	return err
}

// mostScratch is the largest buffer that is kept for other messages.
const mostScratch = 64 << 10

var scratches = sync.Pool{New: func() any { return new([]byte) }}

// scratch returns an empty buffer to be given back, with what it has become.
func scratch() *[]byte { return scratches.Get().(*[]byte) }

func giveBack(p *[]byte, b []byte) {
	if cap(b) <= mostScratch {
		*p = b[:0]
	}
	scratches.Put(p)
}

// ReadMessage waits for the next message and returns it in the memory of buf if it fits there, whatever the length of buf. Behind the last
// message of a stream that has ended in order it returns io.EOF. A message above [MaxMessage], and bytes that are no messages, reset the
// stream and are a *mux.Error. Behind a read deadline the next call goes on where this one was.
func (s *Stream) ReadMessage(buf []byte) ([]byte, error) {
	m := s.messages
	if m == nil {
		return nil, errBytes
	}
	s.reads.Lock()
	defer s.reads.Unlock()
	for !m.inside {
		n, err := s.read(m.prefix[m.have : m.have+1])
		if err != nil {
			return nil, m.cut(err, m.have > 0)
		}
		m.have += n
		if size, used := binary.Uvarint(m.prefix[:m.have]); used > 0 { // its form was checked when it came
			m.size, m.inside = int(size), true
		}
	}
	buf = append(buf[:0], m.part...)
	for len(buf) < m.size {
		if len(buf) == cap(buf) {
			buf = grown(buf, m.size)
		}
		n, err := s.read(buf[len(buf):min(cap(buf), m.size)])
		buf = buf[:len(buf)+n]
		if err != nil {
			m.part = append([]byte(nil), buf...) // buf is the caller's
			return nil, m.cut(err, true)
		}
	}
	m.have, m.inside, m.part = 0, false, nil
	return buf, nil
}

// cut is the error of a read: an end within a message is none in order.
func (m *messages) cut(err error, within bool) error {
	if within && errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// eager is how much memory a message gets before any of it has come.
const eager = 64 << 10

// grown returns b with room for more of a message of size bytes: memory grows with what has come.
func grown(b []byte, size int) []byte {
	return append(make([]byte, 0, min(size, max(2*len(b), eager))), b...)
}
