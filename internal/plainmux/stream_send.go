package plainmux

import "encoding/binary"

// send waits until what was given before is on its way, and then until this is.
func (s *Stream) send(b []byte, ends []int) (int, error) {
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(s.pending) > 0 && s.writeEnd() == nil {
		c.cond.Wait()
	}
	if err := s.writeEnd(); err != nil {
		return 0, err
	}
	if len(b) == 0 {
		return 0, nil
	}
	s.pending, s.ends, s.time = b, ends, max(s.time, c.times[s.class])
	c.cond.Broadcast()
	left := len(b)
	for s.writeErr == nil {
		left = len(s.pending)
		if left == 0 {
			return len(b), nil
		}
		c.cond.Wait()
	}
	return len(b) - left, s.writeErr
}

func (s *Stream) writeEnd() error {
	if s.writeErr != nil {
		return s.writeErr
	}
	if s.finDue || s.localEnded {
		return errEnded
	}
	return nil
}

// sendable says whether a frame of data, or the end, can be sent now.
func (s *Stream) sendable() bool {
	if s.localEnded {
		return false
	}
	return (len(s.pending) > 0 && s.sendLeft > 0 && s.conn.sendLeft > 0) || (len(s.pending) == 0 && s.finDue)
}

// cut takes the next frame off what is to be sent. It counts as PACKED when it begins and ends with whole messages.
func (s *Stream) cut() Frame {
	c := s.conn
	f := Frame{Type: Data, Stream: s.number}
	n := int(min(uint64(len(s.pending)), s.sendLeft, c.sendLeft, uint64(c.theirs.MaxFrame)))
	if s.opening.Messages && n > 0 {
		n, f.Flags = s.divide(n)
	}
	f.Payload, s.pending = s.pending[:n:n], s.pending[n:]
	f.Payload = append([]byte(nil), f.Payload...) // the writer's caller has its bytes back before they are written
	s.sendLeft -= uint64(n)
	c.sendLeft -= uint64(n)
	c.times[s.class] = max(c.times[s.class], s.time)
	s.time += (uint64(n) << 16) / s.weight
	if s.finDue && len(s.pending) == 0 {
		f.Flags |= Fin
		s.localEnded = true
		s.settle()
	}
	return f
}

// divide says how many of n bytes make the next frame: whole messages where it can.
func (s *Stream) divide(n int) (int, Flags) {
	whole := 0
	for whole < len(s.ends) && s.ends[whole] <= n {
		whole++
		if s.within {
			break // the rest of a message alone, so that the next frame begins with one
		}
	}
	var flags Flags
	if whole > 0 {
		n = s.ends[whole-1]
		if !s.within {
			flags = Packed
		}
	}
	s.within = whole == 0
	s.ends = append([]int(nil), s.ends[whole:]...)
	for i := range s.ends {
		s.ends[i] -= n
	}
	return n, flags
}

// SetPriority schedules what this side sends on the stream and, by PRIORITY, what the other side does.
func (s *Stream) SetPriority(class uint8, share uint16) error {
	if class > highestClass {
		return fault(Protocol, "class %d is above %d", class, highestClass)
	}
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	if s.gone {
		return errEnded
	}
	s.class, s.weight, s.time = class, weight(share), max(s.time, s.conn.times[class])
	s.conn.push(Frame{Type: Priority, Stream: s.number, Payload: binary.LittleEndian.AppendUint16([]byte{class, 0}, share)})
	return nil
}
