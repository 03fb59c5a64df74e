package workload

import (
	"bytes"
	"fmt"
)

// period is the length after which a payload repeats: a power of two, so that a phase is a mask.
const period = 16

// A pattern is the identity of one request and the content of its payload, which repeats it to the end: a reply spliced
// from two messages is therefore as wrong as a swapped one. It is two periods long so that a period can be taken
// from any phase.
//
// The digits are the letters a to p, so that a payload never holds "\n" and upper case changes each of them; the last four
// bytes are one more letter and three bytes that upper case must leave alone.
type pattern [2 * period]byte

var (
	seqAt  = [8]int{0, 2, 4, 6, 8, 9, 10, 11} // lowest digit first: a short message keeps the digits that change most
	connAt = [4]int{1, 3, 5, 7}
)

// newPattern is the pattern of request 0 of a connection, with its letters in upper case for the reply of Upper.
func newPattern(conn int, upper bool) pattern {
	var p pattern
	copy(p[12:], "z-9.")
	for i, at := range connAt {
		p[at] = 'a' + byte(conn>>(4*i))&15
	}
	for _, at := range seqAt {
		p[at] = 'a'
	}
	if upper {
		copy(p[:], bytes.ToUpper(p[:period]))
	}
	copy(p[period:], p[:period])
	return p
}

// keyPattern is the content of the value of a key.
func keyPattern(key int) pattern {
	p := newPattern(0, false)
	for i, at := range seqAt {
		p[at] += byte(key>>(4*i)) & 15
		p[at+period] = p[at]
	}
	return p
}

// next turns the pattern of a request into that of the following one. It counts in place: 15 of 16 calls touch one digit.
func (p *pattern) next() {
	for _, at := range seqAt {
		c := p[at] + 1
		carry := c&^0x20 > 'P'
		if carry {
			c -= 16
		}
		p[at], p[at+period] = c, c
		if !carry {
			return
		}
	}
}

// fill makes b the payload.
func (p *pattern) fill(b []byte) {
	n := copy(b, p[:period])
	for n < len(b) {
		n += copy(b[n:], b[:n])
	}
}

// matches reports whether b is the part of the payload that begins at off. Past the first period a payload equals itself
// one period earlier, so nothing needs to be built to compare with.
func (p *pattern) matches(b []byte, off int) bool {
	if len(b) <= period {
		return bytes.Equal(b, p[off%period:][:len(b)])
	}
	return bytes.Equal(b[:period], p[off%period:][:period]) && bytes.Equal(b[period:], b[:len(b)-period])
}

// part is at most n bytes of the payload of the given size from off on, for a person to read.
func (p *pattern) part(off, n, size int) string {
	b := make([]byte, 0, n)
	for ; off < size && len(b) < n; off++ {
		b = append(b, p[off%period])
	}
	return string(b)
}

// difference shows the first wrong byte of got, which begins at off of a payload of the given size, with its surroundings on
// both sides.
func (p *pattern) difference(got []byte, off, size int) string {
	const shown = 32
	at := 0
	for at < len(got) && got[at] == p[(off+at)%period] {
		at++
	}
	from := max(0, at-shown/2)
	return fmt.Sprintf("byte %d of %d is wrong: got %q, want %q (from byte %d)", off+at, size,
		got[from:min(len(got), from+shown)], p.part(off+from, shown, size), off+from)
}
