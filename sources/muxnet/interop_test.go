package muxnet_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/internal/plainmux"
	"github.com/leat-io/leat/sources/muxnet"
)

// A pipe is a stream of either implementation.
type pipe interface {
	io.ReadWriter
	CloseWrite() error
	Close() error
}

// eachWay runs f with a function that opens streams, which the other implementation echoes, as client and as server, with and without
// checksums.
func eachWay(t *testing.T, f func(t *testing.T, open func() pipe)) {
	for name, features := range map[string]uint32{"plain": 0, "checked": plainmux.Checksums} {
		var opts []muxnet.Option
		if features != 0 {
			opts = append(opts, muxnet.Checksums())
		}
		t.Run(name+" client", func(t *testing.T) {
			near, far := sockets(t)
			go plainEcho(far, features)
			c, err := muxnet.Client(near, opts...)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			f(t, func() pipe { return open(t, c) })
		})
		t.Run(name+" server", func(t *testing.T) {
			near, far := sockets(t)
			srv := &muxnet.Server{Handler: echo, Options: opts}
			defer srv.Close()
			if _, err := srv.ServeConn(far); err != nil {
				t.Fatal(err)
			}
			c, err := plainmux.Client(near, plainmux.Config{Features: features})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			f(t, func() pipe {
				s, err := c.Open(plainmux.Opening{})
				if err != nil {
					t.Error(err)
				}
				return s
			})
		})
	}
}

// plainEcho echoes what comes on a connection, by the other implementation.
func plainEcho(conn net.Conn, features uint32) {
	c, err := plainmux.Server(conn, plainmux.Config{Features: features})
	if err != nil {
		return
	}
	defer c.Close()
	for {
		s, err := c.Accept()
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(s, s)
			_ = s.CloseWrite()
			_ = s.Close()
		}()
	}
}

func TestStreamsAreEchoedByTheOtherImplementation(t *testing.T) {
	eachWay(t, func(t *testing.T, open func() pipe) {
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				if err := echoed(open(), 1000*(i*i+1)); err != nil {
					t.Errorf("stream %d: %v", i, err)
				}
			})
		}
		wg.Wait()
	})
}

// echoed sends size random bytes and their end, and compares what comes back.
func echoed(s pipe, size int) error {
	defer s.Close()
	sent := make([]byte, size)
	r := rand.New(rand.NewPCG(uint64(size), 1))
	for i := range sent {
		sent[i] = byte(r.Uint32())
	}
	failed := make(chan error, 1)
	go func() {
		for b := sent; len(b) > 0; {
			n := min(1+r.IntN(100_000), len(b))
			if _, err := s.Write(b[:n]); err != nil {
				failed <- err
				return
			}
			b = b[n:]
		}
		failed <- s.CloseWrite()
	}()
	got, err := io.ReadAll(s)
	if err := errors.Join(err, <-failed); err != nil {
		return err
	}
	if !bytes.Equal(got, sent) {
		return fmt.Errorf("%d bytes came back as %d others", len(sent), len(got))
	}
	return nil
}

// What one implementation says with RESET the other reads.
func TestAResetIsReadByTheOtherImplementation(t *testing.T) {
	near, far := sockets(t)
	srv := &muxnet.Server{Handler: func(s *muxnet.Stream) {
		_, _ = s.Write([]byte("so far"))
		s.Reset(mux.Application+7, "no further")
	}}
	defer srv.Close()
	if _, err := srv.ServeConn(far); err != nil {
		t.Fatal(err)
	}
	c, err := plainmux.Client(near, plainmux.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := c.Open(plainmux.Opening{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(s)
	var e *plainmux.Error
	if string(got) != "so far" || !errors.As(err, &e) || uint32(e.Code) != 263 || e.Text != "no further" {
		t.Errorf("%q, %v", got, err)
	}
}
