package veth

import "time"

// A fifo keeps packets in the order in which they came, in as much memory as it was made with.
type fifo struct {
	ring    []byte
	in      int // where the next packet goes in the ring
	packets []kept
	first   int // of the packets
	count   int
}

// A kept packet lies in one piece in the ring.
type kept struct {
	at, size int
	due      time.Time
}

// newFifo has room for so many bytes, with what is left over at the end of the ring, and for so many packets.
func newFifo(size, packets int) *fifo {
	return &fifo{ring: make([]byte, size), packets: make([]kept, packets)}
}

// room is a piece of the ring for a packet of up to n bytes. It is nil when there is none.
func (f *fifo) room(n int) []byte {
	if f.count == len(f.packets) {
		return nil
	}
	end := len(f.ring)
	if f.count == 0 {
		f.in = 0
	} else if out := f.packets[f.first].at; f.in <= out {
		end = out // it has come round
	} else if end-f.in < n {
		f.in, end = 0, out
	}
	if end-f.in < n {
		return nil
	}
	return f.ring[f.in : f.in+n]
}

// push takes the first n bytes of the room as a packet.
func (f *fifo) push(n int, due time.Time) {
	f.packets[(f.first+f.count)%len(f.packets)] = kept{f.in, n, due}
	f.in += n
	f.count++
}

// next is the oldest packet. There must be one.
func (f *fifo) next() (packet []byte, due time.Time) {
	k := f.packets[f.first]
	return f.ring[k.at : k.at+k.size], k.due
}

// pop removes the oldest packet.
func (f *fifo) pop() {
	f.first = (f.first + 1) % len(f.packets)
	f.count--
}
