// Command net counts datagrams with package net, one with each system call.
package main

import (
	"github.com/leat-io/leat/benchmarks/udp/rival"
)

func main() {
	c := rival.Listen()
	packets := uint64(0)
	rival.Ready(c.LocalAddr(), func() uint64 { return packets }, func() { c.Close() })
	b := make([]byte, 2048)
	for {
		n, from, err := c.ReadFromUDPAddrPort(b)
		if err != nil {
			break
		}
		packets++
		if rival.Echo() {
			_, _ = c.WriteToUDPAddrPort(b[:n], from)
		}
	}
	rival.Done()
}
