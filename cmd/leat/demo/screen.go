package demo

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/leat-io/leat/pipeline"
)

// A screen shows the table of a pipeline's nodes: on a terminal again and again in the same place, elsewhere once at the
// end.
type screen struct {
	out      io.Writer
	terminal bool
	quiet    bool
	lines    int // of the table that is on the terminal
}

// follow shows the table every so often until the function that it returns is called, which shows it for the last time.
func (s *screen) follow(p *pipeline.Pipeline, every time.Duration) (end func()) {
	if s.quiet {
		return func() {}
	}
	quit := make(chan struct{})
	var ended sync.WaitGroup
	began, first := time.Now(), p.Stats()
	ended.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		last, at := first, began
		for {
			select {
			case <-quit:
				s.draw(first, p.Stats(), time.Since(began)) // over the whole time
				s.lines = 0
				return
			case now := <-tick.C:
				if stats := p.Stats(); s.terminal {
					s.draw(last, stats, now.Sub(at))
					last, at = stats, now
				}
			}
		}
	})
	return func() { close(quit); ended.Wait() }
}

func (s *screen) draw(before, now pipeline.Stats, passed time.Duration) {
	var b bytes.Buffer
	if s.lines > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\x1b[J", s.lines)
	}
	table := nodeTable(before, now, passed)
	b.Write(table)
	s.lines = bytes.Count(table, []byte("\n"))
	s.out.Write(b.Bytes())
}

func nodeTable(before, now pipeline.Stats, passed time.Duration) []byte {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "node\tmessages/s\tper batch\tqueued\tp50 in node\tp99 in node\t")
	for i, n := range now {
		was := before[i]
		passedBy := max(n.In-was.In, n.Out-was.Out)
		batches := max(n.Batches-was.Batches, 1)
		fmt.Fprintf(w, "%s\t%.0f\t%.1f\t%s\t%s\t%s\t\n", n.Name, float64(passedBy)/passed.Seconds(),
			float64(passedBy)/float64(batches), queued(n), sampled(n, n.P50), sampled(n, n.P99))
	}
	w.Flush()
	return b.Bytes()
}

func queued(n pipeline.NodeStats) string {
	switch n.Kind {
	case "queue", "shard", "spread":
		return fmt.Sprint(n.Depth)
	}
	return "-"
}

func sampled(n pipeline.NodeStats, d time.Duration) string {
	if n.Sampled == 0 {
		return "-"
	}
	return d.String()
}

// hostPort is an address as nc wants it.
func hostPort(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host + " " + port
}
