// Command gnet echoes on github.com/panjf2000/gnet/v2.
//
// One loop for each processor of Go, on a thread of its own. With a single loop, ReusePort lets it accept by itself instead of on a
// second one; with several, the acceptor deals connections out in turn, where the hash of ReusePort would load them unevenly.
package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/panjf2000/gnet/v2"
	"github.com/panjf2000/gnet/v2/pkg/logging"
)

type echo struct{ gnet.BuiltinEventEngine }

func (*echo) OnTraffic(c gnet.Conn) gnet.Action {
	b, err := c.Next(-1)
	if err != nil {
		return gnet.Close
	}
	if _, err := c.Write(b); err != nil {
		return gnet.Close
	}
	return gnet.None
}

func main() {
	loops := runtime.GOMAXPROCS(0)
	err := gnet.Run(&echo{}, "tcp://"+os.Args[1],
		gnet.WithNumEventLoop(loops), gnet.WithReusePort(loops == 1), gnet.WithLockOSThread(true),
		gnet.WithTCPNoDelay(gnet.TCPNoDelay), gnet.WithReadBufferCap(64<<10), gnet.WithLogLevel(logging.ErrorLevel))
	fmt.Fprintln(os.Stderr, "gnet:", err)
	os.Exit(1)
}
