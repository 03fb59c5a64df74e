package gateway

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/cmd/leat/handoff"
	"github.com/leat-io/leat/cmd/leat/reading"
	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/stage"
)

// Limits are for connections of which nothing is known but their silence. A time of 0 means no limit.
type Limits struct {
	Idle       time.Duration // without a byte in either direction
	HalfClosed time.Duration // the same, once one direction has ended
}

// DefaultLimits are those of a tunnel.
var DefaultLimits = Limits{Idle: sinks.DefaultTunnelLimits.Idle, HalfClosed: sinks.DefaultTunnelLimits.HalfClosed}

// A stream is what a connection is carried as.
type stream interface {
	io.ReadWriter
	CloseWrite() error
	Reset(mux.Code, string)
	Close() error
}

// A carriage carries bytes between a connection and a stream.
type carriage struct {
	conn    net.Conn
	stream  stream
	limits  Limits
	in, out *atomic.Int64 // what the connection sends, and is sent

	began time.Time
	last  atomic.Int64 // when the latest byte was moved, in nanoseconds from the beginning
	half  atomic.Bool  // one direction has ended
	watch *time.Timer
	late  atomic.Pointer[stage.Reason]
}

// Reasons for an end that is not in order, beside sinks.ErrHalfClosed and stage.ErrIdle.
var (
	errConnReset   = &stage.Reason{Label: "connection reset"}
	errStreamReset = &stage.Reason{Label: "stream reset"}
)

const never = time.Duration(math.MaxInt64)

// carry carries until both directions have ended, and closes both ends. It returns why one of the directions has not ended in order.
func (c *carriage) carry() error {
	c.began = time.Now()
	c.watch = time.AfterFunc(never, c.look)
	defer c.watch.Stop()
	c.watch.Reset(0) // now that it is known
	var up, down error
	var wg sync.WaitGroup
	wg.Go(func() { up = c.toStream() })
	down = c.toConn()
	wg.Wait()
	_ = c.conn.Close()
	_ = c.stream.Close()
	if late := c.late.Load(); late != nil {
		return late
	}
	if up == nil || errors.Is(up, net.ErrClosed) { // the other direction knows why
		return down
	}
	return up
}

func (c *carriage) toStream() error {
	read, write := c.pump(c.stream, c.conn, c.in)
	switch {
	case write != nil: // the other side wants no more; what it still sends goes on
		return fmt.Errorf("%w: %w", errStreamReset, write)
	case !errors.Is(read, io.EOF):
		c.stream.Reset(mux.Cancelled, "the connection was reset")
		return fmt.Errorf("%w: %w", errConnReset, read)
	}
	c.halve()
	return c.stream.CloseWrite()
}

func (c *carriage) toConn() error {
	read, write := c.pump(c.conn, c.stream, c.out)
	switch {
	case write != nil:
		c.stream.Reset(mux.Cancelled, "the connection was reset")
		handoff.Abort(c.conn)
		return fmt.Errorf("%w: %w", errConnReset, write)
	case !errors.Is(read, io.EOF):
		handoff.Abort(c.conn)
		return fmt.Errorf("%w: %w", errStreamReset, read)
	}
	c.halve()
	_ = handoff.CloseWrite(c.conn) // a connection that is gone says so when it is read
	return nil
}

// pump copies until reading or writing ends.
func (c *carriage) pump(dst io.Writer, src io.Reader, count *atomic.Int64) (read, write error) {
	var b reading.Buffer
	defer b.Free()
	for {
		p, err := b.Read(src)
		if len(p) > 0 {
			n, err := dst.Write(p)
			count.Add(int64(n))
			if err != nil {
				return nil, err
			}
			c.last.Store(int64(time.Since(c.began)))
		}
		if err != nil {
			return err, nil
		}
	}
}

// halve notes that one direction has ended, from which on another limit holds.
func (c *carriage) halve() {
	c.half.Store(true)
	c.watch.Reset(0)
}

// limit is for how long both may be silent now.
func (c *carriage) limit() time.Duration {
	l := c.limits.Idle
	if h := c.limits.HalfClosed; h > 0 && c.half.Load() && (l == 0 || h < l) {
		l = h
	}
	return l
}

// look ends a carriage that has been silent for too long, or looks again when it would have been.
func (c *carriage) look() {
	l := c.limit()
	if l == 0 {
		return // until one direction has ended
	}
	if left := l - (time.Since(c.began) - time.Duration(c.last.Load())); left > 0 {
		c.watch.Reset(left)
		return
	}
	why := stage.ErrIdle
	if c.half.Load() {
		why = sinks.ErrHalfClosed
	}
	c.late.Store(why)
	c.stream.Reset(mux.Timeout, why.Label)
	handoff.Abort(c.conn)
}
