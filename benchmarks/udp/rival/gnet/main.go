// Command gnet counts datagrams with github.com/panjf2000/gnet/v2, on one loop.
package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/panjf2000/gnet/v2"
	"github.com/panjf2000/gnet/v2/pkg/logging"

	"github.com/leat-io/leat/benchmarks/udp/rival"
)

type counter struct {
	gnet.BuiltinEventEngine
	engine  gnet.Engine
	addr    net.Addr
	packets uint64
}

func (c *counter) OnBoot(e gnet.Engine) gnet.Action {
	c.engine = e
	rival.Ready(c.addr, func() uint64 { return c.packets }, func() { _ = e.Stop(context.Background()) })
	return gnet.None
}

func (c *counter) OnTraffic(conn gnet.Conn) gnet.Action {
	b, err := conn.Next(-1)
	if err != nil {
		return gnet.None
	}
	c.packets++
	if rival.Echo() {
		_, _ = conn.Write(b)
	}
	return gnet.None
}

func main() {
	free := rival.Listen()
	addr := free.LocalAddr()
	free.Close()
	err := gnet.Run(&counter{addr: addr}, "udp://"+addr.String(),
		gnet.WithNumEventLoop(1), gnet.WithLockOSThread(true), gnet.WithReusePort(true), gnet.WithReadBufferCap(2048),
		gnet.WithSocketRecvBuffer(rival.Buffer), gnet.WithLogLevel(logging.ErrorLevel))
	if err != nil {
		fmt.Fprintln(os.Stderr, "gnet:", err)
		os.Exit(1)
	}
	rival.Done()
}
