package pool

// A fifo is a ring of values that grows. The zero fifo is empty.
type fifo[T any] struct {
	ring []T // a power of two
	head uint
	n    int
}

func (f *fifo[T]) len() int { return f.n }

// at returns value i from the front, for as long as nothing is pushed.
func (f *fifo[T]) at(i int) *T { return &f.ring[(f.head+uint(i))&uint(len(f.ring)-1)] }

// push returns the place of a new last value, which is zero.
func (f *fifo[T]) push() *T {
	if f.n == len(f.ring) {
		f.grow()
	}
	f.n++
	return f.at(f.n - 1)
}

func (f *fifo[T]) grow() {
	ring := make([]T, max(8, 2*len(f.ring)))
	for i := range f.n {
		ring[i] = *f.at(i)
	}
	f.ring, f.head = ring, 0
}

// drop forgets the front value.
func (f *fifo[T]) drop() {
	var zero T
	f.ring[f.head&uint(len(f.ring)-1)] = zero
	f.head++
	f.n--
}

// fifoKeep is the most values for which an empty ring keeps its memory.
const fifoKeep = 1024

// trim gives the memory of an empty ring back when it has grown large.
func (f *fifo[T]) trim() {
	if f.n == 0 && len(f.ring) > fifoKeep {
		*f = fifo[T]{}
	}
}
