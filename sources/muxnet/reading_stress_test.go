package muxnet_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/internal/plainmux"
	"github.com/leat-io/leat/sources/muxnet"
)

// A hasty transport, once it is armed, returns what a read has got only when that read has been called back too.
type hasty struct {
	socket
	armed atomic.Bool
	past  chan struct{}
}

func (c *hasty) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.armed.Swap(false) {
		<-c.past
	}
	return n, err
}

func (c *hasty) SetReadDeadline(t time.Time) error {
	if !t.IsZero() && time.Until(t) < 0 {
		select {
		case c.past <- struct{}{}:
		default:
		}
	}
	return c.Conn.SetReadDeadline(t)
}

// CloseWrite has the other side believe that more may come, so that this one has to wait for it.
func (c *hasty) CloseWrite() error { return nil }

// The other side of a connection that is ended has a second to end its side too, also if the connection is ended by what has come for a stream
// that was called back from the transport at that moment.
func TestAConnectionIsEndedInTimeWhoeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		transport := &hasty{socket: socket{far}, past: make(chan struct{}, 1)}
		began := make(chan *muxnet.Stream, 1)
		srv := &muxnet.Server{Handler: func(s *muxnet.Stream) {
			began <- s
			echo(s)
		}}
		c, err := srv.ServeConn(transport)
		if err != nil {
			t.Fatal(err)
		}
		raw := plainmux.Raw(near)
		defer raw.Close()
		greet(t, raw, plainmux.Config{})
		put(t, raw, plainmux.Frame{Type: plainmux.Open, Stream: 1})
		s := <-began
		synctest.Wait()
		go func() { // and never ends its side
			for {
				if _, err := raw.Next(); err != nil {
					return
				}
			}
		}()
		put(t, raw, plainmux.Frame{Type: plainmux.Data, Stream: 1, Payload: []byte("x")})
		synctest.Wait() // the stream reads the connection
		transport.armed.Store(true)
		go func() { _ = raw.Write(plainmux.Data, 0, 77, []byte("x")) }() // which is an error of the connection
		synctest.Wait()
		_ = s.SetReadDeadline(time.Unix(1, 0))
		select {
		case <-c.Done():
		case <-time.After(2 * time.Second):
			t.Error("the connection has not ended within two seconds")
		}
	})
}

// A foreign transport reports deadlines by errors of its own, which are timeouts.
type foreign struct{ net.Conn }

func (c foreign) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = timeout{}
	}
	return n, err
}

type timeout struct{}

func (timeout) Error() string   { return "i/o timeout" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

// An idle transport takes deadlines and does nothing with them.
type idle struct{ net.Conn }

func (idle) SetDeadline(time.Time) error      { return nil }
func (idle) SetReadDeadline(time.Time) error  { return nil }
func (idle) SetWriteDeadline(time.Time) error { return nil }

func TestADeadlineOfAStreamIsKeptOverForeignTransports(t *testing.T) {
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"own errors":   func(c net.Conn) net.Conn { return foreign{c} },
		"no deadlines": func(c net.Conn) net.Conn { return idle{c} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				srv := &muxnet.Server{Handler: echo}
				if _, err := srv.ServeConn(far); err != nil {
					t.Fatal(err)
				}
				defer srv.Close()
				c, err := muxnet.Client(wrap(near))
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				if err := c.Ready(t.Context()); err != nil {
					t.Fatal(err)
				}
				s := open(t, c)
				b := make([]byte, 1)
				for range 3 {
					if _, err := s.Write(b); err != nil {
						t.Fatal(err)
					}
					if _, err := io.ReadFull(s, b); err != nil {
						t.Fatal(err)
					}
					_ = s.SetReadDeadline(time.Now().Add(time.Millisecond))
					done := make(chan error, 1)
					go func() {
						_, err := s.Read(b)
						done <- err
					}()
					select {
					case err := <-done:
						if !errors.Is(err, os.ErrDeadlineExceeded) {
							t.Fatalf("the read ended with %v", err)
						}
					case <-time.After(2 * time.Second):
						t.Fatal("the read did not end")
					}
					_ = s.SetReadDeadline(time.Time{})
				}
			})
		})
	}
}

