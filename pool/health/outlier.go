package health

import (
	"context"
	"slices"
	"sync"
	"time"
)

// An Outlier ejects members whose answers are worse than they ought to be, as Envoy's outlier detection does: for failures in a
// row, for the share of failures, and for latencies beside those of its peers.
//
// An ejection ends by itself. Each makes the next one of that member longer, and good time makes it shorter again. At most a
// share of the members is ejected, and never the last one.
//
// [Outlier.Run] looks at all members in each interval. Failures in a row eject at once.
type Outlier struct {
	o     OutlierOptions
	clock clock

	mu      sync.Mutex
	records []*Record // guarded by mu
	ejected int       // guarded by mu
}

// NewOutlier watches nobody yet.
func NewOutlier(o OutlierOptions) (*Outlier, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	return &Outlier{o: o, clock: newClock(o.Now)}, nil
}

// Add watches a member by the name that it has in Stats and hooks. Its answers are reported to the record.
func (o *Outlier) Add(name string, m Member) *Record {
	r := newRecord(o, name, m)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.records = append(o.records, r)
	return r
}

// Remove forgets a member, and ends its ejection without telling it. What is reported of it later changes nothing.
func (o *Outlier) Remove(r *Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := slices.Index(o.records, r)
	if i < 0 {
		return
	}
	o.records = slices.Delete(o.records, i, i+1)
	if r.out {
		o.ejected--
	}
	r.gone = true
}

// Run sweeps in each interval until ctx ends, and then brings back who is ejected, since nobody would later.
func (o *Outlier) Run(ctx context.Context) {
	t := time.NewTicker(o.o.Interval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			o.release()
			return
		case <-t.C:
			o.Sweep()
		}
	}
}

// Stats are for people to look at, one for each member in the order of Add.
func (o *Outlier) Stats() []OutlierStats {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := make([]OutlierStats, len(o.records))
	for i, r := range o.records {
		all[i] = r.stats()
	}
	return all
}

// OutlierStats show what an Outlier knows of one member.
type OutlierStats struct {
	Name               string
	Ejected            bool
	Reason             string        // of the last ejection
	Until              time.Time     // when that ends or has ended
	Ejections          int           // since it is watched
	Spared             int           // times that it was to be ejected and too many were
	Requests, Failures uint64        // in the window
	InARow             int           // failures since the last success
	Latency            time.Duration // the quantile that is compared, 0 when too little was observed
}

// An Ejection is what the hook of an Outlier is told.
type Ejection struct {
	Name   string
	Reason string        // why, or "" when it ends
	For    time.Duration // how long, or 0 when it ends
}
