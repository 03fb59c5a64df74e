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
	"io"
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
	measure.Main("frames", parse, run)
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("frames", flag.ExitOnError)
	engines := f.String("engines", "ring,xdp,mmsg", "who receives, in turn: ring, xdp, and mmsg, the engine on a socket, to compare")
	f.StringVar(&o.sender, "sender", "xdp", "what sends: xdp (AF_XDP), packet (a packet socket)")
	f.IntVar(&o.rate, "rate", 1_000_000, "datagrams in a second; 0 is as many as possible")
	f.DurationVar(&o.length, "length", 10*time.Second, "time of each run")
	f.IntVar(&o.size, "size", 64, "bytes of a datagram")
	f.IntVar(&o.flows, "flows", 16, "ports that are sent from")
	f.IntVar(&o.batch, "batch", 64, "frames that are sent at once, as an interface that collects interrupts brings them")
	f.IntVar(&o.backlog, "backlog", 100_000, "packets that may wait between the processors while it runs; 0 leaves the system's limit")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.engines = strings.Split(*engines, ",")
	return o, nil
}

const backlogLimit = "/proc/sys/net/core/netdev_max_backlog"

func run(ctx context.Context, o options, out io.Writer) error {
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
	fmt.Fprintf(out, "%s\n%d bytes, %d flows, sender: %s, %v each\n\n", measure.Machine(), o.size, o.flows, o.sender, o.length)
	fmt.Fprintln(out, "| receiver | offered/s | received/s | lost | out of turn | receiving processor busy | of it the receiver | of the machine |")
	fmt.Fprintln(out, "|-|-|-|-|-|-|-|-|")
	for _, e := range o.engines {
		r, err := pair(ctx, o, e)
		if err != nil {
			return fmt.Errorf("%s: %w", e, err)
		}
		fmt.Fprintf(out, "| %s | %.0f | %.0f | %d | %d | %.1f %% | %.1f %% | %.1f %% |\n", e,
			float64(r.Sent)/r.Seconds, float64(r.Received)/r.Seconds, int64(r.Sent-r.Received), r.Gaps, 100*r.busy, 100*r.process, 100*r.busy/float64(r.processors))
		for _, g := range r.Gauges {
			fmt.Fprintf(out, "    %s\n", g)
		}
	}
	return nil
}
