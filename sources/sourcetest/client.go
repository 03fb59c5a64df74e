package sourcetest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"sync/atomic"
)

var clients atomic.Int64

// A client sends numbered lines and knows what must come back.
type client struct {
	*suite
	conn Conn
	in   *bufio.Reader
	id   int64
	sent int
	got  int
	size func(i int) int // of the i-th line, beyond its numbers
}

func (r *rig) dial() *client {
	r.Helper()
	conn, err := r.engine.Dial()
	if err != nil {
		r.Fatal(err)
	}
	r.dialed = append(r.dialed, conn)
	return &client{suite: r.suite, conn: conn, in: bufio.NewReaderSize(conn, 4096), id: clients.Add(1), size: func(int) int { return 0 }}
}

func (c *client) line(i int) []byte {
	b := fmt.Appendf(nil, "client %d line %d ", c.id, i)
	for n := range c.size(i) {
		b = append(b, 'a'+byte(n%26))
	}
	return append(b, '\n')
}

// send writes the next n lines in one piece.
func (c *client) send(n int) error {
	var b []byte
	for range n {
		b = append(b, c.line(c.sent)...)
		c.sent++
	}
	_, err := c.conn.Write(b)
	return err
}

// answer reads one answer, which must be that to the next line.
func (c *client) answer() error {
	b, err := c.in.ReadSlice('\n')
	long := append([]byte(nil), b...)
	for err == bufio.ErrBufferFull {
		b, err = c.in.ReadSlice('\n')
		long = append(long, b...)
	}
	switch want := bytes.ToUpper(c.line(c.got)); {
	case err == io.EOF && len(long) > 0:
		return fmt.Errorf("client %d: the end came in the middle of answer %d: %.60q", c.id, c.got, long)
	case err != nil:
		return err
	case !bytes.Equal(long, want):
		return fmt.Errorf("client %d: answer %d is %.60q of %d bytes, not %.60q of %d", c.id, c.got, long, len(long), want, len(want))
	}
	c.got++
	return nil
}

// answers reads n answers.
func (c *client) answers(n int) error {
	for range n {
		if err := c.answer(); err != nil {
			return fmt.Errorf("after %d answers of %d: %w", c.got, c.sent, err)
		}
	}
	return nil
}

// rest reads answers to the end, which must be an orderly one.
func (c *client) rest() error {
	for {
		switch err := c.answer(); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return fmt.Errorf("after %d answers of %d: %w", c.got, c.sent, err)
		}
	}
}

// ask sends a line and reads its answer.
func (c *client) ask() {
	c.Helper()
	if err := c.send(1); err != nil {
		c.Fatal(err)
	}
	if err := c.answers(1); err != nil {
		c.Fatal(err)
	}
}

// ended waits until the pipeline has closed the connection.
func (c *client) ended() { io.Copy(io.Discard, c.in) }

// leave ends in good order: the rest of the answers are read.
func (c *client) leave() error {
	c.conn.CloseWrite()
	if err := c.rest(); err != nil {
		return err
	}
	if c.got != c.sent {
		return fmt.Errorf("client %d: %d answers to %d lines", c.id, c.got, c.sent)
	}
	return c.conn.Close()
}
