//go:build linux

package main

import (
	"fmt"
	"strings"

	"github.com/leat-io/leat/benchmarks/kvclient"
	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/rounds"
)

// saturated is the least share of its processor that says that the proxy was the limit.
const saturated = .93

// head says what was compared, where and how.
func head(o options, all []table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## A Redis proxy\n\n%s. `cd benchmarks && %s`: medians of %d rounds with the least and the greatest.\n\n", measure.Machine(),
		record.Invocation("proxy"), o.Rounds)
	fmt.Fprintf(&b, "Each proxy has one thread on processor %d; redis-server, without persistence, and %s share processor %d. Values have %d bytes, "+
		"keys are %d. %s; %s. twemproxy runs with mbuf-size %d, server_connections %d, backlog %d, preconnect and tcpkeepalive.", measure.ServerCPU, o.client.Name, measure.ClientCPU, kvclient.Value, kvclient.Keys,
		measure.Version("redis-server", "--version"), measure.Version(nutcracker, "--version"), best.mbuf, best.connections, best.backlog)
	fmt.Fprintf(&b, " A ratio is the geometric mean over neighbouring runs with its 95 %% interval. † marks what is not trusted because the proxy was less than "+
		"%.0f %% busy: the other processor was the limit then, and only the processor time of a request says something.\n", 100*saturated)
	return b.String()
}

// text is a table.
func (t table) text(got []outcome) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n%s\n\n", t.title, t.note)
	b.WriteString("| | | each second | least – greatest | ratio | CPU µs each | least – greatest | ratio | proxy busy | p50, ms | p99, ms | redis-server, CPU µs each |\n")
	b.WriteString("|" + strings.Repeat("-|", 12) + "\n")
	var remarks []string
	for i, r := range t.rows {
		for _, c := range t.candidates {
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
	b.WriteString(t.pooling(got))
	return b.String()
}

func (t table) line(b *strings.Builder, r row, c candidate, got outcome) {
	runs := got.Runs[c.name]
	median := func(of func(figures) float64) float64 { return measure.Median(runs, of) }
	proxied, mark := c.name != direct, ""
	if proxied && median(busy) < saturated {
		mark = " †"
	}
	fmt.Fprintf(b, "| %s | %s%s | %.0f | %s | %s |", r.name, c.name, mark, median(rate), rounds.Span(runs, rate, "%.0f"), rounds.Ratio(runs, got.Runs[t.reference], rate, c.name == t.reference))
	if proxied {
		fmt.Fprintf(b, " %.3f | %s | %s | %.0f %% |", median(cost), rounds.Span(runs, cost, "%.3f"), rounds.Ratio(runs, got.Runs[t.reference], cost, c.name == t.reference), 100*median(busy))
	} else {
		b.WriteString(" | | | |")
	}
	fmt.Fprintf(b, " %.2f | %.2f | %.2f |\n", median(func(f figures) float64 { return f.P50 }), median(func(f figures) float64 { return f.P99 }),
		median(func(f figures) float64 { return f.Redis }))
}

func rate(f figures) float64 { return f.Rate }
func cost(f figures) float64 { return f.Cost }
func busy(f figures) float64 { return f.Busy }

// pooling shows what sharing upstream connections brings leat, of the same runs.
func (t table) pooling(got []outcome) string {
	var b strings.Builder
	for i, r := range t.rows {
		for _, other := range []string{exclusive, unpooled} {
			shared, alone := got[i].Runs[pipelined], got[i].Runs[other]
			if len(shared) == 0 || len(alone) == 0 {
				continue
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.name, other, rounds.Ratio(shared, alone, rate, false), rounds.Ratio(shared, alone, cost, false))
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "\n### What sharing upstream connections brings\n\nThe same runs: ratios of leat pipelined to its other ways.\n\n| | to | each second | CPU each |\n|-|-|-|-|\n" + b.String()
}
