package streams

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/figure"
	"github.com/leat-io/leat/cmd/leat/load/latency"
)

// WriteText writes the result for a person.
func (r Result) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, name+"\t"+format+"\n", args...) }
	distribution := func(name string, l latency.Summary) {
		row(name, "mean %s\tp50 %s\tp90 %s\tp99 %s\tp99.9 %s\tmax %s",
			figure.Short(l.Mean), figure.Short(l.P50), figure.Short(l.P90), figure.Short(l.P99), figure.Short(l.P999), figure.Short(l.Max))
	}
	if r.Label != "" {
		row("label", "%s", r.Label)
	}
	shape := fmt.Sprintf("%s streams over %s connections", figure.Grouped(int64(r.Streams)), figure.Grouped(int64(r.Conns)))
	if r.Rate > 0 {
		shape = figure.PerSecond(r.Rate) + " requests/s, " + shape
	}
	what := fmt.Sprintf("%d bytes", r.Message)
	if r.Request == "call" {
		what = "calls of " + what
	}
	row(r.Loop+" loop", "%s, %s, reply %s, %s", shape, what, r.Reply, r.Address)
	row("requests", "%s in %.2f s", figure.Grouped(r.Requests), r.Elapsed.Seconds())
	row("throughput", "%s replies/s", figure.PerSecond(r.RPS))
	distribution("latency", r.Latency)
	if r.Late != nil {
		distribution("late", *r.Late)
	}
	row("setup", "%s", figure.Short(r.Setup))
	row("success", "%s %%, %s right, %s wrong, %s unanswered", strconv.FormatFloat(100*r.Success, 'g', 10, 64),
		figure.Grouped(r.OK), figure.Grouped(r.Mismatched), figure.Grouped(r.Unanswered))
	row("errors", "%s", figure.Grouped(r.ErrorCount))
	for _, e := range r.Errors {
		row("", "%s: %s", figure.Grouped(e.Count), e.Text)
	}
	return t.Flush()
}

// Progress is how a run stands.
type Progress struct {
	Elapsed, Total time.Duration // Total is 0 if the run ends with a number of requests
	Requests, Goal int64
	Rate           float64 // right replies a second, so far
	Errors         int64
	Done           bool
}

// String is the line for a person.
func (p Progress) String() string {
	s := fmt.Sprintf("running: %.0fs", p.Elapsed.Seconds())
	if p.Total > 0 {
		s += fmt.Sprintf(" of %.0fs", p.Total.Seconds())
	}
	s += ", " + figure.Grouped(p.Requests)
	if p.Goal > 0 {
		s += " of " + figure.Grouped(p.Goal)
	}
	return s + fmt.Sprintf(" requests, %s/s, %d errors", figure.PerSecond(p.Rate), p.Errors)
}

// progress tells of the progress if a second has passed since it was shown, and at the end if it ever was.
func (r *run) progress(done bool, shown *time.Time) {
	if r.cfg.Progress == nil || !done && time.Since(*shown) < time.Second || done && shown.Equal(r.began) {
		return
	}
	*shown = time.Now()
	p := Progress{Elapsed: time.Since(r.began), Total: r.end, Goal: r.cfg.Requests, Done: done}
	var ok int64
	for i := range r.books {
		b := &r.books[i]
		b.mu.Lock()
		ok += b.ok
		p.Requests += b.ok + b.mismatched + b.unanswered
		b.mu.Unlock()
	}
	r.failed.mu.Lock()
	p.Errors = r.failed.all
	r.failed.mu.Unlock()
	if counted := p.Elapsed - r.cfg.Warmup; counted > 0 {
		p.Rate = float64(ok) / counted.Seconds()
	}
	r.cfg.Progress(p)
}
