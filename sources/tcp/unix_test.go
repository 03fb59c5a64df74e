//go:build unix

package tcp_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

func dialUnix(t *testing.T, s *tcp.Source) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestTheFileOfAUnixSocketLivesAsLongAsItsSource(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		addr := unixAddress(t)
		path := strings.TrimPrefix(addr, "unix:")
		s := tcp.Listen(addr, engine, tcp.Mode(0o640))
		for range 2 {
			if err := s.Bind(); err != nil {
				t.Fatal(err)
			}
		}
		if got := gauge(s, "address"); got != addr || s.String() != "tcp "+addr || s.Addr().String() != path {
			t.Errorf("the address is %q of %s, %v", got, s, s.Addr())
		}
		if fi, err := os.Lstat(path); err != nil || fi.Mode() != fs.ModeSocket|0o640 {
			t.Errorf("the file is %v, %v", fi, err)
		}
		stop := start(t, echo(s, 0))
		ask(t, dialUnix(t, s), "hello")
		if err := stop(); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file is left behind: %v", err)
		}
	})
}

// leave makes the file of a socket whose server has died.
func leave(t *testing.T, path string) {
	t.Helper()
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	ln.Close()
}

func TestTheSocketOfADeadServerIsReplaced(t *testing.T) {
	addr := unixAddress(t)
	path := strings.TrimPrefix(addr, "unix:")
	leave(t, path)
	s := tcp.Listen(addr)
	served(t, s)
	eventually(t, s, "it listens", func() bool { return s.Addr() != nil })
	ask(t, dialUnix(t, s), "hello")
	if others, err := os.ReadDir(path[:strings.LastIndex(path, "/")]); len(others) != 1 || err != nil {
		t.Errorf("beside the socket are %v, %v", others, err)
	}
}

func TestTheSocketOfALiveServerIsLeftAlone(t *testing.T) {
	addr := unixAddress(t)
	s := tcp.Listen(addr)
	if err := s.Bind(); err != nil {
		t.Fatal(err)
	}
	served(t, s)
	second := tcp.Listen(addr)
	wantError(t, second, "is served by another process")
	if err := second.Bind(); !errors.Is(err, syscall.EADDRINUSE) {
		t.Error(err)
	}
	ask(t, dialUnix(t, s), "hello")
}

// Many start at once where a dead server has left its socket: one serves, the others are told so.
func TestOneOfManyReplacesADeadServer(t *testing.T) {
	addr := unixAddress(t)
	leave(t, strings.TrimPrefix(addr, "unix:"))
	var all []*tcp.Source
	var binding sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		s := tcp.Listen(addr)
		all = append(all, s)
		binding.Go(func() { errs[i] = s.Bind() })
	}
	binding.Wait()
	serving := 0
	for i, err := range errs {
		switch {
		case err == nil:
			serving++
			served(t, all[i])
			ask(t, dialUnix(t, all[i]), "hello")
		case !errors.Is(err, syscall.EADDRINUSE):
			t.Error(err)
		}
	}
	if serving != 1 {
		t.Errorf("%d sources serve one socket: %v", serving, errs)
	}
}

// Whoever has replaced the file meanwhile keeps it.
func TestTheFileOfAnotherIsNotRemoved(t *testing.T) {
	addr := unixAddress(t)
	path := strings.TrimPrefix(addr, "unix:")
	s := tcp.Listen(addr)
	if err := s.Bind(); err != nil {
		t.Fatal(err)
	}
	stop := start(t, echo(s, 0))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	leave(t, path)
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoUnixSocketIsNotServed(t *testing.T) {
	addr := unixAddress(t)
	path := strings.TrimPrefix(addr, "unix:")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantError(t, tcp.Listen(addr), "exists and is not a socket")
	if b, err := os.ReadFile(path); string(b) != "precious" || err != nil {
		t.Errorf("the file is %q, %v", b, err)
	}
	wantError(t, tcp.Listen("unix:"), "names no file")
	wantError(t, tcp.Listen("unix:/nowhere/at/all"), "no such file or directory")
	wantError(t, tcp.Listen("unix:/"+strings.Repeat("x", 200)), "the path of a unix socket may have at most 10")
	wantError(t, tcp.Listen(addr+"2", tcp.NoDelay(true)), `the option "no delay" is one of TCP`)
	wantError(t, tcp.Listen(addr+"2", tcp.QuickAck(true)), `the option "quick ack" is one of TCP`)
	wantError(t, tcp.Listen(":0", tcp.Mode(0o600)), "Mode is for unix sockets")
	if runtime.GOOS == "linux" {
		wantError(t, tcp.Listen("unix:@leat", tcp.Mode(0o600)), "has none")
	} else {
		wantError(t, tcp.Listen("unix:@leat"), "only Linux has such sockets")
	}
}

func TestAnAbstractSocketNeedsNoFile(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this system has no abstract unix sockets")
	}
	name := fmt.Sprintf("@leat-test-%d", os.Getpid())
	s := tcp.Listen("unix:" + name)
	if err := s.Bind(); err != nil {
		t.Fatal(err)
	}
	served(t, s)
	ask(t, dialUnix(t, s), "hello")
	wantError(t, tcp.Listen("unix:"+name), "is served by another process")
	if _, err := os.Lstat(name); err == nil {
		t.Error("there is a file")
	}
}

func TestBuffersOfAUnixSocketCanBeSet(t *testing.T) {
	s := tcp.Listen(unixAddress(t), tcp.SendBuffer(40_000), tcp.Backlog(3))
	if err := s.Bind(); err != nil {
		t.Fatal(err)
	}
	served(t, s)
	if send, backlog := gauge(s, "send buffer"), gauge(s, "backlog"); send != "40000" || backlog != "3" {
		t.Errorf("the send buffer is %q, the backlog %q", send, backlog)
	}
	ask(t, dialUnix(t, s), "hello")
}

// A peer of a unix socket has no address: what goes wrong is logged with the process that it is.
func TestAPanicIsLoggedWithTheProcess(t *testing.T) {
	s := tcp.Listen(unixAddress(t), tcp.Name("local"))
	if err := s.Bind(); err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	p := pipeline.New("panic", pipeline.Log(slog.New(slog.NewTextHandler(&logged, nil))))
	text := line.Text(100)
	p.From(s).Via("decode", codec.Decode(text)).
		Via("fail", stage.Do(func(*line.Line) { panic("as asked") })).
		To("reply", sinks.Reply(text))
	stop := start(t, p)
	c := dialUnix(t, s)
	fmt.Fprintln(c, "hello")
	refused(t, c)
	if err := stop(); err != nil {
		t.Error(err)
	}
	want := "over a message of unix socket " + s.Addr().String()
	if runtime.GOOS == "linux" {
		want += fmt.Sprintf(" (pid %d, uid %d)", os.Getpid(), os.Getuid())
	}
	if !strings.Contains(logged.String(), want) {
		t.Errorf("%q is missing in %s", want, &logged)
	}
}
