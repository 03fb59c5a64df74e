package load

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/profile"
)

// A run is what the users of one Run share. Times are nanoseconds since epoch.
type run struct {
	cfg      Config
	schedule *profile.Schedule // nil in a closed loop
	epoch    time.Time
	from     int64 // requests begun from here on are counted
	end      int64 // none is begun from here on
	last     int64 // open loop: none of the backlog is sent from here on

	budget  atomic.Int64 // requests that may still be begun, if cfg.Requests bounds them; below 0 means none
	live    atomic.Int64 // users that have not ended
	lost    atomic.Int64 // requests begun and not answered on connections that failed; for the progress
	ctx     context.Context
	clients []client
	opened  int    // connections before the run
	shared  census // of connections that are no user's own
	pacers  []*pacer
	shards  []*shard // those of the first address, then those of the next
}

func (r *run) now() int64 { return int64(time.Since(r.epoch)) }

// open reports whether a schedule, not the replies, says when to send.
func (r *run) open() bool { return r.schedule != nil }

// shard is where writer i notes what it sees of an address.
func (r *run) shard(target, i int) *shard {
	per := len(r.shards) / len(r.cfg.targets)
	return r.shards[target*per+i%per]
}

// shardOf is where a user with a goroutine notes what it sees of an address.
func (r *run) shardOf(target, user int) *shard { return r.shard(target, user/len(r.cfg.targets)) }

// Run opens the connections, drives them until the end that cfg sets, and returns what was measured.
//
// It returns an error, and no figures, if cfg makes no sense, if the connections cannot be opened: the first one, or more than
// 64 in all (fewer are counted as errors of the kind "dial", and the run goes on without them), or if the server does not store
// the values that are to be read. Whatever happens to the connections afterwards is not an error of Run: it is in the Result. If ctx
// ends, Run closes the connections and returns the figures so far together with the cause; what was in flight is counted in Unanswered
// and Canceled, not as errors.
func Run(ctx context.Context, cfg Config) (Result, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return Result{}, err
	}
	w := startWatch(cfg)
	defer w.stop()
	drv, err := newDriver(cfg)
	if err != nil {
		return Result{}, err
	}
	defer drv.close()
	d := newDialer(cfg, drv, &w.opened)
	if err := d.dial(ctx); err != nil {
		return Result{}, err
	}
	if err := preload(ctx, cfg, &w.preloaded); err != nil {
		return Result{}, err
	}
	r := newRun(ctx, cfg)
	r.opened = int(w.opened.Load())
	drv.seat(r)
	r.drive(drv, w)
	res := r.result(d)
	if ctx.Err() != nil && res.Canceled > 0 {
		return res, fmt.Errorf("load: the run was cut short: %w", context.Cause(ctx))
	}
	return res, nil
}

func newRun(ctx context.Context, cfg Config) *run {
	r := &run{cfg: cfg, ctx: ctx, schedule: cfg.schedule(), from: int64(cfg.Warmup), end: math.MaxInt64, last: math.MaxInt64}
	phases := 1
	if cfg.Duration > 0 {
		r.end = r.from + int64(cfg.Duration)
	}
	if n := len(cfg.Profile); n > 0 {
		r.from, r.end, phases = int64(cfg.Profile.Warmup()), r.schedule.End(), n
	}
	if cfg.Requests > 0 && r.open() {
		r.end = min(r.end, r.schedule.Due(r.schedule.First(r.from)+cfg.Requests))
	}
	if r.end < math.MaxInt64-int64(cfg.Timeout) {
		r.last = r.end + int64(cfg.Timeout)
	}
	r.budget.Store(cfg.Requests)
	// A loop has one for itself. Four shards for each processor make it unlikely that two users want one at a time; 32 of them
	// take 32 MiB.
	targets := max(1, len(cfg.targets))
	writers := max(1, min(cfg.Conns, 4*runtime.GOMAXPROCS(0), 32)/targets)
	if cfg.Driver == Reactor {
		writers = cfg.Loops
	}
	for target := range targets {
		for range writers {
			r.shards = append(r.shards, newShard(target, phases, r.open()))
		}
	}
	return r
}

// drive runs the users to their ends.
func (r *run) drive(drv driver, w *watch) {
	r.live.Store(int64(len(r.clients)))
	r.epoch = time.Now()
	w.running(r)
	defer r.announce()()
	drv.drive(r)
}
