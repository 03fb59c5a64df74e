package sinks_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// A proxy of connections that lets in who comes from this machine.
func ExampleTunnel() {
	backend, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Close()
	go func() {
		c, err := backend.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		line, _ := bufio.NewReader(c).ReadString('\n')
		fmt.Fprint(c, "you said ", line)
	}()

	local := netip.MustParsePrefix("127.0.0.0/8")
	source := tcp.Accept("127.0.0.1:0")
	p := pipeline.New("edge")
	p.From(source).
		Via("allow", stage.Filter(func(a *stage.Accepted) bool { return local.Contains(a.Client.Addr()) })).
		To("tunnel", sinks.Tunnel(sinks.Fixed(backend.Addr().String())))
	if err := source.Bind(); err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	done := make(chan error)
	go func() { done <- p.Run(ctx) }()

	c, err := net.Dial("tcp", source.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprintln(c, "hello")
	answer, _ := bufio.NewReader(c).ReadString('\n')
	fmt.Print(answer)
	c.Close()
	stop()
	fmt.Println(<-done)
	// Output:
	// you said hello
	// <nil>
}
