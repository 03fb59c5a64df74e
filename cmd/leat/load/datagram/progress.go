package datagram

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/figure"
)

// Progress is how a run stands.
type Progress struct {
	Elapsed  time.Duration // since the first datagram; of a sink since it listens
	Total    time.Duration // warm-up and duration; 0 if the run ends otherwise
	Sends    bool
	Receives bool
	Sent     int64 // so far
	Received int64
	Rate     float64 // received a second since the last progress; sent, of who only sends
	Done     bool    // the run is over
}

// String is the line for a person.
func (p Progress) String() string {
	s := p.Elapsed.Round(100 * time.Millisecond).String()
	if p.Total > 0 {
		s += fmt.Sprintf(" of %v", p.Total)
	}
	if p.Sends {
		s += fmt.Sprintf(", %s sent", figure.Grouped(p.Sent))
	}
	if p.Receives {
		s += fmt.Sprintf(", %s received", figure.Grouped(p.Received))
	}
	return s + fmt.Sprintf(", %s/s", figure.PerSecond(p.Rate))
}

// A watch calls Config.Progress.
type watch struct {
	r      *run
	began  atomic.Bool
	quit   chan struct{}
	ended  sync.WaitGroup
	before int64
	at     time.Time
}

func startWatch(r *run) *watch {
	w := &watch{r: r, quit: make(chan struct{}), at: time.Now()}
	if r.cfg.Progress != nil {
		w.ended.Go(w.loop)
	}
	return w
}

// running says that the run has begun.
func (w *watch) running() { w.began.Store(true) }

// stop returns when Progress will not be called any more.
func (w *watch) stop() {
	close(w.quit)
	w.ended.Wait()
}

func (w *watch) loop() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	shown := false
	for {
		select {
		case <-tick.C:
			if w.began.Load() {
				w.r.cfg.Progress(w.look())
				shown = true
			}
		case <-w.quit:
			if shown {
				p := w.look()
				p.Done = true
				w.r.cfg.Progress(p)
			}
			return
		}
	}
}

func (w *watch) look() Progress {
	cfg := w.r.cfg
	p := Progress{Elapsed: time.Duration(w.r.now()), Sends: w.r.sender != nil, Receives: w.r.intake != nil}
	if cfg.Duration > 0 || len(cfg.Profile) > 0 {
		p.Total = cfg.Warmup + cfg.Duration + cfg.Profile.Length()
	}
	counts := int64(0)
	if p.Sends {
		p.Sent = w.r.sender.counted.Load()
		counts = p.Sent
	}
	if p.Receives {
		p.Received = w.r.intake.got.Load()
		counts = p.Received
	}
	now := time.Now()
	p.Rate = float64(counts-w.before) / now.Sub(w.at).Seconds()
	w.before, w.at = counts, now
	return p
}
