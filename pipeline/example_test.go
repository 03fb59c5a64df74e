package pipeline_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// A server that answers each line in upper case. All of it runs on the lane that has read the bytes.
func Example() {
	text := line.Text(4096)
	listen := tcp.Listen("127.0.0.1:0")
	if err := listen.Bind(); err != nil { // so that the port is known
		fmt.Println(err)
		return
	}
	p := pipeline.New("echo")
	p.From(listen).
		Via("decode", codec.Decode(text)).
		Via("upper", stage.Do(func(l *line.Line) { copy(l.Text, bytes.ToUpper(l.Text)) })).
		To("reply", sinks.Reply(text))

	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- p.Run(ctx) }()

	for _, answer := range talk(listen.Addr(), "hello", "to the leat") {
		fmt.Println(answer)
	}
	stop()
	fmt.Println("ended:", <-ended)

	// Output:
	// HELLO
	// TO THE LEAT
	// ended: <nil>
}

// talk sends lines and returns the answers.
func talk(addr net.Addr, lines ...string) (answers []string) {
	c, err := net.Dial("tcp", addr.String())
	if err != nil {
		return []string{err.Error()}
	}
	defer c.Close()
	in := bufio.NewScanner(c)
	for _, l := range lines {
		fmt.Fprintln(c, l)
		in.Scan()
		answers = append(answers, in.Text())
	}
	return answers
}
