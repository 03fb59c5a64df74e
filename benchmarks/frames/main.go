//go:build linux

// Command frames measures the engines of the UDP source that receive whole frames, package sources/udp/raw, with plain datagrams
// that another process sends as frames over a pair of veth: none of them travels in a train, each carries a number and both
// checksums, and they are addressed to the interface, so that the kernel treats them as it would those of a network.
//
// The sender has processor 1. The kernel receives on processor 0 (receive packet steering; for XDP, which comes before that, a
// thread that receives), and the receiver runs there too, so
// what that processor does is the whole receiving side. A figure of 90 % of it is 45 % of a machine with two.
//
//	go run ./frames                                   10 s of each engine at 1 000 000 datagrams in a second
//	go run ./frames -engines ring -length 60s -rate 1000000
//	go run ./frames -rate 0                           as many as the sender can send
//
// It needs root and the programs ip and unshare (Debian: iproute2, util-linux). While it runs the limit of the kernel's queue
// between the two processors (net.core.netdev_max_backlog) is raised: it holds one millisecond of a million datagrams in a second
// by default.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
)

type options struct {
	engines []string
	sender  string
	rate    int
	length  time.Duration
	size    int
	flows   int
	batch   int
	backlog int
}

// How the program is run as one of the two sides: see role.
const (
	sendRole    = "as-sender"
	receiveRole = "as-receiver"
)

func main() {
	if len(os.Args) == 3 {
		switch os.Args[1] {
		case sendRole:
			measure.Fail("frames", sending(os.Args[2]))
			return
		case receiveRole:
			measure.Fail("frames", receiving(os.Args[2]))
			return
		}
	}
	measure.Main("frames", func(ctx context.Context) error { return run(ctx, parse()) })
}

func parse() (o options) {
	engines := flag.String("engines", "ring,xdp,mmsg", "who receives, in turn: ring, xdp, and mmsg, the engine on a socket, to compare")
	flag.StringVar(&o.sender, "sender", "xdp", "what sends: xdp (AF_XDP), packet (a packet socket)")
	flag.IntVar(&o.rate, "rate", 1_000_000, "datagrams in a second; 0 is as many as possible")
	flag.DurationVar(&o.length, "length", 10*time.Second, "time of each run")
	flag.IntVar(&o.size, "size", 64, "bytes of a datagram")
	flag.IntVar(&o.flows, "flows", 16, "ports that are sent from")
	flag.IntVar(&o.batch, "batch", 64, "frames that are sent at once, as an interface that collects interrupts brings them")
	flag.IntVar(&o.backlog, "backlog", 100_000, "packets that may wait between the processors while it runs; 0 leaves the system's limit")
	flag.Parse()
	o.engines = strings.Split(*engines, ",")
	return o
}

const backlogLimit = "/proc/sys/net/core/netdev_max_backlog"

func run(ctx context.Context, o options) (err error) {
	if o.backlog > 0 {
		old, err := os.ReadFile(backlogLimit)
		if err != nil {
			return err
		}
		if err := os.WriteFile(backlogLimit, strconv.AppendInt(nil, int64(o.backlog), 10), 0); err != nil {
			return err
		}
		defer func() { _ = os.WriteFile(backlogLimit, old, 0) }()
	}
	fmt.Printf("%s\n%d bytes, %d flows, sender: %s, %v each\n\n", measure.Machine(), o.size, o.flows, o.sender, o.length)
	fmt.Println("| receiver | offered/s | received/s | lost | out of turn | receiving processor busy | of it the receiver | of the machine |")
	fmt.Println("|-|-|-|-|-|-|-|-|")
	for _, e := range o.engines {
		r, err := pair(ctx, o, e)
		if err != nil {
			return fmt.Errorf("%s: %w", e, err)
		}
		fmt.Printf("| %s | %.0f | %.0f | %d | %d | %.1f %% | %.1f %% | %.1f %% |\n", e,
			float64(r.Sent)/r.Seconds, float64(r.Received)/r.Seconds, int64(r.Sent-r.Received), r.Gaps, 100*r.busy, 100*r.process, 100*r.busy/float64(r.processors))
		for _, g := range r.Gauges {
			fmt.Printf("    %s\n", g)
		}
	}
	return nil
}
