package tcp_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/leat-io/leat/sources/sourcetest"
	"github.com/leat-io/leat/sources/tcp"
)

func TestKeepsTheContract(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		sourcetest.Run(t, func(t testing.TB, o sourcetest.Options) sourcetest.Engine {
			s := tcp.Listen("127.0.0.1:0", engine, tcp.Limits(o.Limits), tcp.MaxConns(o.MaxConns))
			if err := s.Bind(); err != nil {
				t.Fatal(err)
			}
			return sourcetest.Engine{Source: s, Dial: func() (sourcetest.Conn, error) { return dial(s) }}
		})
	})
}

func TestUnixSocketsKeepTheContract(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		sourcetest.Run(t, func(t testing.TB, o sourcetest.Options) sourcetest.Engine {
			s := tcp.Listen(unixAddress(t), engine, tcp.Limits(o.Limits), tcp.MaxConns(o.MaxConns))
			if err := s.Bind(); err != nil {
				t.Fatal(err)
			}
			return sourcetest.Engine{Source: s, NoReset: true, Dial: func() (sourcetest.Conn, error) {
				c, err := net.Dial("unix", s.Addr().String())
				if err != nil {
					return nil, err
				}
				return c.(*net.UnixConn), nil
			}}
		})
	})
}

// An engineOf is an engine of the source and what it is called in tests.
type engineOf struct {
	name   string
	engine tcp.Option
	loops  bool // its lanes serve many connections each, and are watched
}

// engines are all there are; two loops, so that connections are handed from one to the other.
var engines = []engineOf{
	{"reactor", tcp.Reactor(2), true},
	{"io_uring", tcp.IOUring(2), true},
	{"goroutines", tcp.Goroutines(), false},
}

// everyEngineAtOnce runs a test that mostly waits with all engines beside each other.
func everyEngineAtOnce(t *testing.T, test func(*testing.T, tcp.Option)) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		t.Parallel()
		test(t, engine)
	})
}

// everyEngine runs a test with each engine.
func everyEngine(t *testing.T, test func(*testing.T, tcp.Option)) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) { test(t, e.engine) })
	}
}

var sockets atomic.Int32

// unixAddress is the address of a unix socket that nobody has used. Its path is short, because there are limits.
func unixAddress(t testing.TB) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there is no unix socket on this system that the source could serve")
	}
	dir, err := os.MkdirTemp("", "leat")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return "unix:" + filepath.Join(dir, fmt.Sprint("s", sockets.Add(1)))
}

// A client closes with a reset, and its kernel buffers little of what it does not read.
type client struct{ *net.TCPConn }

func dial(s *tcp.Source) (client, error) {
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		return client{}, err
	}
	tc := c.(*net.TCPConn)
	return client{tc}, tc.SetReadBuffer(256 << 10)
}

func (c client) Close() error {
	c.SetLinger(0)
	return c.TCPConn.Close()
}
