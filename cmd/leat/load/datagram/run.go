package datagram

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/profile"
)

// A run is what the goroutines of one Run share. Times are nanoseconds since start, but for those that datagrams carry and
// those of the clock.
type run struct {
	cfg      Config
	ctx      context.Context
	schedule *profile.Schedule // nil but in an open loop
	clock    clock
	id       uint32
	start    int64 // of the clock
	from     int64 // what is due from here on is counted
	end      int64 // nothing is due from here on
	flows    []flow
	sender   *sender // nil in a sink
	intake   *intake // nil when nothing is received
	cpu      meter
}

func (r *run) now() int64 { return r.clock.now() - r.start }

// Run sends, receives, or both, until the end that cfg sets, and returns what was measured.
//
// It returns an error, and no figures, if cfg makes no sense or if a socket cannot be opened or used in the way that the sender wants.
// If ctx ends, Run stops and returns the figures so far, of a sink as of any other end; of a sender together with the cause.
func Run(ctx context.Context, cfg Config) (Result, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return Result{}, err
	}
	r := newRun(ctx, cfg)
	if cfg.Role == Sink {
		return r.receiveOnly()
	}
	return r.send()
}

// newRun prepares one of a configuration with its defaults.
func newRun(ctx context.Context, cfg Config) *run {
	r := &run{cfg: cfg, ctx: ctx, schedule: cfg.schedule(), clock: newClock(), id: rand.Uint32(), end: math.MaxInt64}
	r.bounds()
	return r
}

// bounds are when to begin to count and when to end.
func (r *run) bounds() {
	cfg := r.cfg
	r.from = int64(cfg.Warmup)
	if cfg.Duration > 0 {
		r.end = r.from + int64(cfg.Duration)
	}
	if len(cfg.Profile) > 0 {
		r.from, r.end = int64(cfg.Profile.Warmup()), r.schedule.End()
	}
	if cfg.Requests > 0 && r.schedule != nil {
		r.end = min(r.end, r.schedule.Due(r.schedule.First(r.from)+cfg.Requests))
	}
}

// send is the run of the roles that do.
func (r *run) send() (Result, error) {
	r.flows = make([]flow, r.cfg.Flows)
	out, socks, err := r.open()
	if err != nil {
		return Result{}, err
	}
	defer out.close()
	r.sender = newSender(r, out)
	var in sync.WaitGroup
	quit := make(chan struct{})
	if r.cfg.Role == Echo {
		r.intake = newIntake(r)
		rc, err := newReceiver(r.intake, socks, r.cfg.Message+1, r.cfg.Nap)
		if err != nil {
			return Result{}, err
		}
		in.Go(func() { rc.run(quit) })
	}
	w := startWatch(r)
	r.start = r.clock.now()
	r.cpu.begin(time.Duration(r.from))
	w.running()
	err = r.sender.run()
	r.cpu.end()
	if r.cfg.Role == Echo && err == nil {
		r.await()
	}
	close(quit)
	in.Wait()
	w.stop()
	res := r.result(socks)
	if err == nil && r.ctx.Err() != nil {
		err = fmt.Errorf("load: the run was cut short: %w", context.Cause(r.ctx))
	}
	return res, err
}

// open makes what sends, and the sockets that receive.
func (r *run) open() (transport, *sockets, error) {
	if r.cfg.raw() {
		out, err := newRaw(r.cfg)
		return out, nil, err
	}
	s, err := dial(r.cfg)
	if err != nil {
		return nil, nil, err
	}
	out, err := newSockets(s, r.cfg)
	if err != nil {
		s.close()
		return nil, nil, err
	}
	return out, s, nil
}

// await waits for the replies that are under way.
func (r *run) await() {
	last := r.now() + int64(r.cfg.Timeout)
	for r.now() < last && r.ctx.Err() == nil && r.intake.got.Load() < r.sender.counted.Load() {
		time.Sleep(time.Millisecond)
	}
}

// receiveOnly is the run of a sink.
func (r *run) receiveOnly() (Result, error) {
	socks, err := listen(r.cfg)
	if err != nil {
		return Result{}, err
	}
	return r.receiveFrom(socks)
}

// receiveFrom receives until the sink is to end, and closes the sockets.
func (r *run) receiveFrom(socks *sockets) (Result, error) {
	defer socks.close()
	r.intake = newIntake(r)
	rc, err := newReceiver(r.intake, socks, 1<<16, r.cfg.Nap)
	if err != nil {
		return Result{}, err
	}
	quit := make(chan struct{})
	var in sync.WaitGroup
	r.start = r.clock.now()
	w := startWatch(r)
	r.cpu.begin(0)
	w.running()
	in.Go(func() { rc.run(quit) })
	r.watchSink()
	r.cpu.end()
	close(quit)
	in.Wait()
	w.stop()
	res := r.result(socks)
	if res.Received == 0 && r.ctx.Err() == nil && r.cfg.Duration > 0 {
		return res, errors.New("load: nothing came")
	}
	return res, nil
}

// quiet is how long nothing may have come before a sink whose senders have ended believes that nothing is under way.
const quiet = 200 * time.Millisecond

// watchSink returns when the sink is to end.
func (r *run) watchSink() {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	begun := false
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-tick.C:
		}
		first, last, all, some := r.intake.state()
		if first > 0 && !begun {
			begun = true
			r.cpu.begin(0)
		}
		now := r.clock.now()
		switch {
		case r.cfg.Duration == 0 && all && now-last > int64(quiet):
			return
		case r.cfg.Duration == 0 && some && now-last > int64(quiet+r.cfg.Timeout): // the ends of the others were lost
			return
		case r.cfg.Duration > 0 && first > 0 && now-first > int64(r.cfg.Duration):
			return
		case r.cfg.Duration > 0 && first == 0 && now-r.start > int64(r.cfg.Duration):
			return
		}
	}
}

// phase is the number of the profile's phase in which a time lies.
func (r *run) phase(t int64) int {
	if len(r.cfg.Profile) == 0 {
		return 0
	}
	return r.schedule.Phase(t)
}

func (r *run) senderIndex() uint8 { return uint8(slices.Index(Senders, r.cfg.Sender)) }
