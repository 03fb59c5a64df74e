//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/rounds"
)

type (
	table  = rounds.Table[sample]
	column = rounds.Column[sample]
	row    = rounds.Row[sample]
	entry  = rounds.Entry[sample]
)

var (
	rate       = column{Head: "a second", Of: each, Verb: "%.0f"}
	speed      = column{Head: "GB/s", Of: each, Verb: "%.3f"}
	cost       = column{Head: "CPU µs each", Of: func(s sample) float64 { return 1e6 * s.CPU }, Verb: "%.2f"}
	gigabyte   = column{Head: "CPU seconds a GB", Of: func(s sample) float64 { return s.CPU }, Verb: "%.2f"}
	allocs     = column{Head: "allocations each", Of: func(s sample) float64 { return s.Allocs }, Verb: "%.2f"}
	p50        = column{Head: "p50, µs", Of: func(s sample) float64 { return s.P50 }, Verb: "%.0f"}
	p99        = column{Head: "p99, µs", Of: tail, Verb: "%.0f"}
	p999       = column{Head: "p99.9, µs", Of: func(s sample) float64 { return s.P999 }, Verb: "%.0f"}
	size       = column{Head: "bytes", Of: holding, Verb: "%.0f"}
	goroutines = column{Head: "goroutines", Of: func(s sample) float64 { return s.Goroutines }, Verb: "%.2f"}
	trip       = column{Head: "round trip, ms", Of: func(s sample) float64 { return s.RoundTrip }, Verb: "%.1f"}
	lost       = column{Head: "packets lost", Of: func(s sample) float64 { return s.Lost }, Verb: "%.0f"}
)

func each(s sample) float64    { return s.Rate }
func tail(s sample) float64    { return s.P99 }
func holding(s sample) float64 { return s.Bytes }

// delay is what the link and the relay add in each direction: 20 ms there and back.
const delay = 10 * time.Millisecond

// calls is how many calls are under way in the row of those.
const calls = 64

var (
	exchanges = &table{
		Title: "Exchanges on streams that stay open",
		Note: fmt.Sprintf("A request of %d bytes and its answer, one at a time on each of so many streams, with a goroutine for each at both ends. Ratios are of the rate: "+
			"above 1 is faster.", messageSize),
		Columns: []column{rate, cost, allocs}, Better: each, Reference: reference,
	}
	calling = &table{
		Title: "A stream for each exchange",
		Note: fmt.Sprintf("%d calls at once: open, a request of %d bytes and its answer, close; unary calls of grpc and http2. Ratios are of the rate.",
			calls, messageSize),
		Columns: []column{rate, cost, allocs}, Better: each, Reference: reference,
	}
	bulks = &table{
		Title:   "One stream, as fast as it goes",
		Note:    fmt.Sprintf("Writes of %d KiB. Ratios are of the speed.", blockSize>>10),
		Columns: []column{speed, gigabyte}, Better: each, Reference: reference,
	}
	distant = &table{
		Title: fmt.Sprintf("One stream to an end that is %v away and back", 2*delay),
		Note: fmt.Sprintf("The ends are in two network namespaces, and a process between them keeps each packet for %v in each direction, as netem does: TCP itself works over that distance, with the "+
			"kernel's own settings (%s), and raw TCP shows what it carries. The time in which windows grow is not counted. Candidates have their own settings, and then windows of %d MiB. The round trip is that "+
			"of a connection that is made meanwhile. A row counts only where no packet is lost. Ratios are of the speed.", delay, kernelTCP(), farWindow>>20),
		Columns: []column{speed, trip, lost}, Better: each, Reference: reference,
	}
	relayed = &table{
		Title: fmt.Sprintf("One stream through a relay that is %v away and back", 2*delay),
		Note: fmt.Sprintf("A relay in the same process keeps all bytes for %v in each direction. TCP itself ends at the relay, so that nobody waits for windows but those of the multiplexers, and raw TCP "+
			"shows what the relay carries. The time in which windows grow is not counted. Candidates have their own settings, and then windows of %d MiB. Ratios are of the speed.", delay, farWindow>>20),
		Columns: []column{speed}, Better: each, Reference: reference,
	}
	besides = &table{
		Title: "Exchanges beside a stream that is as fast as it goes",
		Note: "An open loop on another stream of the same connection, of raw TCP on another connection: messages are sent when they are due, whatever has come back, and their latency counts " +
			"from then, which corrects for coordinated omission; only what the timer itself is late is left out. GB/s are those of the other stream. Ratios are of the 99th percentile: below 1 is faster.",
		Columns: []column{p50, p99, p999, speed}, Better: tail, Reference: reference,
	}
	idle = &table{
		Title: "What an idle stream holds",
		Note: "Heap and stacks of both ends after one exchange, with the goroutine that serves the stream and its buffer of 64 bytes, and with what raw TCP has of it outside " +
			"of the kernel. Goroutines are those of both ends.",
		Columns: []column{size, goroutines}, Better: holding, Reference: reference,
	}
)

