package load

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

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
	row("requests", "%s in %.2f s", grouped(r.Requests), r.Elapsed.Seconds())
	row("throughput", "%s replies/s, %s out, %s in", perSecond(r.RPS), r.flow(r.BytesSent), r.flow(r.BytesReceived))
	for _, l := range r.distributions() {
		row(l.name, "mean %s\tp50 %s\tp90 %s\tp99 %s\tp99.9 %s\tmax %s",
			short(l.Mean), short(l.P50), short(l.P90), short(l.P99), short(l.P999), short(l.Max))
	}
	for _, p := range r.Phases {
		row("  "+p.Phase, "%s/s\t%s of %s\tmean %s\tp50 %s\tp99 %s\tmax %s", perSecond(p.RPS), grouped(p.OK), grouped(p.Requests),
			short(p.Latency.Mean), short(p.Latency.P50), short(p.Latency.P99), short(p.Latency.Max))
	}
	for _, a := range r.Addresses {
		row("  "+a.Address, "%s/s\t%s right\tmean %s\tp50 %s\tp99 %s\tmax %s", perSecond(a.RPS), grouped(a.OK),
			short(a.Latency.Mean), short(a.Latency.P50), short(a.Latency.P99), short(a.Latency.Max))
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
		row("lost", "%s of %s connections", grouped(int64(r.ConnsLost)), grouped(int64(r.Conns)))
	}
	row("errors", "%s", grouped(r.ErrorCount()))
	for _, e := range r.Errors {
		first := "the first: "
		if e.Kind == ErrorReply { // which has an entry for each text
			first = ""
		}
		row("  "+string(e.Kind), "%s, %s%s", grouped(e.Count), first, e.Example)
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
	s := grouped(int64(r.Conns)) + " connections"
	switch {
	case r.Pool != nil && *r.Pool == 0:
		s = grouped(int64(r.Users)) + " users, a connection for each request"
	case r.Pool != nil:
		s = fmt.Sprintf("%s users, a pool of %s connections", grouped(int64(r.Users)), grouped(int64(*r.Pool)))
	}
	s += fmt.Sprintf(", depth %d", r.Depth)
	switch {
	case r.Profile != "":
		s = r.Profile + "; " + s
	case r.Open != nil:
		s = fmt.Sprintf("%s requests/s over %s", perSecond(r.Rate), s)
	}
	return s
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
		s += fmt.Sprintf(", %s keys", grouped(int64(r.Keys)))
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
