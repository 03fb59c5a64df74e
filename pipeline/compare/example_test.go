package compare_test

import (
	"context"
	"fmt"
	"time"

	"github.com/leat-io/leat/cmd/leat/load"
	"github.com/leat-io/leat/cmd/leat/load/comparing"
	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/compare"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// Two servers that echo lines: one works on the lane that reads, the other on two lanes behind queues.
var exampleVariants = []compare.Variant{
	{Name: "fused", Open: func(context.Context) (*compare.Server, error) {
		text, src := line.Text(4096), tcp.Listen("127.0.0.1:0")
		p := pipeline.New("fused")
		p.From(src).Via("decode", codec.Decode(text)).To("reply", sinks.Reply(text))
		return compare.Bound(p, src)
	}},
	{Name: "sharded", Open: func(context.Context) (*compare.Server, error) {
		text, src := line.Text(4096), tcp.Listen("127.0.0.1:0")
		p := pipeline.New("sharded")
		p.From(src).Via("decode", codec.Decode(text)).
			Shard("by request", 2, stage.ByRequest, queue.Chan).
			To("reply", sinks.Reply(text))
		return compare.Bound(p, src)
	}},
}

// Ten rounds of three seconds tell more than these.
var exampleConfig = compare.Config{
	Load:   comparing.With(load.Config{Protocol: load.Line, Conns: 4, Depth: 4}),
	Rounds: 2, Warmup: 50 * time.Millisecond, Duration: 100 * time.Millisecond,
}

// TestMain, or main, begins with compare.Main(exampleConfig, exampleVariants...).
func Example() {
	report, err := compare.Run(context.Background(), exampleConfig, exampleVariants...)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range report.Variants {
		throughput, _ := v.Figure("throughput")
		fmt.Println(v.Name, "ran", len(throughput.Values), "times, and is compared with the first:", throughput.Ratio != nil)
	}
	// report.WriteText(os.Stdout) shows everything, report.WriteHTML makes a page of it.

	// Output:
	// fused ran 2 times, and is compared with the first: false
	// sharded ran 2 times, and is compared with the first: true
}
