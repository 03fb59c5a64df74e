// Command nbio echoes on github.com/lesismal/nbio: one poller for each processor of Go, level-triggered, reading on the poller
// into its own buffer. Connections keep the TCP_NODELAY that package net sets when it accepts them.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/lesismal/nbio"
	"github.com/lesismal/nbio/logging"
)

func main() {
	logging.SetLevel(logging.LevelError)
	engine := nbio.NewEngine(nbio.Config{
		Network:    "tcp",
		Addrs:      []string{os.Args[1]},
		NPoller:    runtime.GOMAXPROCS(0),
		LockPoller: true,
		EpollMod:   nbio.EPOLLLT,
	})
	engine.OnData(func(c *nbio.Conn, b []byte) {
		if _, err := c.Write(b); err != nil {
			_ = c.Close()
		}
	})
	if err := engine.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "nbio:", err)
		os.Exit(1)
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	<-ended
}
