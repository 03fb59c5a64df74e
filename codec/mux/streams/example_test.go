package streams_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/mux/streams"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/muxnet"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// A server of calls: one loop reads and writes, two lanes work.
func Example() {
	mx, err := streams.New(streams.Config{})
	if err != nil {
		log.Fatal(err)
	}
	source := tcp.Listen("127.0.0.1:0")
	if err := source.Bind(); err != nil {
		log.Fatal(err)
	}
	p := pipeline.New("calls")
	p.From(source).
		Via("decode", codec.Decode(mx.Frames())).
		Via("session", mx.Session()).
		Shard("by stream", 2, streams.ByStream, queue.Ring).
		Via("upper", stage.Do(func(m *streams.Message) { m.Payload = bytes.ToUpper(m.Payload) })).
		To("send", streams.Send())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()

	c, err := muxnet.Dial(ctx, "tcp", source.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	answer, err := c.Call(ctx, "upper", []byte("a leat leads water to where it works"), nil)
	fmt.Println(string(answer), err)
	c.Close()
	cancel()
	fmt.Println(<-ended)
	// Output:
	// A LEAT LEADS WATER TO WHERE IT WORKS <nil>
	// <nil>
}
