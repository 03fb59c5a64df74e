package load

// A fifo is a queue that moves what it holds instead of growing, as long as it is half empty.
type fifo[T any] struct {
	all   []T
	first int
}

func (f *fifo[T]) len() int { return len(f.all) - f.first }

func (f *fifo[T]) push(v T) {
	if len(f.all) == cap(f.all) && f.first > len(f.all)/2 {
		n := copy(f.all, f.all[f.first:])
		clear(f.all[n:])
		f.all, f.first = f.all[:n], 0
	}
	f.all = append(f.all, v)
}

// pop takes the one that came first; there must be one.
func (f *fifo[T]) pop() (v T) {
	v, f.all[f.first] = f.all[f.first], v
	f.first++
	return v
}
