//go:build linux

package main

import (
	"runtime"
	"slices"
)

// idle opens streams, has one exchange on each and says what they hold: heap and stacks of both ends, with the goroutine that serves
// a stream and its 64 bytes.
func (j job) idle(s session) (got sample, err error) {
	open := make([]stream, 0, j.Streams+1)
	l := newLetter()
	one := func() error {
		st, err := s.open()
		if err != nil {
			return err
		}
		open = append(open, st)
		return exchange(st, l, uint64(len(open)))
	}
	if err := one(); err != nil {
		return got, err
	}
	bytes, goroutines := held()
	for range j.Streams {
		if err := one(); err != nil {
			return got, err
		}
	}
	bytesAfter, goroutinesAfter := held()
	for _, st := range slices.Backward(open) {
		if err := st.close(); err != nil {
			return got, err
		}
	}
	each := float64(j.Streams)
	return sample{Bytes: (bytesAfter - bytes) / each, Goroutines: (goroutinesAfter - goroutines) / each}, nil
}

// held is what is alive: bytes of heap and stacks, and goroutines.
func held() (bytes, goroutines float64) {
	runtime.GC()
	runtime.GC() // what lies in a sync.Pool lives through one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse), float64(runtime.NumGoroutine())
}
