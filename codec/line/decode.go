package line

import (
	"bytes"
	"fmt"

	"github.com/leat-io/leat/stage"
)

type text struct{ max int }

// Decode searches from the start of b. It serves those who hold whole lines; a connection has a decoder of its own.
func (c *text) Decode(b []byte, v *Line) (int, error) {
	n, _, err := c.decode(b, 0, v)
	return n, err
}

// NewDecoder implements [stage.PerConn].
func (c *text) NewDecoder() stage.Decoder[Line] { return &connection{text: c} }

// A connection is the decoder of one connection.
type connection struct {
	text     *text
	searched int // bytes at the start of the buffer that hold no \n
}

func (c *connection) Decode(b []byte, v *Line) (n int, err error) {
	n, c.searched, err = c.text.decode(b, c.searched, v)
	return n, err
}

func (c *connection) AppendRefusal(b []byte, err error) []byte { return c.text.AppendRefusal(b, err) }

// decode knows that b has no \n before from, and returns how far that is true of what is left of b.
func (c *text) decode(b []byte, from int, v *Line) (n, searched int, err error) {
	if i := bytes.IndexByte(b[from:], '\n'); i >= 0 {
		i += from
		end := i
		if i > 0 && b[i-1] == '\r' {
			end--
		}
		if end > c.max {
			return 0, 0, c.tooLong()
		}
		v.Text = b[:end:end]
		return i + 1, 0, nil
	}
	// One byte over the limit is still legal when it is the \r of the terminator.
	if over := len(b) - c.max; over > 1 || over == 1 && b[c.max] != '\r' {
		return 0, 0, c.tooLong()
	}
	return 0, len(b), nil
}

func (c *text) tooLong() error { return fmt.Errorf("%w of %d bytes", ErrTooLong, c.max) }
