package sketch

import "math/bits"

// A SpaceSaving counts keys with a bounded number of counters, after Metwally, Agrawal and El Abbadi, "Efficient computation of
// frequent and top-k elements in data streams" (ICDT 2005). Once all counters are taken a new key takes over the smallest, with
// its count, which becomes the key's possible error.
//
// With k counters, of n that were added: no count is too small, none is too large by more than its Error, no Error is above n/k,
// and every key that came more than n/k times has a counter. As long as there were no more than k keys all counts are exact.
//
// Adding costs a lookup and the sifting of a heap, and allocates nothing once all counters have been made.
type SpaceSaving[K comparable, V any] struct {
	most    int
	entries []Entry[K, V]
	heap    []int32  // indices of entries, the smallest count first
	slots   []uint32 // open addressing by hash: an index of entries plus 1, or 0
	shift   uint     // of a hash, so that its high bits are the slot
}

// An Entry is a counter and the key that has it.
type Entry[K comparable, V any] struct {
	Key   K
	Count uint64 // how often the key came, at most
	Error uint64 // the count is at most so much too large
	Value V      // what the user keeps of the key since it has the counter; zero at first
	hash  uint64
	at    int32 // in the heap
}

// NewSpaceSaving makes one with so many counters, at least 1, which get their memory as they are needed.
func NewSpaceSaving[K comparable, V any](counters int) *SpaceSaving[K, V] {
	s := &SpaceSaving[K, V]{most: max(1, counters)}
	s.resize(8)
	return s
}

// Len is how many counters are taken.
func (s *SpaceSaving[K, V]) Len() int { return len(s.entries) }

// Least is the most that a key without a counter can have come.
func (s *SpaceSaving[K, V]) Least() uint64 {
	if len(s.entries) < s.most {
		return 0
	}
	return s.entries[s.heap[0]].Count
}

// All calls f with every entry, in no particular order.
func (s *SpaceSaving[K, V]) All(f func(*Entry[K, V])) {
	for i := range s.entries {
		f(&s.entries[i])
	}
}

// Add counts a key once. hash is one of the key: all of its bits should be as good as random. The entry is valid until the next Add.
func (s *SpaceSaving[K, V]) Add(hash uint64, key K) *Entry[K, V] {
	if e := s.find(hash, key); e != nil {
		e.Count++
		s.down(int(e.at))
		return e
	}
	if len(s.entries) < s.most {
		return s.make(hash, key)
	}
	e := &s.entries[s.heap[0]]
	s.forget(e.hash, uint32(s.heap[0])+1)
	*e = Entry[K, V]{Key: key, Count: e.Count + 1, Error: e.Count, hash: hash}
	s.remember(hash, uint32(s.heap[0])+1)
	s.down(0)
	return e
}

func (s *SpaceSaving[K, V]) find(hash uint64, key K) *Entry[K, V] {
	for i := hash >> s.shift; ; i = (i + 1) % uint64(len(s.slots)) {
		n := s.slots[i]
		if n == 0 {
			return nil
		}
		if e := &s.entries[n-1]; e.hash == hash && e.Key == key {
			return e
		}
	}
}

// make gives a key a counter of its own.
func (s *SpaceSaving[K, V]) make(hash uint64, key K) *Entry[K, V] {
	n := len(s.entries)
	if 2*(n+1) > len(s.slots) {
		s.resize(2 * len(s.slots))
	}
	s.entries = append(s.entries, Entry[K, V]{Key: key, Count: 1, hash: hash, at: int32(n)})
	s.heap = append(s.heap, int32(n))
	s.remember(hash, uint32(n)+1)
	s.up(n)
	return &s.entries[n]
}

// resize makes a table of slots, a power of two of them.
func (s *SpaceSaving[K, V]) resize(slots int) {
	s.slots = make([]uint32, slots)
	s.shift = uint(64 - bits.Len(uint(slots-1)))
	for i := range s.entries {
		s.remember(s.entries[i].hash, uint32(i)+1)
	}
}

func (s *SpaceSaving[K, V]) remember(hash uint64, n uint32) {
	i := hash >> s.shift
	for s.slots[i] != 0 {
		i = (i + 1) % uint64(len(s.slots))
	}
	s.slots[i] = n
}

// forget empties the slot of an entry and moves up what lies behind it out of its place (Knuth, volume 3, 6.4, algorithm R).
func (s *SpaceSaving[K, V]) forget(hash uint64, n uint32) {
	size := uint64(len(s.slots))
	i := hash >> s.shift
	for s.slots[i] != n {
		i = (i + 1) % size
	}
	for j := (i + 1) % size; s.slots[j] != 0; j = (j + 1) % size {
		home := s.entries[s.slots[j]-1].hash >> s.shift
		if (j-home)%size >= (j-i)%size {
			s.slots[i] = s.slots[j]
			i = j
		}
	}
	s.slots[i] = 0
}

func (s *SpaceSaving[K, V]) count(at int) uint64 { return s.entries[s.heap[at]].Count }

func (s *SpaceSaving[K, V]) swap(a, b int) {
	s.heap[a], s.heap[b] = s.heap[b], s.heap[a]
	s.entries[s.heap[a]].at, s.entries[s.heap[b]].at = int32(a), int32(b)
}

func (s *SpaceSaving[K, V]) up(at int) {
	for at > 0 {
		parent := (at - 1) / 2
		if s.count(parent) <= s.count(at) {
			return
		}
		s.swap(parent, at)
		at = parent
	}
}

func (s *SpaceSaving[K, V]) down(at int) {
	for {
		child := 2*at + 1
		if child >= len(s.heap) {
			return
		}
		if right := child + 1; right < len(s.heap) && s.count(right) < s.count(child) {
			child = right
		}
		if s.count(at) <= s.count(child) {
			return
		}
		s.swap(at, child)
		at = child
	}
}
