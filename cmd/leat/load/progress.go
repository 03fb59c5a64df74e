package load

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/figure"
)

// Progress is how a run stands.
type Progress struct {
	Phase    string        // "dialing", "setting keys", "warm-up", "running" or the phase of the profile, "draining"
	Elapsed  time.Duration // since the dialing began, then since the first request
	Total    time.Duration // warm-up and duration; 0 if the run ends with a number of requests
	Requests int64         // answered so far, the warm-up not counted
	Goal     int64         // Config.Requests
	Rate     float64       // right replies a second since the last progress
	InFlight int64
	Backlog  int64 // open loop: due and not sent
	Errors   int64 // so far: wrong replies, and requests begun on connections that failed
	Conns    int   // connections open
	Done     bool  // the run is over
}

// String is the line for a person.
func (p Progress) String() string {
	switch p.Phase {
	case "dialing":
		return fmt.Sprintf("%s: %d connections, %s", p.Phase, p.Conns, seconds(p.Elapsed))
	case "setting keys":
		return fmt.Sprintf("%s: %s of %s, %s", p.Phase, figure.Grouped(p.Requests), figure.Grouped(p.Goal), seconds(p.Elapsed))
	}
	s := fmt.Sprintf("%s: %s", p.Phase, seconds(p.Elapsed))
	if p.Total > 0 {
		s += " of " + seconds(p.Total)
	}
	s += fmt.Sprintf(", %s requests", figure.Grouped(p.Requests))
	if p.Goal > 0 {
		s += " of " + figure.Grouped(p.Goal)
	}
	s += fmt.Sprintf(", %s/s, %d in flight", figure.PerSecond(p.Rate), p.InFlight)
	if p.Backlog > 0 {
		s += fmt.Sprintf(", %s overdue", figure.Grouped(p.Backlog))
	}
	return s + fmt.Sprintf(", %d errors, %d connections", p.Errors, p.Conns)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.0fs", d.Seconds()) }

// ProgressLine returns a value for Config.Progress that writes to w: on a terminal one line, written over each second and erased at the end,
// otherwise a line a second.
func ProgressLine(w io.Writer, terminal bool) func(Progress) {
	line := figure.Line(w, terminal)
	return func(p Progress) { line(p, p.Done) }
}

// A watch calls Config.Progress.
type watch struct {
	cfg       Config
	opened    atomic.Int64
	preloaded atomic.Int64
	run       atomic.Pointer[run]
	quit      chan struct{}
	ended     sync.WaitGroup

	ok, at int64 // right replies at the last progress, and its time
}

func startWatch(cfg Config) *watch {
	w := &watch{cfg: cfg, quit: make(chan struct{})}
	if cfg.Progress != nil {
		w.ended.Go(w.loop)
	}
	return w
}

// running says that the connections are open and at work.
func (w *watch) running(r *run) { w.run.Store(r) }

// stop returns when Progress will not be called any more.
func (w *watch) stop() {
	close(w.quit)
	w.ended.Wait()
}

func (w *watch) loop() {
	began := time.Now()
	shown := false
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.cfg.Progress(w.look(began))
			shown = true
		case <-w.quit:
			if shown {
				p := w.look(began)
				p.Done = true
				w.cfg.Progress(p)
			}
			return
		}
	}
}

func (w *watch) look(began time.Time) Progress {
	r := w.run.Load()
	if r == nil {
		p := Progress{Phase: "dialing", Elapsed: time.Since(began), Conns: int(w.opened.Load())}
		if n := w.preloaded.Load(); n > 0 {
			p.Phase, p.Requests, p.Goal = "setting keys", n, int64(w.cfg.spec.Keys*len(w.cfg.targets))
		}
		return p
	}
	now := r.now()
	p := Progress{Phase: r.phase(now), Elapsed: time.Duration(now), Goal: w.cfg.Requests, Conns: int(r.live.Load())}
	if r.cfg.pooled() {
		p.Conns = int(r.shared.open.Load())
	}
	if w.cfg.Duration > 0 || len(w.cfg.Profile) > 0 {
		p.Total = w.cfg.Warmup + w.cfg.Duration + w.cfg.Profile.Length()
	}
	var ok, wrong int64
	for _, s := range r.shards {
		s.mu.Lock()
		ok += s.ok
		wrong += s.wrong
		s.mu.Unlock()
	}
	p.Requests = ok + wrong
	p.Errors = wrong + r.lost.Load()
	for _, c := range r.clients {
		if u := c.account(); !u.gone.Load() {
			p.InFlight += max(0, u.inFlight())
			p.Backlog += max(0, u.backlog())
		}
	}
	p.Rate = float64(ok-w.ok) / (float64(now-w.at) / 1e9)
	w.ok, w.at = ok, now
	return p
}

// phase is what the run does at a time.
func (r *run) phase(now int64) string {
	switch n := len(r.cfg.Profile); {
	case now >= r.end:
		return "draining"
	case n > 0:
		i := r.schedule.Phase(now)
		return fmt.Sprintf("%s (phase %d of %d)", r.cfg.Profile[i], i+1, n)
	case now < r.from:
		return "warm-up"
	}
	return "running"
}
