package muxnet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/compress"
	"github.com/leat-io/leat/codec/mux/session"
)

// A Conn is one connection with its streams. Its methods may be called by any goroutine.
type Conn struct {
	transport net.Conn
	reading   reading
	writing   writing
	session   *session.Session
	handler   func(*Stream)
	server    *Server // or nil
	options   options

	arrived chan *Stream  // streams of the other side that nobody has accepted, without a handler
	room    chan struct{} // has one when another stream may be opened
	half    atomic.Int64  // since when a frame is incomplete, in nanoseconds of the clock of began; 0 is none
	began   time.Time
	ticker  *time.Timer
	done    chan struct{} // closed when nothing more is read
	reason  error         // why it has ended; read once done is closed
}

// Client makes the client's side of the protocol of a connection, which it owns from then on.
func Client(transport net.Conn, opts ...Option) (*Conn, error) {
	return begin(transport, nil, nil, opts)
}

func begin(transport net.Conn, server *Server, handler func(*Stream), opts []Option) (*Conn, error) {
	c := &Conn{
		transport: transport, server: server, handler: handler, options: defaults(), room: make(chan struct{}, 1), began: time.Now(), done: make(chan struct{}),
	}
	for _, o := range opts {
		if err := o(&c.options); err != nil {
			return nil, fmt.Errorf("muxnet: %w", err)
		}
	}
	cfg := c.options.session
	cfg.Server = server != nil
	most := mux.DefaultSettings.MaxFrame
	if cfg.Settings != nil {
		most = cfg.Settings.MaxFrame
		c.options.report = min(report, max(cfg.Settings.StreamWindow/4, 1))
	}
	if use := cfg.Features & (mux.S2 | mux.Zstandard); use != 0 {
		cfg.Decompress = compress.NewReader(most, use)
	}
	s, err := session.New(c, cfg)
	if err != nil {
		return nil, fmt.Errorf("muxnet: %w", err)
	}
	c.session = s
	if handler == nil {
		c.arrived = make(chan *Stream, c.options.backlog)
	}
	c.reading.begin(c)
	c.writing.begin(c)
	c.ticker = time.AfterFunc(c.options.handshake, c.late)
	if s.Flush() {
		c.flush()
	}
	go c.reading.run()
	return c, nil
}

// late ends a connection whose other side has not introduced itself in time.
func (c *Conn) late() {
	if !c.session.Ready() {
		c.end(&mux.Error{Code: mux.Timeout, Text: fmt.Sprintf("no handshake within %v", c.options.handshake)})
		return
	}
	c.tick()
}

// tick is called from time to time.
func (c *Conn) tick() {
	now := time.Now()
	flush, err := c.session.Tick(now)
	if flush {
		c.flush()
	}
	if half := time.Duration(c.half.Load()); err == nil && half != 0 && now.Sub(c.began)-half > c.options.frame {
		err = &mux.Error{Code: mux.Timeout, Text: fmt.Sprintf("a frame was not complete within %v", c.options.frame)}
	}
	if err != nil {
		c.end(err)
		return
	}
	pace := c.options.frame / 8
	if p := c.session.Pace(); p > 0 {
		pace = min(pace, p)
	}
	c.ticker.Reset(pace)
}

// readSize is how much is read in one go.
const readSize = 128 << 10

// note notes since when a frame is incomplete.
func (c *Conn) note(used, have int) {
	switch {
	case used == have:
		c.half.Store(0)
	case used > 0 || c.half.Load() == 0:
		c.half.Store(max(int64(time.Since(c.began)), 1))
	}
}

// lost is what the end of the transport means.
func (c *Conn) lost(err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	if s := c.session.State(); s.Ours == 0 && s.Theirs == 0 && c.half.Load() == 0 {
		return session.ErrEnded
	}
	return io.ErrUnexpectedEOF
}

// room moves what is left of buf, between used and have, to the front of a buffer that holds need bytes.
func room(buf []byte, used, have, need int) ([]byte, int) {
	left := buf[used:have]
	switch {
	case need > len(buf):
		buf = make([]byte, need)
	case len(buf) > readSize && max(need, len(left)) <= readSize:
		buf = make([]byte, readSize)
	}
	return buf, copy(buf, left)
}

// over is called when nothing more is read.
func (c *Conn) over() {
	c.ticker.Stop()
	c.reading.stop()
	_ = c.transport.Close()
	c.reason = c.session.Err()
	close(c.done)
}

// end ends the connection, once, with GOAWAY if the other side does not know.
func (c *Conn) end(why error) {
	if c.session.End(why) {
		go c.writing.drain()
	}
	c.reading.expire(time.Now().Add(lastWords))
}

