package tcp

import (
	"math/bits"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/internal/preface"
)

// Early are the buffers of a loop for what comes first on its connections, of as many bytes as have come, rounded up.
type early struct {
	scratch []byte
	spare   [mostEarly - leastEarly + 1][][]byte // by size
}

// The sizes of buffers are powers of two from 64 bytes on, but for the largest: a ClientHello fits into that, and a PROXY header also.
const (
	leastEarly = 6
	mostEarly  = 15
)

const (
	// earlyRead is how much is read of a connection that has no buffer yet: the ClientHello of most.
	earlyRead = 4 << 10
	// spareEarly is how many buffers of a size are kept for the next time.
	spareEarly = 16
)

// read adds to what has come of a connection.
func (e *early) read(c *arrival) (n int, err error) {
	if have := len(c.first); have < cap(c.first) {
		n, err = nonblock.Read(int(c.fd), c.first[have:cap(c.first)])
		c.first = c.first[:have+max(n, 0)]
		return n, err
	}
	if e.scratch == nil {
		e.scratch = make([]byte, earlyRead)
	}
	n, err = nonblock.Read(int(c.fd), e.scratch[:min(earlyRead, preface.MaxHello-len(c.first))])
	if n > 0 {
		e.grow(c, e.scratch[:n])
	}
	return n, err
}

// grow moves what has come to a buffer that has room for b as well.
func (e *early) grow(c *arrival, b []byte) {
	class := sizeClass(len(c.first) + len(b))
	var larger []byte
	if s := &e.spare[class-leastEarly]; len(*s) > 0 {
		larger = (*s)[len(*s)-1]
		*s = (*s)[:len(*s)-1]
	} else {
		larger = make([]byte, 0, min(1<<class, preface.MaxHello))
	}
	larger = append(append(larger, c.first...), b...)
	e.release(c)
	c.first = larger
}

// release takes the buffer of a connection back.
func (e *early) release(c *arrival) {
	if cap(c.first) > 0 {
		if s := &e.spare[sizeClass(cap(c.first))-leastEarly]; len(*s) < spareEarly {
			*s = append(*s, c.first[:0])
		}
		c.first = nil
	}
}

// sizeClass is the power of two up to which n bytes are rounded.
func sizeClass(n int) int { return max(bits.Len(uint(n-1)), leastEarly) }
