package resp

import "github.com/leat-io/leat/stage"

// A place is how far the bytes of a request that is not complete have been looked at.
type place struct {
	searched int  // no line that began before ends before
	count    int  // of arguments, or 0 when the line that says so is not complete
	got      int  // arguments that are complete
	pos      int  // where the header of the next one begins
	exact    bool // all of it is as AppendCommand writes it
}

// progress is what is remembered of a request that is not complete.
type progress struct {
	begun bool
	place
	rest  uint32
	spans [spansKept]span
}

// decode implements Decode from p on. p is changed only when the request is not complete.
func (c *RequestCodec) decode(p *progress, b []byte, v *Command) (int, error) {
	b = b[:min(len(b), c.limits.Total)]
	if p.count > 0 {
		v.spans, v.rest = p.spans, p.rest
		return c.arguments(p, b, v, p.place)
	}
	if !p.begun && len(b) > 4 && b[0] == '*' && b[1]-'1' < 9 && b[2] == '\r' && int(b[1]-'0') <= c.limits.Args {
		return c.arguments(p, b, v, place{count: int(b[1] - '0'), pos: 4, exact: b[3] == '\n'})
	}
	return c.first(p, b, v)
}

// first decodes a request from its first line on, or skips what means nothing in front of it.
func (c *RequestCodec) first(p *progress, b []byte, v *Command) (int, error) {
	if n := emptyLines(b); n > 0 {
		return n, stage.ErrSkip
	}
	at := p.place
	if len(b) == 0 || b[0] != '*' {
		return c.inline(p, at, b, v)
	}
	end, need, err := c.line(b, 0, &at.searched, '\r', ErrCountTooLong)
	if err != nil {
		return 0, err
	}
	if end+1 >= len(b) || need > 0 {
		return c.wait(p, at, b, need)
	}
	n, ok := parseInt(b[1:end])
	if !ok || n > int64(c.limits.Args) {
		return 0, ErrCount
	}
	if at.pos = end + 2; n <= 0 {
		return at.pos, stage.ErrSkip
	}
	at.count, at.exact = int(n), b[end+1] == '\n'
	return c.arguments(p, b, v, at)
}

// emptyLines is how many bytes the empty lines at the front of b have.
func emptyLines(b []byte) (n int) {
	for {
		switch {
		case n < len(b) && b[n] == '\n':
			n++
		case n+1 < len(b) && b[n] == '\r' && b[n+1] == '\n':
			n += 2
		default:
			return n
		}
	}
}

// arguments decodes what follows the first line, from at on.
func (c *RequestCodec) arguments(p *progress, b []byte, v *Command, at place) (int, error) {
	pos, exact := at.pos, at.exact
	for i := at.got; i < at.count; i++ {
		n, data := short(b, pos)
		if data == 0 || b[pos] != '$' || n > c.limits.Bulk {
			var need int
			var err error
			n, data, need, err = c.length(b, pos, &at.searched)
			if err != nil {
				return 0, err
			}
			if data == 0 {
				return c.pause(p, at, b, v, i, pos, exact, need)
			}
		}
		// An int of 32 bits could overflow here. What is not over len(b) fits into one.
		end := uint64(data) + uint64(n) + 2
		if end > uint64(len(b)) {
			if i+1 < at.count {
				end += 2 // a header that ends where it begins is wrong
			}
			if end > uint64(c.limits.Total) {
				return 0, ErrTooLong
			}
			return c.pause(p, at, b, v, i, pos, exact, int(end))
		}
		switch {
		case i < spansKept:
			v.spans[i] = span{uint32(data), uint32(n)}
		case i == spansKept:
			v.rest = uint32(pos)
		}
		next := int(end)
		exact = exact && b[data-1] == '\n' && b[next-2] == '\r' && b[next-1] == '\n'
		pos = next
	}
	v.Raw = b[:pos:pos]
	v.n, v.exact, v.rewritten, v.at = uint32(at.count), exact, nil, 0
	return pos, nil
}

// pause is wait for the arguments from number i on.
func (c *RequestCodec) pause(p *progress, at place, b []byte, v *Command, i, pos int, exact bool, need int) (int, error) {
	at.got, at.pos, at.exact = i, pos, exact
	p.spans, p.rest = v.spans, v.rest
	return c.wait(p, at, b, need)
}

// wait remembers at and asks for need bytes, or for more than there are when need is 0.
func (c *RequestCodec) wait(p *progress, at place, b []byte, need int) (int, error) {
	if max(need, len(b)+1) > c.limits.Total {
		return 0, ErrTooLong
	}
	p.begun, p.place = true, at
	return -need, nil
}

// inline decodes the line at the front of b.
func (c *RequestCodec) inline(p *progress, at place, b []byte, v *Command) (int, error) {
	end, need, err := c.line(b, 0, &at.searched, '\n', ErrInlineTooLong)
	switch {
	case err != nil:
		return 0, err
	case end >= len(b):
		return c.wait(p, at, b, need)
	}
	line := b[:end]
	if len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	v.Raw = b[: end+1 : end+1]
	v.exact, v.rewritten, v.at = false, nil, 0
	if n, ok := plainSpans(line, &v.spans); ok {
		v.n = uint32(n)
	} else {
		array, n, ok := rewriteInline(line)
		if !ok {
			return 0, ErrQuotes
		}
		v.rewritten = &array
		v.index(n)
	}
	switch {
	case v.Len() > c.limits.Args || len(line) > c.limits.Bulk && longest(v) > c.limits.Bulk:
		return 0, ErrInlineTooLong
	case v.n == 0:
		return end + 1, stage.ErrSkip
	}
	return end + 1, nil
}
