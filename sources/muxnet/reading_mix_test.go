package muxnet_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/sources/muxnet"
)

// One stream, two and none follow each other on a connection, with deadlines of microseconds and windows that are soon full, so that the turn to
// read changes hands at any moment. What they carry arrives whole and in order.
func TestStreamsComeAndGoWhoeverReads(t *testing.T) {
	small := mux.DefaultSettings
	small.StreamWindow, small.ConnectionWindow = 10_000, 64<<10
	for name, carrier := range carriers {
		for windows, opts := range map[string][]muxnet.Option{"": nil, " small": {muxnet.Settings(small)}} {
			t.Run(name+windows, func(t *testing.T) {
				t.Parallel()
				near, far := carrier(t)
				srv := &muxnet.Server{Options: opts, Handler: echoHastily}
				if _, err := srv.ServeConn(far); err != nil {
					t.Fatal(err)
				}
				defer srv.Close()
				c, err := muxnet.Client(near, opts...)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				var wg sync.WaitGroup
				for range 2 {
					wg.Go(func() { comeAndGo(t, c) })
				}
				wg.Wait()
			})
		}
	}
}

// echoHastily echoes, in pieces of any size and with deadlines that pass.
func echoHastily(s *muxnet.Stream) {
	b := make([]byte, 1+rand.IntN(40_000))
	for {
		n, err := readHastily(s, b)
		if _, wrong := s.Write(b[:n]); err != nil || wrong != nil {
			return
		}
	}
}

// readHastily is Read, behind as many reads as it takes to get something before a deadline of some microseconds.
func readHastily(s *muxnet.Stream, b []byte) (int, error) {
	for {
		if rand.IntN(3) == 0 {
			_ = s.SetReadDeadline(time.Now().Add(time.Duration(rand.IntN(60)) * time.Microsecond))
		}
		n, err := s.Read(b)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		_ = s.SetReadDeadline(time.Time{})
	}
}

// comeAndGo opens one stream behind the other.
func comeAndGo(t *testing.T, c *muxnet.Conn) {
	for range 4 {
		for name, use := range map[string]func(*muxnet.Stream) error{
			"exchange": exchange, "both ways": bothWays, "given up": givenUp,
		} {
			s, err := c.Open(t.Context())
			if err == nil {
				err = use(s)
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			_ = s.Close()
		}
	}
}

// exchange has small messages echoed.
func exchange(s *muxnet.Stream) error {
	for at := range byte(50) {
		want := filled(64, at)
		if _, err := s.Write(want); err != nil {
			return err
		}
		for i := 0; i < len(want); {
			b := make([]byte, len(want)-i)
			n, err := readHastily(s, b)
			if err != nil {
				return err
			}
			if string(b[:n]) != string(want[i:i+n]) {
				return fmt.Errorf("message %d is wrong from byte %d on", at, i)
			}
			i += n
		}
	}
	return nil
}

// bothWays has much echoed while it is still being sent.
func bothWays(s *muxnet.Stream) error {
	sent := filled(rand.IntN(300_000), 0)
	failed := make(chan error, 1)
	go func() {
		_, err := s.Write(sent)
		failed <- errors.Join(err, s.CloseWrite())
	}()
	var got []byte
	b := make([]byte, 1+rand.IntN(70_000))
	for {
		n, err := readHastily(s, b)
		got = append(got, b[:n]...)
		switch {
		case errors.Is(err, io.EOF) && string(got) == string(sent):
			return <-failed
		case errors.Is(err, io.EOF):
			return errors.Join(<-failed, fmt.Errorf("%d bytes were sent and %d came, or others", len(sent), len(got)))
		case err != nil:
			return err
		}
	}
}

// givenUp ends a stream while it is read.
func givenUp(s *muxnet.Stream) error {
	if err := exchange(s); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.Discard, s)
	}()
	time.AfterFunc(time.Duration(rand.IntN(200))*time.Microsecond, func() {
		switch rand.IntN(3) {
		case 0:
			s.Reset(mux.Application, "")
		case 1:
			_ = s.Close()
		default:
			_ = s.CloseRead()
		}
	})
	<-done
	return nil
}

func filled(n int, at byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = at + byte(i*7+i>>8)
	}
	return b
}