// lastWords is how long the other side has to take what is said at the end, and to end its side: a socket that is closed with bytes that nobody
// has read destroys what was written to it.
const lastWords = time.Second

// wake has what the session has written soon, behind what the caller is about to send.
func (c *Conn) wake() { go c.flush() }

// gatherings is how often whoever is about to write lets others go first, as long as they add to what is to be written. A yield costs less than
// a tenth of a system call, and with many streams it saves most of those.
const gatherings = 4

// flush writes what the session has, unless there is more than the kernel takes now: then a goroutine goes on.
func (c *Conn) flush() {
	for was, i := 0, 0; i < gatherings && !(c.session.Alone() && c.reading.led()); i++ {
		runtime.Gosched()
		n := c.session.Gathered()
		if n == was || n > readSize/4 {
			break
		}
		was = n
	}
	c.writing.drain()
}

// ErrClosed is the end of a connection that this side has closed.
var ErrClosed = fmt.Errorf("%w: %w", session.ErrEnded, net.ErrClosed)

// Close ends the connection and all of its streams.
func (c *Conn) Close() error {
	c.end(ErrClosed)
	<-c.done
	return nil
}

// Ready waits until the other side has introduced itself, so that streams can be opened.
func (c *Conn) Ready(ctx context.Context) error {
	for !c.session.Ready() {
		select {
		case <-c.room:
		case <-c.done:
			return c.reason
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	c.Freed() // what woke this call may be what another waits for
	return nil
}

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err is why the connection has ended, and nil before that.
func (c *Conn) Err() error {
	select {
	case <-c.done:
		return c.reason
	default:
		return nil
	}
}

// State shows the connection's session.
func (c *Conn) State() session.State { return c.session.State() }

// LocalAddr and RemoteAddr are those of the transport.
func (c *Conn) LocalAddr() net.Addr { return c.transport.LocalAddr() }

// RemoteAddr is the other side of the transport.
func (c *Conn) RemoteAddr() net.Addr { return c.transport.RemoteAddr() }

// Shutdown tells the other side to open no more streams, waits until those that are open have ended, and closes the connection. When ctx
// ends before that, it closes at once and returns the error of ctx. Another side that has not introduced itself is waited for, as long as its
// handshake may take.
func (c *Conn) Shutdown(ctx context.Context) error {
	if c.session.Leave("") {
		c.flush()
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		// Who has not introduced itself may have opened streams that are under way, and is told then that they are refused.
		if s := c.session.State(); s.Ours == 0 && s.Theirs == 0 && c.session.Ready() {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			_ = c.Close()
			return ctx.Err()
		case <-c.done:
			return nil
		case <-time.After(pause):
		}
	}
}

// Accept implements session.User.
func (c *Conn) Accept(o *mux.Opening) (*session.Stream, error) {
	if c.handler == nil && len(c.arrived) == cap(c.arrived) {
		return nil, errBacklog
	}
	s := c.stream(o)
	return &s.core, nil
}

var errBacklog = errors.New("too many streams wait to be accepted")

// Freed implements session.User.
func (c *Conn) Freed() {
	select {
	case c.room <- struct{}{}:
	default:
	}
}

// Paced implements session.User. From now on it is tick that is called.
func (c *Conn) Paced() { c.ticker.Reset(0) }

// Open opens a stream of bytes. It waits while as many are open as the other side takes.
func (c *Conn) Open(ctx context.Context) (*Stream, error) { return c.OpenAs(ctx, &mux.Opening{}) }

// OpenAs opens a stream as o says. Its metadata may be used again when the call has returned.
func (c *Conn) OpenAs(ctx context.Context, o *mux.Opening) (*Stream, error) {
	s := c.stream(o)
	for {
		flush, err := c.session.Open(&s.core, o, false)
		switch {
		case err == nil:
			c.Freed() // perhaps there is room for one more
			if flush {
				c.wake()
			}
			return s, nil
		case !errors.Is(err, session.ErrTooMany) && !errors.Is(err, session.ErrNotReady):
			c.Freed() // whoever else waits is to hear of it too
			return nil, fmt.Errorf("muxnet: no stream to %v: %w", c.RemoteAddr(), err)
		}
		select {
		case <-c.room:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// AcceptStream waits for a stream that the other side opens. On a connection with a handler there are none.
func (c *Conn) AcceptStream(ctx context.Context) (*Stream, error) {
	select {
	case s := <-c.arrived:
		return s, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.done:
		return nil, c.reason
	}
}
