package health

import (
	"sync/atomic"
	"time"
)

// A Record is where the answers of one member are reported.
type Record struct {
	outlier *Outlier
	name    string
	member  Member
	latency *Latency
	at      *Quantile // of the latency, that is compared

	untimed, failures atomic.Uint64 // requests without a latency, and those that failed
	row               atomic.Int64  // failures since the last success

	// What follows is guarded by the Outlier's mu.
	window  []tally // a ring, one entry for each interval
	turn    int     // the entry that is filled next
	seen    tally   // requests and failures that are in the window or have left it
	sum     tally   // of the window
	gone    bool
	out     bool
	until   time.Duration // when the last ejection ends
	grade   int           // how many times Base the next ejection lasts, less one
	good    time.Duration // since when the grade has been what it is, without an ejection
	total   int           // ejections
	spared  int
	because string
}

type tally struct{ requests, failures uint64 }

func newRecord(o *Outlier, name string, m Member) *Record {
	l := &Latency{o: LatencyOptions{HalfLife: o.o.Window, Volume: o.o.Volume}, clock: o.clock}
	at := &Quantile{q: o.o.Quantile}
	at.at.Store(unknown)
	l.tracked = []*Quantile{at}
	l.aged = o.clock.since()
	return &Record{
		outlier: o, name: name, member: m, latency: l, at: at,
		window: make([]tally, o.o.Window/o.o.Interval), good: o.clock.since(),
	}
}

// Report says how an answer went. It takes no lock, allocates nothing, and any goroutine may call it. A latency above 0 is observed
// in [Record.Latency], also that of a failure: give it when a timeout was waited for, and 0 when the failure says nothing about
// how long an answer takes, as a refused connection does.
func (r *Record) Report(latency time.Duration, failed bool) {
	if latency > 0 {
		r.latency.Observe(latency)
	} else {
		r.untimed.Add(1)
	}
	if !failed {
		if r.row.Load() != 0 {
			r.row.Store(0)
		}
		return
	}
	r.failures.Add(1)
	if n := r.row.Add(1); n == int64(r.outlier.o.InARow) {
		r.outlier.ejectAtOnce(r)
	}
}

// Latency is the distribution of what has been reported, for a [Timeout] or a [Hedge]. Its half-life is the window. The end of an
// ejection empties it. What others observe in it counts as reported.
func (r *Record) Latency() *Latency { return r.latency }

// slide moves the window by one interval.
func (r *Record) slide() {
	now := r.count()
	t := tally{now.requests - r.seen.requests, now.failures - r.seen.failures}
	old := r.window[r.turn]
	r.window[r.turn] = t
	r.turn = (r.turn + 1) % len(r.window)
	r.sum.requests += t.requests - old.requests
	r.sum.failures += t.failures - old.failures
	r.seen = now
}

// count is all that was ever reported. It brings the quantiles of the latency up to date.
func (r *Record) count() tally {
	failures := r.failures.Load()
	return tally{r.latency.count() + r.untimed.Load(), failures}
}

// forget drops what led to an ejection, so that it does not lead to the next one too.
func (r *Record) forget() {
	r.seen = r.count()
	r.sum = tally{}
	clear(r.window)
	r.row.Store(0)
	r.latency.forget()
}

func (r *Record) stats() OutlierStats {
	s := OutlierStats{
		Name: r.name, Ejected: r.out, Reason: r.because, Ejections: r.total, Spared: r.spared,
		Requests: r.sum.requests, Failures: r.sum.failures, InARow: int(r.row.Load()),
	}
	if r.total > 0 {
		s.Until = r.outlier.clock.at(r.until)
	}
	s.Latency, _ = r.at.Load()
	return s
}
