package datagram

// Window is how many sequence numbers of a flow, up to the highest that has come, are told apart: 2 KiB of bits.
const Window = 16384

// A tracker follows the sequence numbers of one flow, which begin with 0.
type tracker struct {
	next  uint64 // one more than the highest that has come
	seen  [Window / 64]uint64
	moved uint64 // the furthest that one came behind the highest

	received, duplicates, reordered, stale uint64
}

// see notes that a number has come, and says whether for the first time.
func (t *tracker) see(seq uint64) (first bool) {
	if seq >= t.next {
		t.advance(seq)
		t.received++
		return true
	}
	behind := t.next - 1 - seq
	switch {
	case behind >= Window:
		t.stale++
		return false
	case t.has(seq):
		t.duplicates++
		return false
	}
	t.set(seq)
	t.received++
	t.reordered++
	t.moved = max(t.moved, behind)
	return true
}

// advance moves the window on, up to seq, of which the bit is set then.
func (t *tracker) advance(seq uint64) {
	if seq-t.next >= Window {
		clear(t.seen[:])
	} else {
		for n := t.next; n < seq; n++ {
			t.seen[n/64%uint64(len(t.seen))] &^= 1 << (n % 64)
		}
	}
	t.set(seq)
	t.next = seq + 1
}

func (t *tracker) has(seq uint64) bool { return t.seen[seq/64%uint64(len(t.seen))]>>(seq%64)&1 != 0 }

func (t *tracker) set(seq uint64) { t.seen[seq/64%uint64(len(t.seen))] |= 1 << (seq % 64) }
