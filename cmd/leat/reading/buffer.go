// Package reading reads streams into memory that grows with what comes: one that is silent has little.
package reading

import (
	"io"
	"sync"
)

// Sizes of what is read in one go. Small is for streams at rest, and for those that exchange short messages; Large is what is worth a system
// call, and fits in one frame.
const (
	small = 2 << 10
	large = 32 << 10
)

var (
	smalls = sync.Pool{New: func() any { return new([small]byte) }}
	larges = sync.Pool{New: func() any { return new([large]byte) }}
)

// A Buffer is for one stream. The zero value is ready; it must be freed.
type Buffer struct {
	few  *[small]byte
	many *[large]byte // behind a read that has filled few
}

// Read reads once. What it returns is good until the next call.
func (b *Buffer) Read(r io.Reader) ([]byte, error) {
	if b.few == nil {
		b.few = smalls.Get().(*[small]byte)
	}
	if b.many == nil {
		n, err := r.Read(b.few[:])
		if n == small {
			b.many = larges.Get().(*[large]byte)
		}
		return b.few[:n], err
	}
	n, err := r.Read(b.many[:])
	if n > small {
		return b.many[:n], err
	}
	copy(b.few[:], b.many[:n])
	b.shrink()
	return b.few[:n], err
}

func (b *Buffer) shrink() {
	if b.many != nil {
		larges.Put(b.many)
		b.many = nil
	}
}

// Free gives the memory back.
func (b *Buffer) Free() {
	b.shrink()
	if b.few != nil {
		smalls.Put(b.few)
		b.few = nil
	}
}
