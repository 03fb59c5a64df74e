//go:build linux

package main

import (
	"fmt"
	"strings"

	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/rounds"
)

// saturated is the least share of its processor that says that a candidate was the limit.
const saturated = .93

// head says what was compared, where and how.
func head(o options) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## The edge: proxied connections, and TLS\n\n%s. `cd benchmarks && %s`: medians of %d rounds with the least and the greatest, runs of %v.\n\n",
		measure.Machine(), record.Invocation("edge"), o.Rounds, o.length)
	fmt.Fprintf(&b, "Each candidate has one thread on processor %d. The client, and the backend of a proxy, share processor %d. TLS is 1.3 with a P-256 certificate and "+
		"TLS_AES_128_GCM_SHA256.", measure.ServerCPU, measure.ClientCPU)
	for _, c := range o.only {
		if c.needs != "" {
			fmt.Fprintf(&b, " %s.", measure.Version(c.needs, "-v"))
		}
	}
	fmt.Fprintf(&b, " A ratio is the geometric mean over neighbouring runs with its 95 %% interval; of what is a second, above 1 is faster, of all else, below 1 is "+
		"cheaper. † marks what is not trusted because the candidate was less than %.0f %% busy: the other processor was the limit then, and only the processor "+
		"time of one says something.\n", 100*saturated)
	return b.String()
}

// text is a table.
func (t table) text(got []outcome) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n%s Ratios are to %s.\n\n| | |", t.title, t.note, t.reference)
	columns := 2
	for _, c := range t.columns {
		fmt.Fprintf(&b, " %s |", c.head)
		columns++
		if c.ratio {
			b.WriteString(" least – greatest | ratio |")
			columns += 2
		}
	}
	b.WriteString("\n|" + strings.Repeat("-|", columns) + "\n")
	var remarks []string
	for i, r := range t.rows {
		for _, c := range t.among(r) {
			if why, failed := got[i].Failed[c.name]; failed {
				remarks = append(remarks, fmt.Sprintf("%s, %s: failed: %s.", r.name, c.name, strings.TrimSuffix(why, ".")))
				continue
			}
			t.line(&b, r, c, got[i])
		}
	}
	for _, r := range remarks {
		fmt.Fprintf(&b, "\n%s\n", r)
	}
	return b.String()
}

func (t table) line(b *strings.Builder, r row, c candidate, got outcome) {
	runs, mark := got.Runs[c.name], ""
	if t.saturated && measure.Median(runs, func(f figures) float64 { return f.Busy }) < saturated {
		mark = " †"
	}
	fmt.Fprintf(b, "| %s | %s%s |", r.name, c.name, mark)
	for _, col := range t.columns {
		fmt.Fprintf(b, " "+col.verb+" |", measure.Median(runs, col.of))
		if col.ratio {
			fmt.Fprintf(b, " %s | %s |", rounds.Span(runs, col.of, col.verb), rounds.Ratio(runs, got.Runs[t.reference], col.of, c.name == t.reference))
		}
	}
	b.WriteString("\n")
}
