package load

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteText writes the result for a person: a line for each thing, aligned, with units.
func (r Result) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, name+"\t"+format+"\n", args...) }

	shape := fmt.Sprintf("%s connections, depth %d", grouped(int64(r.Conns)), r.Depth)
	if r.Open != nil {
		shape = fmt.Sprintf("%s requests/s over %s", perSecond(r.Rate), shape)
	}
	row(r.Loop+" loop", "%s, %d-byte %s messages, reply %s, %s", shape, r.Message, r.Protocol, r.Reply, r.Address)
	row("requests", "%s in %.2f s", grouped(r.Requests), r.Elapsed.Seconds())
	row("throughput", "%s replies/s, %s out, %s in", perSecond(r.RPS), r.flow(r.BytesSent), r.flow(r.BytesReceived))
	for _, l := range r.distributions() {
		row(l.name, "mean %s\tp50 %s\tp90 %s\tp99 %s\tp99.9 %s\tmax %s",
			short(l.Mean), short(l.P50), short(l.P90), short(l.P99), short(l.P999), short(l.Max))
	}
	if r.Open != nil {
		row("delayed", "%s requests waited for room in the window, at most %s on one connection",
			grouped(r.Open.Delayed), grouped(r.Open.MaxWaiting))
	}
	row("success", "%s %%, %s right, %s wrong, %s unanswered, %s unsent", strconv.FormatFloat(100*r.Success, 'g', 10, 64),
		grouped(r.OK), grouped(r.Mismatched), grouped(r.Unanswered), grouped(r.Unsent))
	if r.Canceled > 0 {
		row("canceled", "%s of these cut short by the caller", grouped(r.Canceled))
	}
	if r.ConnsLost > 0 {
		row("lost", "%d of %d connections", r.ConnsLost, r.Conns)
	}
	row("errors", "%s", grouped(r.ErrorCount()))
	for _, e := range r.Errors {
		row("  "+string(e.Kind), "%s, the first: %s", grouped(e.Count), e.Example)
	}
	return t.Flush()
}

type namedLatency struct {
	name string
	Latency
}

func (r Result) distributions() []namedLatency {
	if r.Open == nil {
		return []namedLatency{{"latency", r.Latency}}
	}
	return []namedLatency{{"latency", r.Latency}, {"service", r.Open.Service}, {"late", r.Open.Late}}
}

// flow is bytes a second over the time measured.
func (r Result) flow(bytes int64) string {
	if r.Elapsed <= 0 {
		return "0 MB/s"
	}
	return fmt.Sprintf("%.1f MB/s", float64(bytes)/1e6/r.Elapsed.Seconds())
}

// short rounds to three digits: 12.3µs, 1.23ms, 1m40s.
func short(d time.Duration) string {
	unit := time.Duration(1)
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit).String()
}

// perSecond shows three digits of a low rate and all of a high one.
func perSecond(rate float64) string {
	if rate < 100 {
		return strconv.FormatFloat(rate, 'g', 3, 64)
	}
	return grouped(int64(math.Round(rate)))
}

// grouped separates thousands by spaces.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, digit := range s {
		if i > 0 && (len(s)-i)%3 == 0 && s[i-1] != '-' {
			b.WriteByte(' ')
		}
		b.WriteRune(digit)
	}
	return b.String()
}
