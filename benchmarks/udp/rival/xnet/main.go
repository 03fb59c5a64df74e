// Command xnet counts datagrams with golang.org/x/net, up to 64 with each system call.
package main

import (
	"golang.org/x/net/ipv4"

	"github.com/leat-io/leat/benchmarks/udp/rival"
)

func main() {
	c := rival.Listen()
	packets := uint64(0)
	rival.Ready(c.LocalAddr(), func() uint64 { return packets }, func() { c.Close() })
	p := ipv4.NewPacketConn(c)
	ms := make([]ipv4.Message, 64)
	for i := range ms {
		ms[i].Buffers = [][]byte{make([]byte, 2048)}
	}
	for {
		n, err := p.ReadBatch(ms, 0)
		if err != nil {
			break
		}
		packets += uint64(n)
		if rival.Echo() {
			for i := range ms[:n] {
				ms[i].Buffers[0] = ms[i].Buffers[0][:ms[i].N]
			}
			_, _ = p.WriteBatch(ms[:n], 0)
			for i := range ms[:n] {
				ms[i].Buffers[0] = ms[i].Buffers[0][:2048]
			}
		}
	}
	rival.Done()
}