// frame is a frame as it is sent.
func frame(t *testing.T, f plainmux.Frame) []byte {
	t.Helper()
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	go func() { _ = plainmux.Raw(near).Write(f.Type, f.Flags, f.Stream, f.Payload) }()
	b := make([]byte, 1<<10)
	n, err := far.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return b[:n]
}

// A stream that comes back for more while the goroutine that has brought it something still deals with what came behind that waits for nothing else
// than more: no time passes in which nobody reads.
func TestAStreamThatIsSoonBackIsNotLeftWithoutAReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := piped()
		got := make(chan time.Time, 2)
		srv := &muxnet.Server{Handler: func(s *muxnet.Stream) {
			b := make([]byte, 1)
			for {
				if _, err := io.ReadFull(s, b); err != nil {
					return
				}
				got <- time.Now()
			}
		}}
		if _, err := srv.ServeConn(far); err != nil {
			t.Fatal(err)
		}
		defer srv.Close()
		raw := plainmux.Raw(near)
		defer raw.Close()
		greet(t, raw, plainmux.Config{})
		put(t, raw, plainmux.Frame{Type: plainmux.Open, Stream: 1})
		go func() {
			for {
				if _, err := raw.Next(); err != nil {
					return
				}
			}
		}()
		x := frame(t, plainmux.Frame{Type: plainmux.Data, Stream: 1, Payload: []byte("x")})
		behind := frame(t, plainmux.Frame{Type: plainmux.CreditFrame, Stream: 1, Payload: total(1 << 40)}) // changes nothing, and takes time
		synctest.Wait()
		if err := raw.WriteBytes(append(x, bytes.Repeat(behind, 5000)...)); err != nil {
			t.Fatal(err)
		}
		<-got
		synctest.Wait()
		now := time.Now()
		put(t, raw, plainmux.Frame{Type: plainmux.Data, Stream: 1, Payload: []byte("y")})
		if late := (<-got).Sub(now); late > 0 {
			t.Errorf("what came was late by %v", late)
		}
	})
}

// Nobody waits for a stream to come back for more that has got all, or that was closed: what comes for the next is not late.
func TestWhatComesBehindTheEndOfAStreamIsNotLate(t *testing.T) {
	for name, flags := range map[string]plainmux.Flags{"ended": plainmux.Fin, "closed": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := piped()
				got := make(chan struct{}, 1)
				srv := &muxnet.Server{Handler: func(s *muxnet.Stream) {
					if _, err := io.ReadFull(s, make([]byte, 1)); err != nil {
						t.Error(err)
					}
					got <- struct{}{}
				}}
				if _, err := srv.ServeConn(far); err != nil {
					t.Fatal(err)
				}
				defer srv.Close()
				raw := plainmux.Raw(near)
				defer raw.Close()
				greet(t, raw, plainmux.Config{})
				go func() {
					for {
						if _, err := raw.Next(); err != nil {
							return
						}
					}
				}()
				began := time.Now()
				for id := uint32(1); id < 9; id += 2 {
					put(t, raw, plainmux.Frame{Type: plainmux.Open, Stream: id})
					synctest.Wait()
					put(t, raw, plainmux.Frame{Type: plainmux.Data, Flags: flags, Stream: id, Payload: []byte("x")})
					<-got
					synctest.Wait()
					if flags == 0 {
						put(t, raw, plainmux.Frame{Type: plainmux.Reset, Stream: id, Payload: reason(plainmux.Cancelled)})
					}
				}
				if late := time.Since(began); late > 0 {
					t.Errorf("it has taken %v", late)
				}
			})
		})
	}
}

// Over a pipe nothing depends on time that passes: in a bubble it does not while a goroutine waits for a mutex, as the second reader of a stream does.
func TestAPipeIsReadThoughNoTimePasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		srv := &muxnet.Server{Handler: func(s *muxnet.Stream) {
			b := make([]byte, 1)
			_, _ = s.Read(b)
			_, _ = s.Write(append(b, b...))
			<-s.Conn().Done()
		}}
		if _, err := srv.ServeConn(far); err != nil {
			t.Fatal(err)
		}
		defer srv.Close()
		c, err := muxnet.Client(near)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		first := open(t, c)
		synctest.Wait() // its handler waits
		if _, err := first.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // and does not come back
		second := open(t, c)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if _, err := second.Read(make([]byte, 1)); err != nil {
					t.Error(err)
				}
			})
		}
		if _, err := second.Write([]byte("y")); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
	})
}
