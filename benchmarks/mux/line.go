//go:build linux

package main

import (
	"io"
	"sync"
	"time"
)

// lineSize is how many bytes may be under way in one direction: what 3 GB/s are in 10 ms. More than that wait in front of the relay,
// which is then the limit, so that its memory is bounded.
const lineSize = 32 << 20

// A line keeps bytes for a while between one goroutine that fills it and one that drains it. They lie in a ring, which costs every
// candidate the same for a byte however it cuts what it sends.
type line struct {
	delay time.Duration
	ring  []byte

	mu     sync.Mutex
	change sync.Cond
	in     int    // bytes that came
	out    int    // bytes that went
	marks  []mark // of what is in the ring, in order
	ended  bool
}

// A mark says when the bytes below a position have been kept for long enough.
type mark struct {
	below int
	due   time.Time
}

// grain is how far apart marks are at least: bytes leave up to so much early. It bounds how many marks there are.
const grain = 100 * time.Microsecond

func newLine(delay time.Duration) *line {
	l := &line{delay: delay, ring: make([]byte, lineSize)}
	l.change.L = &l.mu
	return l
}

// fill reads until that fails or the line ends.
func (l *line) fill(r io.Reader) {
	for {
		b := l.room()
		if b == nil {
			return
		}
		n, err := r.Read(b)
		l.came(n)
		if err != nil {
			return
		}
	}
}

// room waits for a free piece of the ring. There is none when the line has ended.
func (l *line) room() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.in-l.out == lineSize && !l.ended {
		l.change.Wait()
	}
	if l.ended {
		return nil
	}
	at := l.in % lineSize
	return l.ring[at:min(lineSize, at+lineSize-(l.in-l.out))]
}

func (l *line) came(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.in += n
	due := time.Now().Add(l.delay)
	if last := len(l.marks) - 1; last >= 0 && due.Sub(l.marks[last].due) < grain {
		l.marks[last].below = l.in
	} else {
		l.marks = append(l.marks, mark{l.in, due})
	}
	l.change.Broadcast()
}

// drain writes what is due, until that fails or the line has ended and is empty.
func (l *line) drain(w io.Writer) {
	for {
		b := l.due()
		if b == nil {
			return
		}
		n, err := w.Write(b)
		l.went(n)
		if err != nil {
			return
		}
	}
}

// piece is how much is written at once, so that room comes back in steps.
const piece = 256 << 10

// due waits for bytes that have been kept for long enough.
func (l *line) due() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		for len(l.marks) == 0 && !l.ended {
			l.change.Wait()
		}
		if len(l.marks) == 0 {
			return nil
		}
		wait := time.Until(l.marks[0].due)
		if wait <= 0 {
			break
		}
		l.mu.Unlock()
		time.Sleep(wait)
		l.mu.Lock()
	}
	now, below := time.Now(), 0
	for _, m := range l.marks {
		if m.due.After(now) {
			break
		}
		below = m.below
	}
	at := l.out % lineSize
	return l.ring[at:min(lineSize, at+piece, at+below-l.out)]
}

func (l *line) went(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out += n
	passed := 0
	for passed < len(l.marks) && l.marks[passed].below <= l.out {
		passed++
	}
	l.marks = append(l.marks[:0], l.marks[passed:]...)
	l.change.Broadcast()
}

// end lets what is in the line leave it, and nothing more enter.
func (l *line) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.change.Broadcast()
}
