package load

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/leat-io/leat/cmd/leat/load/figure"
	"github.com/leat-io/leat/cmd/leat/load/workload"
)

// WriteText writes the result for a person: a line for each thing, aligned, with units.
func (r Result) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, name+"\t"+format+"\n", args...) }

	if r.Label != "" {
		row("label", "%s", r.Label)
	}
	row(r.Loop+" loop", "%s, %s, %s", r.shape(), r.asked(), r.Address)
	row("driver", "%s", r.carried())
	row("requests", "%s in %.2f s", figure.Grouped(r.Requests), r.Elapsed.Seconds())
	row("throughput", "%s replies/s, %s out, %s in", figure.PerSecond(r.RPS), r.flow(r.BytesSent), r.flow(r.BytesReceived))
	for _, l := range r.distributions() {
		row(l.name, "mean %s\tp50 %s\tp90 %s\tp99 %s\tp99.9 %s\tmax %s",
			figure.Short(l.Mean), figure.Short(l.P50), figure.Short(l.P90), figure.Short(l.P99), figure.Short(l.P999), figure.Short(l.Max))
	}
	for _, p := range r.Phases {
		row("  "+p.Phase, "%s/s\t%s of %s\tmean %s\tp50 %s\tp99 %s\tmax %s", figure.PerSecond(p.RPS), figure.Grouped(p.OK), figure.Grouped(p.Requests),
			figure.Short(p.Latency.Mean), figure.Short(p.Latency.P50), figure.Short(p.Latency.P99), figure.Short(p.Latency.Max))
	}
	for _, a := range r.Addresses {
		row("  "+a.Address, "%s/s\t%s right\tmean %s\tp50 %s\tp99 %s\tmax %s", figure.PerSecond(a.RPS), figure.Grouped(a.OK),
			figure.Short(a.Latency.Mean), figure.Short(a.Latency.P50), figure.Short(a.Latency.P99), figure.Short(a.Latency.Max))
	}
	if r.Open != nil {
		row("delayed", "%s requests waited for room in the window, at most %s on one connection",
			figure.Grouped(r.Open.Delayed), figure.Grouped(r.Open.MaxWaiting))
	}
	row("success", "%s %%, %s right, %s wrong, %s unanswered, %s unsent", strconv.FormatFloat(100*r.Success, 'g', 10, 64),
		figure.Grouped(r.OK), figure.Grouped(r.Mismatched), figure.Grouped(r.Unanswered), figure.Grouped(r.Unsent))
	if r.Canceled > 0 {
		row("canceled", "%s of these cut short by the caller", figure.Grouped(r.Canceled))
	}
	if r.ConnsLost > 0 {
		row("lost", "%s of %s connections", figure.Grouped(int64(r.ConnsLost)), figure.Grouped(int64(r.Conns)))
	}
	row("errors", "%s", figure.Grouped(r.ErrorCount()))
	for _, e := range r.Errors {
		first := "the first: "
		if e.Kind == ErrorReply { // which has an entry for each text
			first = ""
		}
		row("  "+string(e.Kind), "%s, %s%s", figure.Grouped(e.Count), first, e.Example)
	}
	return t.Flush()
}

type namedLatency struct {
	name string
	Latency
}

func (r Result) distributions() []namedLatency {
	all := []namedLatency{{"latency", r.Latency}}
	if r.Open != nil {
		all = append(all, namedLatency{"service", r.Open.Service}, namedLatency{"late", r.Open.Late})
	}
	return append(all, namedLatency{"connect", r.Connect})
}

// shape says who sends how much.
func (r Result) shape() string {
	s := figure.Grouped(int64(r.Conns)) + " connections"
	switch {
	case r.Pool != nil && *r.Pool == 0:
		s = figure.Grouped(int64(r.Users)) + " users, a connection for each request"
	case r.Pool != nil:
		s = fmt.Sprintf("%s users, a pool of %s connections", figure.Grouped(int64(r.Users)), figure.Grouped(int64(*r.Pool)))
	}
	s += fmt.Sprintf(", depth %d", r.Depth)
	switch {
	case r.Profile != "":
		s = r.Profile + "; " + s
	case r.Open != nil:
		s = fmt.Sprintf("%s requests/s over %s", figure.PerSecond(r.Rate), s)
	}
	return s
}

// carried says what carried the connections.
func (r Result) carried() string {
	if r.Driver != Reactor {
		return string(r.Driver)
	}
	return fmt.Sprintf("%s, loops %d", r.Driver, r.Loops)
}

// asked says what was sent and what a right answer was.
func (r Result) asked() string {
	if r.Protocol != RESP {
		return fmt.Sprintf("%d-byte %s messages, reply %s", r.Message, r.Protocol, r.Reply)
	}
	s := string(r.Protocol) + " " + string(r.Request)
	if r.Request != workload.PING && r.Request != workload.INCR {
		s += fmt.Sprintf(" of %d bytes", r.Message)
	}
	if r.Request != workload.PING && r.Request != workload.ECHO {
		s += fmt.Sprintf(", %s keys", figure.Grouped(int64(r.Keys)))
	}
	if r.Zipf > 0 {
		s += fmt.Sprintf(" (zipf %v)", r.Zipf)
	}
	return s
}

// flow is bytes a second over the time measured.
func (r Result) flow(bytes int64) string {
	if r.Elapsed <= 0 {
		return "0 MB/s"
	}
	return fmt.Sprintf("%.1f MB/s", float64(bytes)/1e6/r.Elapsed.Seconds())
}
