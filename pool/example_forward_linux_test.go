package pool_test

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
)

// A proxy before two servers that answer a line with a line. The answers come in the order of the requests, whichever server they
// are of.
func ExamplePool_Forward() {
	one, two := lineEcho(), lineEcho()
	defer one.Close()
	defer two.Close()
	up, err := pool.New([]balance.Backend{
		{Name: "one", Address: one.Addr().String()}, {Name: "two", Address: two.Addr().String()},
	}, balance.RoundRobin(), pool.WithTraffic(pool.Traffic{
		Refusal: func(b []byte, err error) []byte { return fmt.Appendf(b, "error: %v\n", err) },
	}))
	if err != nil {
		log.Fatal(err)
	}

	lines := line.Text(4096)
	in := tcp.Listen("127.0.0.1:0", tcp.Reactor(1))
	p := pipeline.New("proxy")
	p.From(in).
		Via("decode", codec.Decode(lines)).
		To("forward", up.Forward(lines))
	p.From(up.Replies()).
		Via("decode replies", codec.Decode(lines)).
		To("reply", sinks.Reply(lines))

	if err := in.Bind(); err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()

	c, err := net.Dial("tcp", in.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprint(c, "red\ngreen\nblue\nblack\n")
	answers := bufio.NewScanner(c)
	for range 4 {
		answers.Scan()
		fmt.Println(answers.Text())
	}
	c.Close()
	for _, b := range up.Stats().Backends {
		fmt.Println(b.Name, "has", b.Opened, "connection")
	}
	cancel()
	if err := <-ended; err != nil {
		log.Fatal(err)
	}
	// Output:
	// red
	// green
	// blue
	// black
	// one has 1 connection
	// two has 1 connection
}
