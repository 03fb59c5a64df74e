//go:build unix

package tcp_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/sources/tcp"
)

// strangers ask a source one question each, on connections of their own and until they are told to end, and return how many did.
// Each must be answered.
func strangers(t *testing.T, addr net.Addr) (end func() int64) {
	t.Helper()
	var all sync.WaitGroup
	var quit atomic.Bool
	var served atomic.Int64
	for range 4 {
		all.Go(func() {
			for !quit.Load() {
				c, err := net.DialTimeout(addr.Network(), addr.String(), 20*time.Second)
				if err != nil {
					t.Error(err)
					return
				}
				ask(t, c, "who is there")
				c.Close()
				served.Add(1)
			}
		})
	}
	return func() int64 {
		quit.Store(true)
		all.Wait()
		return served.Load()
	}
}

// successor is a source that is bound to the socket of another.
func successor(t *testing.T, addr string, of *tcp.Source, opts ...tcp.Option) *tcp.Source {
	t.Helper()
	s := tcp.Listen(addr, append(opts, tcp.Name("successor"), tcp.Inherit(of))...)
	if err := s.Bind(); err != nil {
		t.Fatal(err)
	}
	return s
}

func handOver(t *testing.T, s *tcp.Source) {
	t.Helper()
	if err := s.HandOver(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestASocketIsHandedOverUnderLoad(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		old := bound(t, engine)
		stop := start(t, echo(old, 0))
		<-old.Started()
		end := strangers(t, old.Addr())
		stays := mustDial(t, old)
		ask(t, stays, "before")
		for range 5 {
			next := successor(t, old.Addr().String(), old, engine)
			stopNext := start(t, echo(next, 0))
			<-next.Started()
			handOver(t, old)
			ask(t, stays, "after")
			stays.Close()
			eventually(t, old, "nobody is left", func() bool { return old.Len() == 0 })
			if err := stop(); err != nil {
				t.Error(err)
			}
			stays = mustDial(t, next)
			ask(t, stays, "again")
			if next.Len() == 0 {
				t.Error("the successor serves nobody")
			}
			old, stop = next, stopNext
		}
		stays.Close()
		if end() == 0 {
			t.Error("nobody was served")
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// A source whose socket is handed over and that stops leaves those who wait in the backlog to its successor.
func TestTheBacklogIsLeftToTheSuccessor(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		old := bound(t, engine)
		stop := start(t, echo(old, 0))
		<-old.Started()
		next := successor(t, "", old, engine)
		handOver(t, old)
		var waiting []net.Conn
		for range 10 {
			waiting = append(waiting, mustDial(t, next))
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		served(t, next)
		for i, c := range waiting {
			ask(t, c, fmt.Sprint("patient ", i))
		}
	})
}

func TestTheFileOfAUnixSocketGoesWithTheLastSource(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		addr := unixAddress(t)
		path := strings.TrimPrefix(addr, "unix:")
		old := tcp.Listen(addr, engine)
		if err := old.Bind(); err != nil {
			t.Fatal(err)
		}
		stop := start(t, echo(old, 0))
		<-old.Started()
		next := successor(t, addr, old, engine, tcp.Mode(0o600))
		if fi, err := os.Lstat(path); err != nil || fi.Mode() != fs.ModeSocket|0o600 {
			t.Errorf("the file is %v, %v", fi, err)
		}
		stopNext := start(t, echo(next, 0))
		<-next.Started()
		handOver(t, old)
		if err := stop(); err != nil {
			t.Error(err)
		}
		ask(t, dialUnix(t, next), "still there")
		if err := stopNext(); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file is left behind: %v", err)
		}
	})
}

func TestTheFileOfASocketThatSomebodyElseOpenedStays(t *testing.T) {
	path := strings.TrimPrefix(unixAddress(t), "unix:")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	wantError(t, tcp.Listen("", tcp.Inherit(ln), tcp.Mode(0o600)), "say the mode where the socket is opened")
	wantError(t, tcp.Listen("", tcp.Inherit(ln), tcp.NoDelay(true)), "a unix socket has none such")
	s := tcp.Listen("", tcp.Inherit(ln))
	stop := start(t, echo(s, 0))
	<-s.Started()
	if got := gauge(s, "address"); got != "unix:"+path {
		t.Errorf("the address is %q", got)
	}
	ask(t, dialUnix(t, s), "hello")
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

// Options hold for connections that come after them, also on a socket that listens already.
func TestAnInheritedSocketGetsItsOptions(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	s := tcp.Listen("", tcp.Inherit(ln.(*net.TCPListener)), tcp.KeepAlive(77*time.Second, 5*time.Second, 3))
	if err := s.Bind(); err != nil {
		t.Fatal(err)
	}
	served(t, s)
	for name, want := range map[string]string{"no delay": "on", "keep-alive": "1m17s"} {
		if got := gauge(s, name); !strings.Contains(got, want) {
			t.Errorf("%s is %q, not %q", name, got, want)
		}
	}
	ask(t, mustDial(t, s), "hello")
}

func TestWhatCannotBeInheritedIsRefused(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	wantError(t, tcp.Listen("", tcp.Inherit(c.(*net.TCPConn))), "it does not listen")
	wantError(t, tcp.Listen("127.0.0.1:1", tcp.Inherit(ln.(*net.TCPListener))), "and not to 127.0.0.1:1")
	wantError(t, tcp.Listen("unix:/nowhere", tcp.Inherit(ln.(*net.TCPListener))), "and not to unix:/nowhere")
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	wantError(t, tcp.Listen("", tcp.Inherit(closed.(*net.TCPListener))), "closed")
	s := tcp.Listen("127.0.0.1:0")
	if err := s.HandOver(t.Context()); err == nil {
		t.Error("a source that has not started has handed something over")
	}
	if _, err := s.SyscallConn(); err == nil {
		t.Error("a source that is not bound has a socket")
	}
}
