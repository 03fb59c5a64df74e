package plainmux

import "errors"

// A tracker follows where messages begin and end in what arrives.
type tracker struct {
	longest uint32
	size    []byte // of the length that is being read
	left    uint32 // bytes of the message that are still to come
}

func (t *tracker) between() bool { return len(t.size) == 0 && t.left == 0 }

func (t *tracker) follow(b []byte) *Error {
	for len(b) > 0 {
		if t.left > 0 {
			n := min(int(t.left), len(b))
			t.left -= uint32(n)
			b = b[n:]
			continue
		}
		t.size, b = append(t.size, b[0]), b[1:]
		size, n := uvarint(t.size)
		switch {
		case n < 0:
			return fault(Malformed, "the length of a message cannot be read")
		case size > t.longest:
			return fault(TooLarge, "a message of %d bytes is longer than %d", size, t.longest)
		case n > 0:
			t.size, t.left = nil, size
		}
	}
	return nil
}

// follow holds a frame of DATA against section 5.
func (s *Stream) follow(f Frame) *Error {
	packed := f.Flags&Packed != 0
	if !s.opening.Messages {
		if packed {
			return fault(Malformed, "packed messages on a stream of bytes")
		}
		return nil
	}
	if packed && !s.in.between() {
		return fault(Malformed, "a packed frame begins within a message")
	}
	if err := s.in.follow(f.Payload); err != nil {
		return err
	}
	if (packed || f.Flags&Fin != 0) && !s.in.between() {
		return fault(Malformed, "a packed frame or the stream ends within a message")
	}
	return nil
}

// WriteMessage sends one message.
func (s *Stream) WriteMessage(m []byte) error { return s.WriteMessages(m) }

// WriteMessages sends several messages, packed into as few frames as they fit.
func (s *Stream) WriteMessages(messages ...[]byte) error {
	if !s.opening.Messages {
		return errors.New("plainmux: the stream carries bytes: use Write")
	}
	var b []byte
	var ends []int
	for _, m := range messages {
		b = append(appendUvarint(b, len(m)), m...)
		ends = append(ends, len(b))
	}
	_, err := s.send(b, ends)
	return err
}

// ReadMessage returns the next message, which is the caller's. Credit is returned for parts of a message, so that one may be
// longer than the window of its stream.
func (s *Stream) ReadMessage() ([]byte, error) {
	if !s.opening.Messages {
		return nil, errors.New("plainmux: the stream carries bytes: use Read")
	}
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	for {
		if size, n := uvarint(s.assembly); n > 0 && len(s.assembly)-n >= int(size) {
			m := append([]byte{}, s.assembly[n:n+int(size)]...)
			s.assembly = s.assembly[n+int(size):]
			return m, nil
		}
		if len(s.buffer) > 0 {
			s.assembly = append(s.assembly, s.buffer...)
			s.consume(len(s.buffer))
			continue
		}
		if err := s.readEnd(); err != nil {
			return nil, err
		}
		s.conn.cond.Wait()
	}
}
