package statsd_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/leat-io/leat/cmd/leat/lines"
	"github.com/leat-io/leat/cmd/leat/packettest"
	"github.com/leat-io/leat/cmd/leat/statsd"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/stage"
)

// undated takes the times off lines, which are those of the run.
func undated(l *stage.Lane) stage.Sink[lines.Text] {
	return lines.NewWriter("the example", stamps{}).Sink(l)
}

type stamps struct{}

func (stamps) Write(b []byte) (int, error) {
	var path, value string
	for n := 0; n < len(b); {
		var at int64
		if _, err := fmt.Sscan(string(b[n:]), &path, &value, &at); err != nil {
			return n, err
		}
		fmt.Fprintln(os.Stdout, path, value)
		n += len(path) + len(value) + len(fmt.Sprint(at)) + 3
	}
	return len(b), nil
}

// Samples of all packets are aggregated on two lanes, by series, and written when the pipeline ends.
func Example() {
	src := packettest.New(1) // in the place of udp.Listen("127.0.0.1:8125")
	app := statsd.New(statsd.Config{Every: time.Hour, MaxSeries: 1000})
	p := pipeline.New("statsd")
	app.Serve(p.From(src), func(f *pipeline.Flow[statsd.Sample]) *pipeline.Flow[statsd.Sample] {
		return f.Shard("by series", 2, statsd.Key, queue.Ring)
	}, undated)

	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- p.Run(ctx) }()
	for i := range 3 {
		src.Send(0, packettest.Datagram{Peer: packettest.Peer(i), Data: "depth:7|g\ndepth:-2|g\nvisitors:bob|s"})
	}
	stop()
	fmt.Println("ended:", <-ended)

	// Unordered output:
	// depth 5
	// visitors.unique 1
	// ended: <nil>
}
