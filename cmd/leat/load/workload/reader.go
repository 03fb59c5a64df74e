package workload

import (
	"bytes"
	"strconv"
)

const (
	shownText = 200      // bytes of a line that are kept: the longest error that is told from another
	maxLine   = 64 << 10 // bytes of a line: none of an honest server is longer
	maxBulk   = 512 << 20
	maxArray  = 1 << 20
)

// A reader finds the ends of RESP replies that are not the ones that are due. It keeps the first bytes of the line that it is
// in, and nothing else.
type reader struct {
	text    []byte // of the line, without its end
	length  int    // of the line so far
	skip    int64  // bytes to pass over
	pending int64  // replies to pass over after them: the elements of arrays
	broken  bool
}

// line consumes b up to the end of the line and reports whether it is there; text is then the line.
func (r *reader) line(b []byte) (rest []byte, done bool) {
	i := bytes.IndexByte(b, '\n')
	part := b[:max(i, 0)]
	if i < 0 {
		part = b
	}
	r.length += len(part)
	r.text = append(r.text, part[:min(len(part), shownText-len(r.text))]...)
	if r.broken = r.broken || r.length > maxLine; r.broken || i < 0 {
		return nil, false
	}
	r.text = bytes.TrimSuffix(r.text, []byte{'\r'})
	return b[i+1:], true
}

// begin makes the reader ready for the next line.
func (r *reader) begin() { r.text, r.length = r.text[:0], 0 }

// follow notes what follows the line: the bytes of a string or the elements of an array.
func (r *reader) follow() {
	if len(r.text) == 0 {
		r.broken = true
		return
	}
	n, err := strconv.ParseInt(string(r.text[1:]), 10, 64)
	switch kind := r.text[0]; {
	case kind == '+' || kind == '-':
	case err != nil:
		r.broken = true
	case kind == ':':
	case n < -1: // -1 is a null
		r.broken = true
	case kind == '$' && n <= maxBulk:
		if n >= 0 {
			r.skip = n + int64(len("\r\n"))
		}
	case kind == '*' && n+r.pending <= maxArray:
		r.pending += max(n, 0)
	default:
		r.broken = true
	}
}

// discard passes over what follow has noted.
func (r *reader) discard(b []byte) []byte {
	for !r.broken {
		n := min(r.skip, int64(len(b)))
		r.skip -= n
		if b = b[n:]; r.pending == 0 || len(b) == 0 {
			return b
		}
		rest, done := r.line(b)
		switch {
		case r.broken:
			return b
		case !done:
			return nil
		}
		b = rest
		r.pending--
		r.follow()
		r.begin()
	}
	return b
}
