package mux

import "fmt"

// Boundaries follows where messages begin and end in the payloads of DATA of one stream of messages, and keeps none of them: what a
// receiver checks that hands on bytes as they come. A [Reassembler] gives the messages.
type Boundaries struct {
	Max int // the longest message in bytes

	prefix [MostPrefix]byte
	have   int // bytes of prefix that have come of a length
	left   int // bytes of the message that are still to come
}

// Follow checks the next payload, with the flags of its frame: [Packed] begins and ends where messages do, [Fin] ends where one does.
// After an error, an *[Error], the stream is lost.
func (m *Boundaries) Follow(payload []byte, f Flags) error {
	if f&Packed != 0 && m.within() {
		return errInside
	}
	for len(payload) > 0 {
		if m.left > 0 {
			n := min(m.left, len(payload))
			m.left -= n
			payload = payload[n:]
			continue
		}
		m.prefix[m.have] = payload[0]
		m.have++
		payload = payload[1:]
		n, used := uvarint(m.prefix[:m.have])
		switch {
		case used < 0:
			return errPrefix
		case used == 0:
			continue
		case int64(n) > int64(m.Max):
			return tooLong(n, m.Max)
		}
		m.left, m.have = int(n), 0
	}
	if f&(Packed|Fin) != 0 && m.within() {
		return errInside
	}
	return nil
}

func (m *Boundaries) within() bool { return m.have > 0 || m.left > 0 }

func tooLong(n uint32, max int) error {
	return &Error{Code: TooLarge, Text: fmt.Sprintf("a message of %d bytes, the limit is %d", n, max)}
}
