package load

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A run is what the connections of one Run share. Times are nanoseconds since epoch.
type run struct {
	cfg      Config
	wire     int     // bytes of a message
	interval float64 // ns from one request of the schedule to the next; 0 in a closed loop
	epoch    time.Time
	from     int64 // requests begun from here on are counted
	end      int64 // none is begun from here on
	last     int64 // open loop: none of the backlog is sent from here on

	budget atomic.Int64 // requests that may still be begun, if cfg.Requests bounds them; below 0 means none
	live   atomic.Int64 // connections that have not ended
	lost   atomic.Int64 // requests begun and not answered on connections that failed; for the progress
	ctx    context.Context
	conns  []*conn
	pacers []*pacer
	shards []*shard
}

func (r *run) now() int64 { return int64(time.Since(r.epoch)) }

// open reports whether a schedule, not the replies, says when to send.
func (r *run) open() bool { return r.cfg.Rate > 0 }

// Run opens the connections, drives them until the end that cfg sets, and returns what was measured.
//
// It returns an error, and no figures, if cfg makes no sense or the connections cannot be opened: the first one, or more than
// 64 in all (fewer are counted as errors of the kind "dial", and the run goes on without them). Whatever happens to the
// connections afterwards is not an error of Run: it is in the Result. If ctx ends, Run closes the connections and returns
// the figures so far together with the cause; what was in flight is counted in Unanswered and Canceled, not as errors.
func Run(ctx context.Context, cfg Config) (Result, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return Result{}, err
	}
	w := startWatch(cfg)
	defer w.stop()
	d := dialer{cfg: cfg, opened: &w.opened}
	conns, err := d.dial(ctx)
	if err != nil {
		return Result{}, err
	}

	r := newRun(ctx, cfg)
	for id, nc := range conns {
		r.conns = append(r.conns, newConn(r, id, nc))
	}
	r.drive(w)
	res := r.result(&d)
	if slices.ContainsFunc(r.conns, func(c *conn) bool { return c.cut }) {
		return res, fmt.Errorf("load: the run was cut short: %w", context.Cause(ctx))
	}
	return res, nil
}

func newRun(ctx context.Context, cfg Config) *run {
	r := &run{cfg: cfg, ctx: ctx, wire: cfg.Protocol.wireSize(cfg.Message), from: int64(cfg.Warmup)}
	if r.open() {
		r.interval = 1e9 / cfg.Rate
	}
	r.end = math.MaxInt64
	if cfg.Duration > 0 {
		r.end = r.from + int64(cfg.Duration)
	}
	if cfg.Requests > 0 && r.open() {
		r.end = min(r.end, r.dueTime(r.firstCounted()+cfg.Requests))
	}
	r.last = math.MaxInt64
	if r.end < math.MaxInt64-int64(cfg.Timeout) {
		r.last = r.end + int64(cfg.Timeout)
	}
	r.budget.Store(cfg.Requests)
	// Four shards for each processor make it unlikely that two connections want one at a time; 32 of them take 17 MiB.
	for range min(cfg.Conns, 4*runtime.GOMAXPROCS(0), 32) {
		r.shards = append(r.shards, newShard(r.open()))
	}
	return r
}

// dueTime is when request i of the whole schedule is due.
func (r *run) dueTime(i int64) int64 {
	due := float64(i) * r.interval
	if due >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(due)
}

// firstCounted is the first request of the schedule that is due after the warm-up.
func (r *run) firstCounted() int64 {
	i := int64(float64(r.from) / r.interval)
	for r.dueTime(i) < r.from {
		i++
	}
	return i
}

// drive runs the connections to their ends.
func (r *run) drive(w *watch) {
	r.live.Store(int64(len(r.conns)))
	r.epoch = time.Now()
	var all sync.WaitGroup
	for _, c := range r.conns {
		if c.wake != nil {
			all.Go(c.write)
		}
		all.Go(c.serve)
	}
	if r.open() {
		r.pace(&all)
	}
	w.running(r)
	stop := context.AfterFunc(r.ctx, func() {
		for _, c := range r.conns {
			c.nc.Close()
		}
	})
	defer stop()
	all.Wait()
}
