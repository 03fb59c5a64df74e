package queuetest

import "fmt"

// Message is what the suite sends through a queue: 72 bytes on 64-bit machines, as a message with a Head and one slice has.
// Its fields are the suite's.
type Message struct {
	producer, seq uint64
	body          [6]uint64
	proof         *uint64 // seq, on the heap: a queue must not hide pointers from the collector
}

func (m *Message) set(producer, seq uint64) {
	m.producer, m.seq = producer, seq
	for i := range m.body {
		m.body[i] = mix(producer, seq, i)
	}
	m.proof = &seq
}

// scramble makes m what no producer sends.
func (m *Message) scramble() { *m = Message{producer: ^uint64(0), seq: ^uint64(0)} }

func (m *Message) err() error {
	if m == nil {
		return fmt.Errorf("a nil message was lent")
	}
	if m.proof == nil || *m.proof != m.seq {
		return fmt.Errorf("message %d of producer %d lost its pointer, or was never sent", int64(m.seq), int64(m.producer))
	}
	for i, w := range m.body {
		if w != mix(m.producer, m.seq, i) {
			return fmt.Errorf("message %d of producer %d has a word %d that is not its own", m.seq, m.producer, i)
		}
	}
	return nil
}

// mix gives each word of each message a value of its own.
func mix(producer, seq uint64, word int) uint64 {
	x := producer<<48 ^ seq<<8 ^ uint64(word)
	x *= 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio, as in Knuth's multiplicative hashing
	return x ^ x>>29
}
