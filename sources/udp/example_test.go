package udp_test

import (
	"bytes"
	"context"
	"fmt"
	"net"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

// A server that sends each datagram back in capitals: one lane receives, and two workers behind rings work and send.
func Example() {
	p := pipeline.New("upper")
	s := udp.Listen("127.0.0.1:0")
	p.From(s).
		Shard("by peer", 2, udp.ByPeer, queue.Ring, queue.DropNewest).
		Via("upper", stage.Do(func(m *udp.Packet) { m.Data = bytes.ToUpper(m.Data) })).
		To("send", udp.Send())
	if err := s.Bind(); err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error)
	go func() { ended <- p.Run(ctx) }()

	c, err := net.Dial("udp", s.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	fmt.Fprint(c, "hello")
	b := make([]byte, 100)
	n, err := c.Read(b)
	fmt.Println(string(b[:n]), err)

	stop()
	fmt.Println(<-ended)
	// Output:
	// HELLO <nil>
	// <nil>
}

// Packets go out through the socket that they came through, to whoever they are addressed to.
func Example_forward() {
	s := udp.Listen("127.0.0.1:0")
	if err := s.Bind(); err != nil {
		fmt.Println(err)
		return
	}
	to, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer to.Close()
	p := pipeline.New("forward")
	p.From(s).
		Via("forward", stage.Do(func(m *udp.Packet) { m.Peer = to.LocalAddr().(*net.UDPAddr).AddrPort() })).
		To("send", udp.Send())
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error)
	go func() { ended <- p.Run(ctx) }()

	c, err := net.Dial("udp", s.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	fmt.Fprint(c, "for somebody else")
	b := make([]byte, 100)
	n, _ := to.Read(b)
	fmt.Println(string(b[:n]))
	stop()
	fmt.Println(<-ended)
	// Output:
	// for somebody else
	// <nil>
}