// rows are all measurements, as o wants them.
func rows(ctx context.Context, o options) (chosen []row) {
	basis := job{Streams: 1, Warm: o.length / 3, Length: o.length}
	var all []row
	for _, n := range []int{1, 64, 1000} {
		j := basis
		j.Kind, j.Streams = exchanging, n
		all = append(all, o.row(ctx, fmt.Sprintf("exchange/%d", n), exchanges, j))
	}
	j := basis
	j.Kind, j.Streams = opening, calls
	all = append(all, o.row(ctx, "open", calling, j))
	j = basis
	j.Kind = streaming
	all = append(all, o.row(ctx, "bulk", bulks, j))
	j.Warm, j.Distance = 2*o.length, distance{Delay: delay, Packets: true}
	all = append(all, o.row(ctx, "far/packets", distant, j))
	j.Distance.Packets = false
	all = append(all, o.row(ctx, "far/relay", relayed, j))
	j = basis
	j.Kind, j.Rate, j.Length = beside, o.rate, 3*o.length
	all = append(all, o.row(ctx, "beside", besides, j))
	j = basis
	j.Kind, j.Streams = idling, o.streams
	all = append(all, o.row(ctx, "idle", idle, j))
	for _, r := range all {
		if o.Rows.MatchString(r.Name) {
			chosen = append(chosen, r)
		}
	}
	return chosen
}

// row is a job of all candidates. In the far ones those that have windows to set are there twice.
func (o options) row(ctx context.Context, name string, t *table, j job) row {
	r := row{Name: name, Table: t}
	for _, c := range o.only {
		j.Candidate, j.Window = c.name, c.near
		if j.Distance.Delay > 0 {
			j.Window = 0
			r.Entries = append(r.Entries, j.entry(ctx, c.name))
			if c.far == 0 {
				continue
			}
			c.name += ", large windows"
			j.Window = c.far
		}
		r.Entries = append(r.Entries, j.entry(ctx, c.name))
	}
	return r
}

// kernelTCP is what the kernel's settings say of connections over a distance.
func kernelTCP() string {
	setting := func(name string) string { // the last value: of buffers, the most
		b, err := os.ReadFile("/proc/sys/net/ipv4/" + name)
		if words := strings.Fields(string(b)); err == nil && len(words) > 0 {
			return words[len(words)-1]
		}
		return "unknown"
	}
	return fmt.Sprintf("%s, receive buffers of up to %s bytes and send buffers of up to %s, which bound what is under way",
		setting("tcp_congestion_control"), setting("tcp_rmem"), setting("tcp_wmem"))
}

// processors is how many a run has.
const processors = 2

// patience is how much longer than it should a run may take.
const patience = 20 * time.Second

func (j job) entry(ctx context.Context, name string) entry {
	return entry{Name: name, Run: func() (sample, error) {
		ctx, cancel := context.WithTimeout(ctx, j.Warm+j.Length+patience)
		defer cancel()
		return measure.Again[sample](ctx, runCommand, j, measure.ServerCPU, measure.ClientCPU)
	}}
}
