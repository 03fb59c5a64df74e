package line

import "bytes"

// Append implements [stage.Encoder].
func (c *text) Append(b []byte, v *Line) ([]byte, error) {
	if len(v.Text) > c.max {
		return b, c.tooLong()
	}
	if bytes.IndexByte(v.Text, '\n') >= 0 {
		return b, ErrNewline
	}
	b = append(b, v.Text...)
	if n := len(v.Text); n > 0 && v.Text[n-1] == '\r' {
		b = append(b, '\r')
	}
	return append(b, '\n'), nil
}

// AppendRefusal implements [stage.Refuser].
func (c *text) AppendRefusal(b []byte, err error) []byte {
	b = append(b, "error: "...)
	start := len(b)
	b = append(b, err.Error()...)
	for i := start; i < len(b); i++ {
		if b[i] == '\r' || b[i] == '\n' {
			b[i] = ' ' // a second line would be read as a second answer
		}
	}
	return append(b, '\n')
}
