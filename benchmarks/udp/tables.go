//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
)

// A table is one kind of sender and those who receive from it.
type table struct {
	name, title, note string
	receivers         []string // the first is what the others are compared with
	rows              []row
	cpus              []int // the receivers'
	answers           bool
}

type row struct {
	name   string
	rate   float64 // datagrams a second; 0 for as many as the sender can
	trains bool
	idle   bool
}

// figures are what one run gave.
type figures struct {
	Cost    float64 // processor time of the receiver for each datagram, ns
	Share   float64 // processors that it kept busy
	Rate    float64 // datagrams that were sent in a second, millions
	Loss    float64 // of those that were sent
	Machine float64 // of all processors, the share that was busy
	Answers float64 // for each datagram
}

var sinks = []string{"leat-mmsg", "leat-std", "net", "xnet", "gnet", "c", "c-nap"}

func tables(o options) []table {
	one := []int{measure.ServerCPU}
	all := []table{{
		name: "plain", title: "Plain sender", cpus: one, receivers: append(sinks, "c-drop"),
		note: "Each datagram is sent by itself (sendmmsg of 64, or of a hundredth of what a second brings). The last receiver has a filter that drops everything: " +
			"what its sender reaches is what the machine can send.",
		rows: []row{{name: "saturated"}, {name: "300k", rate: 300e3}, {name: "10k", rate: 10e3}, {name: "1k", rate: 1e3}, {name: "idle", idle: true}},
	}, {
		name: "trains", title: "Sender of trains", cpus: one, receivers: append([]string{"leat-gro"}, sinks...),
		note: "64 datagrams at a time are sent as a train (UDP_SEGMENT), which the kernel takes apart in front of a receiver that does not want trains.",
		rows: []row{{name: "400k", rate: 400e3, trains: true}, {name: "600k", rate: 600e3, trains: true}, {name: "800k", rate: 800e3, trains: true}, {name: "1M", rate: 1e6, trains: true}, {name: "1.2M", rate: 1.2e6, trains: true}, {name: "1.5M", rate: 1.5e6, trains: true}},
	}, {
		name: "work", title: "Decoding and two workers behind rings", cpus: []int{0, 1}, receivers: []string{"leat-mmsg-workers", "leat-std-workers"},
		note: "The receiver may use both processors, as the sender of trains may. Its buffer is 64 MiB, and its rings have room for 65 536 messages each.",
		rows: []row{{name: "500k", rate: 500e3, trains: true}, {name: "1M", rate: 1e6, trains: true}},
	}, {
		name: "echo", title: "Sending back", cpus: one, answers: true, receivers: []string{"leat-echo-trains", "leat-echo-plain", "net-echo", "xnet-echo", "gnet-echo"},
		note: "The sender is plain, and takes the answers.",
		rows: []row{{name: "100k", rate: 100e3}, {name: "saturated"}},
	}}
	var chosen []table
	for _, t := range all {
		t.rows = slices.DeleteFunc(t.rows, func(r row) bool { return !o.rows.MatchString(t.name + "/" + r.name) })
		if len(o.receivers) > 0 {
			t.receivers = slices.DeleteFunc(slices.Clone(t.receivers), func(n string) bool { return !slices.Contains(o.receivers, n) })
		}
		if len(t.rows) > 0 && len(t.receivers) > 0 {
			chosen = append(chosen, t)
		}
	}
	return chosen
}

// run measures the rows of a table and returns it as text.
func (t table) run(ctx context.Context, dir string, o options) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n%s\n", t.title, t.note)
	for _, r := range t.rows {
		runs := map[string][]figures{}
		for i := range o.pairs {
			for j := range t.receivers {
				name := t.receivers[(i+j)%len(t.receivers)]
				f, err := t.measure(ctx, dir, receivers[name], r, o)
				if err != nil {
					return "", fmt.Errorf("%s/%s: %s: %w", t.name, r.name, name, err)
				}
				runs[name] = append(runs[name], f)
			}
		}
		t.write(&b, r, runs)
	}
	return b.String(), nil
}

const warm = 300 * time.Millisecond

func (t table) measure(ctx context.Context, dir string, who receiver, r row, o options) (f figures, err error) {
	p, err := who.start(ctx, dir, t.cpus...)
	if err != nil {
		return f, err
	}
	if r.idle {
		return p.rest(o.length)
	}
	senders := []int{measure.ClientCPU}
	if len(t.cpus) > 1 {
		senders = t.cpus
	}
	s, err := send(ctx, load{Addr: p.addr, Receiver: p.Process.Pid, Flows: o.flows, Rate: r.rate, Trains: r.trains, Answers: t.answers, Warm: warm, Length: o.length}, senders...)
	if err != nil {
		measure.Stop(p.Cmd)
		return f, err
	}
	got, err := p.stop()
	if err != nil {
		return f, fmt.Errorf("its end: %w", err)
	}
	n, seconds := float64(s.Packets), s.Elapsed.Seconds()
	return figures{
		Cost: float64(s.Receiver.Nanoseconds()) / n, Share: s.Receiver.Seconds() / seconds, Rate: n / seconds / 1e6,
		Loss: max(float64(s.All)-float64(got), 0) / float64(s.All), Machine: s.Processor, Answers: float64(s.Answers) / n,
	}, nil
}

// rest measures a receiver to which nothing is sent, but for one datagram that makes it ready.
func (p *process) rest(length time.Duration) (f figures, err error) {
	defer measure.Stop(p.Cmd)
	time.Sleep(warm)
	before, err := measure.CPUTime(p.Process.Pid)
	if err != nil {
		return f, err
	}
	time.Sleep(length)
	after, err := measure.CPUTime(p.Process.Pid)
	return figures{Share: (after - before).Seconds() / length.Seconds()}, err
}

func (t table) write(b *strings.Builder, r row, runs map[string][]figures) {
	fmt.Fprintf(b, "\n| %s | CPU ns each | against %s | processor | M/s sent | lost |", r.name, t.receivers[0])
	if t.answers {
		b.WriteString(" answers |")
	}
	if len(t.cpus) > 1 {
		b.WriteString(" machine |")
	}
	fmt.Fprintf(b, "\n|-|-|-|-|-|-|%s\n", strings.Repeat("-|", min(1, len(t.cpus)-1+boolean(t.answers))))
	first := runs[t.receivers[0]]
	for _, name := range t.receivers {
		all := runs[name]
		median := func(f func(figures) float64) float64 { return measure.Median(all, f) }
		against := ""
		if name != t.receivers[0] && median(func(f figures) float64 { return f.Cost }) > 0 {
			var ratios []float64
			for i := range all {
				ratios = append(ratios, all[i].Cost/first[i].Cost)
			}
			mean, low, high := measure.Interval(ratios)
			against = fmt.Sprintf("%.2f× (%.2f–%.2f)", mean, low, high)
		}
		fmt.Fprintf(b, "| %s | %.0f | %s | %.1f %% | %.3f | %.4f %% |", name, median(func(f figures) float64 { return f.Cost }), against,
			100*median(func(f figures) float64 { return f.Share }), median(func(f figures) float64 { return f.Rate }), 100*median(func(f figures) float64 { return f.Loss }))
		if t.answers {
			fmt.Fprintf(b, " %.2f |", median(func(f figures) float64 { return f.Answers }))
		}
		if len(t.cpus) > 1 {
			fmt.Fprintf(b, " %.0f %% |", 100*median(func(f figures) float64 { return f.Machine }))
		}
		b.WriteString("\n")
	}
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
