package plainmux

import "encoding/binary"

// takeOnStream applies a frame other than OPEN to its stream, as the table of section 4 says.
func (c *Conn) takeOnStream(f Frame) error {
	if f.Type == Data {
		if err := c.countData(f); err != nil {
			return err
		}
	}
	if f.Type == Priority {
		if err := within(&c.rates.priorities, "PRIORITY"); err != nil {
			return err
		}
	}
	s := c.streams[f.Stream]
	if s == nil {
		latest := c.heard
		if opensOf(c.client, f.Stream) {
			latest = c.latest
		}
		if above(f.Stream, latest) {
			return fault(Protocol, "a frame of type %d on stream %d, which is idle", f.Type, f.Stream)
		}
		return nil
	}
	switch f.Type {
	case Data:
		return c.takeData(s, f)
	case Reset:
		if err := within(&c.rates.resets, "RESET"); err != nil {
			return err
		}
		s.resetByPeer(Code(binary.LittleEndian.Uint32(f.Payload)), text(f.Payload[4:]))
		return nil
	}
	if s.localEnded {
		return nil // the rest is about what this side sends
	}
	switch f.Type {
	case CreditFrame:
		total := binary.LittleEndian.Uint64(f.Payload)
		if total < s.sendMost {
			return s.err(Credit, "the credit of the stream sinks")
		}
		s.sendLeft += total - s.sendMost
		s.sendMost = total
	case Stop:
		s.pending, s.ends, s.finDue = nil, nil, true
		s.writeErr = &Error{Code: Code(binary.LittleEndian.Uint32(f.Payload)), Text: text(f.Payload[4:]), Remote: true}
	case Priority:
		s.class, s.weight = f.Payload[0], weight(binary.LittleEndian.Uint16(f.Payload[2:]))
		s.time = max(s.time, c.times[s.class])
	}
	return nil
}

// countData counts a frame of DATA against the connection, whichever state its stream is in.
func (c *Conn) countData(f Frame) error {
	if len(f.Payload) == 0 && f.Flags&Fin == 0 {
		return within(&c.rates.empties, "DATA without anything")
	}
	if c.received+uint64(len(f.Payload)) > c.granted {
		return fault(Credit, "%d bytes of DATA are more than the credit of the connection, %d", c.received+uint64(len(f.Payload)), c.granted)
	}
	c.received += uint64(len(f.Payload))
	return nil
}

func (c *Conn) takeData(s *Stream, f Frame) error {
	if s.remoteEnded {
		return s.err(Ended, "data behind the end")
	}
	s.received += uint64(len(f.Payload))
	if s.received > s.granted {
		return fault(Credit, "%d bytes of DATA are more than the credit of stream %d, %d", s.received, s.number, s.granted)
	}
	if !s.stopped { // otherwise nobody is there to read it, and what it says is not looked at
		if err := s.follow(f); err != nil {
			return s.err(err.Code, err.Text)
		}
		s.buffer = append(s.buffer, f.Payload...)
	}
	if f.Flags&Fin != 0 {
		s.remoteEnded = true
		s.settle()
	}
	return nil
}
