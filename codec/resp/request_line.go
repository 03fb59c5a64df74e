package resp

import "bytes"

// length reads the header of an argument at b[pos], whatever its form. It returns where the argument begins, or 0 and how
// many bytes are needed, where 0 stands for more.
func (c *RequestCodec) length(b []byte, pos int, searched *int) (n, data, need int, err error) {
	end, need, err := c.line(b, pos, searched, '\r', ErrBulkLengthTooLong)
	if err != nil || end+1 >= len(b) || need > 0 {
		return 0, 0, need, err
	}
	if b[pos] != '$' {
		return 0, 0, 0, unexpected(b[pos])
	}
	v, ok := parseInt(b[pos+1 : end])
	if !ok || v < 0 || v > int64(c.limits.Bulk) {
		return 0, 0, 0, ErrBulkLength
	}
	return int(v), end + 2, 0, nil
}

// line finds the first delim behind pos, which is len(b) or more as long as there is none, and how many bytes are needed to
// go on, where 0 stands for more. Redis searches with strchr, which ends at a NUL: a line with one goes on until it is too
// long.
func (c *RequestCodec) line(b []byte, pos int, searched *int, delim byte, tooLong error) (end, need int, err error) {
	line := b[pos:]
	over := len(line) > c.limits.Inline
	if over {
		line = line[:c.limits.Inline+1]
	}
	from := max(*searched-pos, 0)
	i := bytes.IndexByte(line[from:], delim)
	switch {
	case i >= 0 && bytes.IndexByte(line[:from+i], 0) < 0:
		return pos + from + i, 0, nil
	case over:
		return 0, 0, tooLong
	case i >= 0 && c.limits.Inline >= c.limits.Total-pos:
		return 0, 0, ErrTooLong
	case i >= 0:
		return len(b), pos + c.limits.Inline + 1, nil
	}
	*searched = len(b)
	return len(b), 0, nil
}
