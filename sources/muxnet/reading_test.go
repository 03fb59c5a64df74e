package muxnet_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/sources/muxnet"
)

// ask sends a message of n bytes on a stream whose other end echoes, and waits for the answer.
func ask(t *testing.T, s *muxnet.Stream, n int) {
	t.Helper()
	b := make([]byte, n)
	if _, err := s.Write(b); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(s, b); err != nil {
		t.Fatal(err)
	}
}

// reads checks who reads the connection once everybody waits.
func reads(t *testing.T, c *muxnet.Conn, want string) {
	t.Helper()
	synctest.Wait()
	if got := c.Reader(); got != want {
		t.Fatalf("it is a %s that reads the connection, and not a %s", got, want)
	}
}

// leading has the only stream of the connection wait for its next byte, and read the connection meanwhile. What became of it is sent.
func leading(t *testing.T, c *muxnet.Conn, s *muxnet.Stream) <-chan error {
	t.Helper()
	ask(t, s, 64)
	ask(t, s, 64) // for this one somebody has waited
	got := make(chan error, 1)
	go func() {
		_, err := s.Read(make([]byte, 64))
		got <- err
	}()
	reads(t, c, "stream")
	return got
}

func TestWhoeverWaitsForTheOnlyStreamReadsTheConnection(t *testing.T) {
	bubble(t, &muxnet.Server{Handler: echo}, func(t *testing.T, client, server *muxnet.Conn) {
		s := open(t, client)
		got := leading(t, client, s)
		reads(t, server, "stream")
		if _, err := s.Write(make([]byte, 64)); err != nil {
			t.Fatal(err)
		}
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * muxnet.Absence) // and does not come back
		reads(t, client, "goroutine")
		reads(t, server, "stream")
	})
}

// Streams that come while another one reads the connection are served, and then it is the goroutine that reads.
func TestMoreStreamsHaveTheGoroutineReadTheConnection(t *testing.T) {
	bubble(t, &muxnet.Server{Handler: echo}, func(t *testing.T, client, server *muxnet.Conn) {
		s := open(t, client)
		got := leading(t, client, s)
		other := open(t, client)
		ask(t, other, 64)
		if _, err := s.Write(make([]byte, 64)); err != nil {
			t.Fatal(err)
		}
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		reads(t, client, "goroutine")
		reads(t, server, "goroutine")
		ask(t, other, 64)
		ask(t, s, 64)
	})
}

// A stream that is opened while the only other one has left the reading to nobody is not much late.
func TestAnOpeningIsReadThoughNobodyReads(t *testing.T) {
	handler := func(s *muxnet.Stream) {
		b := make([]byte, 64)
		_, _ = io.ReadFull(s, b)
		_, _ = s.Write(b)
		<-s.Conn().Done()
	}
	bubble(t, &muxnet.Server{Handler: handler}, func(t *testing.T, client, _ *muxnet.Conn) {
		ask(t, open(t, client), 64)
		began := time.Now()
		ask(t, open(t, client), 64)
		if took := time.Since(began); took > 2*muxnet.Absence {
			t.Errorf("it took %v", took)
		}
	})
}

// Credit that a write waits for is read at once.
func TestCreditIsReadThoughNobodyReads(t *testing.T) {
	handler := func(s *muxnet.Stream) {
		b := make([]byte, 64)
		_, _ = io.ReadFull(s, b)
		_, _ = s.Write(b)
		_, _ = io.Copy(io.Discard, s)
	}
	bubble(t, &muxnet.Server{Handler: handler}, func(t *testing.T, client, _ *muxnet.Conn) {
		s := open(t, client)
		ask(t, s, 64)
		began := time.Now()
		if _, err := s.Write(make([]byte, 8<<20)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("a write that waits for credit took %v", took)
		}
	})
}

func TestAStreamThatReadsTheConnectionIsCalledBack(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(*muxnet.Stream)
		want error
		over bool // the stream
	}{
		"deadline": {do: func(s *muxnet.Stream) { _ = s.SetReadDeadline(time.Now().Add(time.Second)) }, want: os.ErrDeadlineExceeded},
		"past":     {do: func(s *muxnet.Stream) { _ = s.SetReadDeadline(time.Now()) }, want: os.ErrDeadlineExceeded},
		"close":    {do: func(s *muxnet.Stream) { _ = s.Close() }, want: net.ErrClosed, over: true},
		"reset":    {do: func(s *muxnet.Stream) { s.Reset(1000, "") }, want: net.ErrClosed, over: true},
		"no more":  {do: func(s *muxnet.Stream) { _ = s.CloseRead() }, want: io.EOF, over: true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, &muxnet.Server{Handler: echo}, func(t *testing.T, client, _ *muxnet.Conn) {
				s := open(t, client)
				got := leading(t, client, s)
				began := time.Now()
				c.do(s)
				if err := <-got; !errors.Is(err, c.want) {
					t.Fatalf("the read ended with %v and not %v", err, c.want)
				}
				if took := time.Since(began); took > time.Second {
					t.Fatalf("the read ended after %v", took)
				}
				reads(t, client, "goroutine")
				if c.over {
					s = open(t, client)
				}
				_ = s.SetReadDeadline(time.Time{})
				ask(t, s, 64)
			})
		})
	}
}

func TestAConnectionEndsWhoeverReadsIt(t *testing.T) {
	for name, end := range map[string]func(client, server *muxnet.Conn){
		"by this side":      func(client, _ *muxnet.Conn) { _ = client.Close() },
		"by the other side": func(_, server *muxnet.Conn) { _ = server.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, &muxnet.Server{Handler: echo}, func(t *testing.T, client, server *muxnet.Conn) {
				got := leading(t, client, open(t, client))
				end(client, server)
				began := time.Now()
				if err := <-got; err == nil {
					t.Fatal("the read has brought something")
				}
				<-client.Done()
				<-server.Done()
				if took := time.Since(began); took > 0 {
					t.Errorf("the end took %v", took)
				}
			})
			bubble(t, &muxnet.Server{Handler: echo}, func(t *testing.T, client, server *muxnet.Conn) {
				ask(t, open(t, client), 64) // now nobody reads
				began := time.Now()
				end(client, server)
				<-client.Done()
				<-server.Done()
				if took := time.Since(began); took > 2*muxnet.Absence {
					t.Errorf("the end took %v", took)
				}
			})
		})
	}
}

// A transport of which a stream could not be called back is read by the goroutine alone.
func TestATransportWithoutDeadlinesIsReadByTheGoroutine(t *testing.T) {
	near, far := sockets(t)
	srv := &muxnet.Server{Handler: echo}
	if _, err := srv.ServeConn(far); err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	client, err := muxnet.Client(timeless{near})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	s := open(t, client)
	for range 10 {
		ask(t, s, 64)
		if got := client.Reader(); got != "goroutine" {
			t.Fatalf("it is read by a %s", got)
		}
	}
	time.AfterFunc(time.Millisecond, func() { _ = s.Close() })
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("the read ended with %v", err)
	}
}

// timeless is a transport without deadlines.
type timeless struct{ net.Conn }

func (timeless) SetReadDeadline(time.Time) error { return os.ErrNoDeadline }
func (timeless) SetDeadline(time.Time) error     { return os.ErrNoDeadline }
