// Package metrics writes what a running pipeline does as one line of a log every so often, for machines that collect logs and
// for people who look at one server.
//
//	m := metrics.New(p, log, "decode", 10*time.Second)
//	p.Beside(m.Service())
//	err := p.Run(ctx)
//	m.Final()
//
// The line "metrics" has these figures, and the line "metrics at the end" the same of the whole run:
//
//	active        connections that are open; of a source of datagrams there are none
//	total         connections that were accepted since the start
//	requests      requests that were decoded, or datagrams that were received, since the start
//	bytes_in      read from connections since the start
//	bytes_out     of answers, handed to connections since the start
//	dropped       messages that full queues have cost since the start
//	unreceived    datagrams that the kernel has dropped since the start, because the source did not take them
//	rps           requests a second, since the last line
//	bps           bits a second, in and out together, since the last line
//	lanes         lanes that there are
//	goroutines
//	heap_mb       memory of live and not yet collected objects, in 10^6 bytes
//	seconds       time since the last line
package metrics

import (
	"context"
	"log/slog"
	"math"
	"time"

	"github.com/leat-io/leat/pipeline"
)

// A Line writes the figures of one pipeline.
type Line struct {
	p        *pipeline.Pipeline
	log      *slog.Logger
	requests string
	every    time.Duration

	began time.Time
	last  time.Time
	prev  figures
}

// New writes to log every so often, which must be positive. requests is the node whose output are the requests.
func New(p *pipeline.Pipeline, log *slog.Logger, requests string, every time.Duration) *Line {
	now := time.Now()
	return &Line{p: p, log: log, requests: requests, every: every, began: now, last: now}
}

// Service writes the lines while the pipeline runs.
func (l *Line) Service() pipeline.Service {
	return pipeline.Service{Name: "metrics", Run: func(ctx context.Context) {
		tick := time.NewTicker(l.every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				l.write("metrics")
			}
		}
	}}
}

// Final writes the figures of the whole run. Call it when the pipeline has ended.
func (l *Line) Final() {
	l.last, l.prev = l.began, figures{}
	l.write("metrics at the end")
}

func (l *Line) write(msg string) {
	f, now := look(l.p.Stats(), l.requests), time.Now()
	passed := now.Sub(l.last).Seconds()
	bits := 8 * (f.in + f.out - l.prev.in - l.prev.out)
	l.log.LogAttrs(context.Background(), slog.LevelInfo, msg,
		slog.Uint64("active", f.active), slog.Uint64("total", f.total), slog.Uint64("requests", f.requests),
		slog.Uint64("bytes_in", f.in), slog.Uint64("bytes_out", f.out), slog.Uint64("dropped", f.dropped), slog.Uint64("unreceived", f.unreceived),
		slog.Float64("rps", rate(f.requests-l.prev.requests, passed)), slog.Float64("bps", rate(bits, passed)),
		slog.Int("lanes", f.lanes), slog.Uint64("goroutines", f.goroutines), slog.Float64("heap_mb", tenths(float64(f.heap)/1e6)),
		slog.Float64("seconds", tenths(passed)))
	l.last, l.prev = now, f
}

// rate is how many there were a second, to a tenth.
func rate(n uint64, seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return tenths(float64(n) / seconds)
}

func tenths(x float64) float64 { return math.Round(x*10) / 10 }
