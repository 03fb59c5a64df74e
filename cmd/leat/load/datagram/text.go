package datagram

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/leat-io/leat/cmd/leat/load/figure"
	"github.com/leat-io/leat/cmd/leat/load/latency"
)

// WriteText writes the result for a person: a line for each thing, aligned, with units.
func (r Result) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, name+"\t"+format+"\n", args...) }
	count := func(name string, n int64) { row(name, "%s", figure.Grouped(n)) }

	if r.Label != "" {
		row("label", "%s", r.Label)
	}
	row(r.name(), "%s", r.shape())
	if r.Sender != "" {
		row("sent by", "%s", r.Sender.Detail())
	}
	row("sent", "%s in %.2f s, %s/s, %.1f MB/s of payload", figure.Grouped(r.Sent), r.Elapsed.Seconds(), figure.PerSecond(r.SentRate),
		r.megabytes(r.SentRate, r.Sent, r.BytesSent))
	if r.Unsent > 0 {
		count("unsent", r.Unsent)
	}
	if r.Overrun > 0 {
		row("overrun", "%s frames, for which the driver had no room", figure.Grouped(r.Overrun))
	}
	if r.Role != SendOnly {
		r.writeReceived(row, count)
	}
	for _, l := range []struct {
		name string
		of   *latency.Summary
	}{{r.latencyName(), r.Latency}, {"service", r.Service}, {"late", r.Late}} {
		if l.of != nil {
			row(l.name, "mean %s\tp50 %s\tp90 %s\tp99 %s\tp99.9 %s\tmax %s", figure.Short(l.of.Mean), figure.Short(l.of.P50),
				figure.Short(l.of.P90), figure.Short(l.of.P99), figure.Short(l.of.P999), figure.Short(l.of.Max))
		}
	}
	for _, p := range r.Phases {
		row("  "+p.Phase, "%s of %s\tmean %s\tp50 %s\tp99 %s\tmax %s", figure.Grouped(p.Received), figure.Grouped(p.Due),
			figure.Short(p.Latency.Mean), figure.Short(p.Latency.P50), figure.Short(p.Latency.P99), figure.Short(p.Latency.Max))
	}
	row("own processor time", "%.2f s, %.0f %% of a core", r.CPU.Seconds, 100*r.CPU.Cores)
	if r.Errors == 0 {
		row("errors", "0")
	} else {
		row("errors", "%s, of these %s that nothing listens there or can be reached; the first: %s", figure.Grouped(r.Errors),
			figure.Grouped(r.Refused), r.Example)
	}
	return t.Flush()
}

func (r Result) writeReceived(row func(string, string, ...any), count func(string, int64)) {
	row("received", "%s, %s/s", figure.Grouped(r.Received), figure.PerSecond(r.PPS))
	row("lost", "%s, %s %%", figure.Grouped(r.Lost), strconv.FormatFloat(100*r.Loss, 'g', 4, 64))
	if r.Unended > 0 {
		row("unended", "%s flows have not said how much they sent: what they lost last is not known", figure.Grouped(r.Unended))
	}
	count("duplicates", r.Duplicates)
	row("reordered", "%s, at most %s behind", figure.Grouped(r.Reordered), figure.Grouped(r.Displaced))
	if r.Stale > 0 {
		row("stale", "%s late or repeated by more than %s", figure.Grouped(r.Stale), figure.Grouped(Window))
	}
	row("wrong", "%s corrupt, %s foreign", figure.Grouped(r.Corrupt), figure.Grouped(r.Foreign))
	if r.Wrong != "" {
		row("  the first", "%s", r.Wrong)
	}
	if r.Drops >= 0 {
		row("own sockets", "%s dropped by the kernel, receive buffer %.1f MB", figure.Grouped(r.Drops), float64(r.Buffer)/1e6)
	}
}

func (r Result) name() string {
	switch {
	case r.Role == Sink:
		return "sink"
	case r.Role == SendOnly:
		return "send only, " + r.Loop
	}
	return "echo, " + r.Loop + " loop"
}

func (r Result) latencyName() string {
	if r.Role == Sink {
		return "latency, one way"
	}
	return "latency"
}

// shape says who sends how much.
func (r Result) shape() string {
	s := figure.Grouped(int64(r.Flows)) + " flows"
	switch {
	case r.Role == Sink:
		return s + ", " + r.Address
	case r.Profile != "":
		s = r.Profile + "; " + s
	case r.Loop == "open":
		s = fmt.Sprintf("%s datagrams/s over %s", figure.PerSecond(r.Rate), s)
	case r.Loop == "closed":
		s += fmt.Sprintf(", depth %d", r.Depth)
	}
	return s + fmt.Sprintf(", %d bytes, %s", r.Message, r.Address)
}

// megabytes is the payload a second.
func (r Result) megabytes(rate float64, n, bytes int64) float64 {
	if r.Role == Sink {
		rate, n, bytes = r.PPS, r.Received, r.BytesReceived
	}
	if n == 0 {
		return 0
	}
	return rate * float64(bytes) / float64(n) / 1e6
}
