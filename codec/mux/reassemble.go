package mux

// A Reassembler takes the payloads of DATA of one stream of messages in their order and gives the messages.
type Reassembler struct {
	Max int // the longest message in bytes

	prefix [MostPrefix]byte
	have   int    // bytes of prefix
	left   int    // bytes of the message that are still to come, once the prefix is complete
	buf    []byte // what of it has come
	inside bool   // the prefix was complete
}

// kept is the largest buffer that a Reassembler keeps between messages.
const kept = 64 << 10

// Next returns the next message of a payload and what is behind it, to be given to the next call. A nil m says that the payload
// is used up. A message that lies in the payload aliases it; another one is valid until the next call. After an error the
// stream is lost.
//
// A message above Max is an error as soon as its length has come, and memory grows with what has come of it.
func (r *Reassembler) Next(payload []byte) (m, rest []byte, err error) {
	for !r.inside {
		if r.have == 0 {
			if m, rest, err = NextMessage(payload); err == nil && len(m) <= r.Max {
				return m, rest, nil
			}
		}
		if len(payload) == 0 {
			return nil, nil, nil
		}
		r.prefix[r.have] = payload[0]
		r.have++
		payload = payload[1:]
		if err := r.begin(); err != nil {
			return nil, nil, err
		}
	}
	n := min(r.left, len(payload))
	r.buf = append(r.buf, payload[:n]...)
	r.left -= n
	if r.left > 0 {
		return nil, nil, nil
	}
	m, r.inside, r.have = r.buf, false, 0
	if r.buf = r.buf[:0]; cap(r.buf) > kept {
		r.buf = nil
	}
	return m[:len(m):len(m)], payload[n:], nil
}

func (r *Reassembler) begin() error {
	n, used := uvarint(r.prefix[:r.have])
	switch {
	case used < 0:
		return errPrefix
	case used == 0:
		return nil
	case int64(n) > int64(r.Max):
		return tooLong(n, r.Max)
	}
	r.left, r.inside = int(n), true
	return nil
}

// End returns an error within a message: the stream must not end there, nor a payload with [Packed] begin or end.
func (r *Reassembler) End() error {
	if r.have > 0 {
		return errInside
	}
	return nil
}
