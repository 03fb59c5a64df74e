// Command netpoll echoes on github.com/cloudwego/netpoll.
//
// One poller for each processor of Go. The Runner runs the handler on the poller instead of in a pool of goroutines, which a
// handler that never waits can do without. TCP_NODELAY is what netpoll sets by itself.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"

	"github.com/cloudwego/netpoll"
)

func main() {
	fmt.Fprintln(os.Stderr, "netpoll:", serve(os.Args[1]))
	os.Exit(1)
}

func serve(addr string) error {
	err := netpoll.Configure(netpoll.Config{
		PollerNum:   runtime.GOMAXPROCS(0),
		BufferSize:  4096,
		LoadBalance: netpoll.RoundRobin,
		Runner:      func(_ context.Context, f func()) { f() },
	})
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	loop, err := netpoll.NewEventLoop(echo)
	if err != nil {
		return err
	}
	return loop.Serve(ln)
}

func echo(_ context.Context, c netpoll.Connection) error {
	r, w := c.Reader(), c.Writer()
	b, err := r.Next(r.Len())
	if err != nil {
		return err
	}
	if _, err := w.WriteBinary(b); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return r.Release()
}
