package resp

import "bytes"

// header reads the number of a length or count at b[pos]. It returns where the next line begins, or 0 when this one has not
// ended. malformed is what a number that is none is called.
func header(b []byte, pos int, malformed error) (n int64, next int, err error) {
	if n, next := short(b, pos); next > 0 {
		if b[next-1] != '\n' {
			return 0, 0, ErrLineEnd
		}
		return int64(n), next, nil
	}
	line := b[pos+1 : min(len(b), pos+1+maxNumber+len("\r\n"))]
	if len(line) > 0 && line[0] == '?' {
		return 0, 0, ErrStreamed
	}
	i := bytes.IndexByte(line, '\r')
	switch {
	case i > maxNumber, i < 0 && len(line) > maxNumber:
		return 0, 0, malformed
	case i < 0 || i+1 == len(line):
		return 0, 0, nil
	case line[i+1] != '\n':
		return 0, 0, ErrLineEnd
	}
	n, ok := parseInt(line[:i])
	if !ok {
		return 0, 0, malformed
	}
	return n, pos + 1 + i + 2, nil
}

// line looks at a value of one line.
func (d *replyDecoder) line(b []byte, pos int, kind Kind) (end int, err error) {
	from := pos + 1
	text := b[from:]
	over := len(text) > d.codec.limits.Inline
	if over {
		text = text[:d.codec.limits.Inline+1]
	}
	searched := max(d.searched-from, 0)
	i := bytes.IndexByte(text[searched:], '\r')
	switch {
	case i < 0 && over:
		return 0, ErrLine
	case i < 0:
		d.searched = len(b)
		return 0, nil
	}
	text = text[:searched+i]
	end = from + len(text)
	switch {
	case end+1 == len(b):
		return 0, nil
	case b[end+1] != '\n':
		return 0, ErrLineEnd
	}
	switch kind {
	case KindSimple, KindError:
		if bytes.IndexByte(text, '\n') >= 0 {
			return 0, ErrLineEnd
		}
	default:
		if !isScalar(kind, text) {
			return 0, ErrNumber
		}
	}
	return end + 2, nil
}

// isScalar says whether text is a value of a kind that is neither a string nor an aggregate.
func isScalar(kind Kind, text []byte) bool {
	switch kind {
	case KindInteger:
		_, ok := parseInt(text)
		return ok
	case KindDouble:
		return isFloat(text)
	case KindBigNumber:
		return isInteger(text)
	case KindBool:
		return string(text) == "t" || string(text) == "f"
	}
	return len(text) == 0 // null
}
