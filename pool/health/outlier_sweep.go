package health

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Sweep ends ejections whose time is over, moves the windows by one step and ejects whom they speak against. Run does it in each
// interval; without Run somebody else must, as often.
func (o *Outlier) Sweep() {
	var told []Ejection
	o.mu.Lock()
	now := o.clock.since()
	for _, r := range o.records {
		if r.out && now >= r.until {
			told = append(told, o.restore(r, now))
		}
		r.slide()
		for ; !r.out && r.grade > 0 && now-r.good >= o.o.Base; r.good += o.o.Base {
			r.grade--
		}
	}
	latencies := o.latencies()
	for _, r := range o.records {
		if r.out {
			continue
		}
		if why := o.verdict(r, latencies); why != "" {
			told = o.eject(told, r, why, now)
		}
	}
	o.mu.Unlock()
	o.tell(told)
}

// verdict says why a member should be ejected, or nothing.
func (o *Outlier) verdict(r *Record, latencies []time.Duration) string {
	n, failed := r.sum.requests, r.sum.failures
	switch row := int(r.row.Load()); {
	case o.o.InARow > 0 && row >= o.o.InARow:
		return inARow(row)
	case o.o.Rate > 0 && n >= uint64(o.o.Volume) && float64(failed) >= o.o.Rate*float64(n):
		return fmt.Sprintf("%d of %d requests failed", failed, n)
	}
	mine, known := r.at.Load()
	if o.o.Slow == 0 || !known || len(latencies)-1 < o.o.Peers {
		return ""
	}
	peers := medianWithout(latencies, mine)
	if float64(mine) > o.o.Slow*float64(peers) && mine-peers >= o.o.SlowMin {
		return fmt.Sprintf("its latency is %v where its peers have %v", mine, peers)
	}
	return ""
}

func inARow(n int) string { return fmt.Sprintf("%d failures in a row", n) }

// latencies are those of all that are not ejected and have answered enough, in order.
func (o *Outlier) latencies() []time.Duration {
	if o.o.Slow == 0 {
		return nil
	}
	var all []time.Duration
	for _, r := range o.records {
		if d, known := r.at.Load(); known && !r.out {
			all = append(all, d)
		}
	}
	slices.Sort(all)
	return all
}

// medianWithout is the median of sorted latencies of which one is not a peer's but its own.
func medianWithout(sorted []time.Duration, own time.Duration) time.Duration {
	i, _ := slices.BinarySearch(sorted, own)
	at := func(k int) time.Duration {
		if k >= i {
			k++
		}
		return sorted[k]
	}
	n := len(sorted) - 1
	return (at((n-1)/2) + at(n/2)) / 2
}

// ejectAtOnce is for failures in a row.
func (o *Outlier) ejectAtOnce(r *Record) {
	o.mu.Lock()
	var told []Ejection
	if row := int(r.row.Load()); !r.gone && !r.out && row >= o.o.InARow {
		told = o.eject(nil, r, inARow(row), o.clock.since())
	}
	o.mu.Unlock()
	o.tell(told)
}

// eject takes a member out unless too many are.
func (o *Outlier) eject(told []Ejection, r *Record, why string, now time.Duration) []Ejection {
	n := len(o.records)
	most := min(max(int(o.o.Most*float64(n)+tiny), 1), n-1)
	if o.ejected >= most {
		r.spared++
		return told
	}
	length := min(o.o.Base*time.Duration(r.grade+1), o.o.Max)
	if o.o.Jitter > 0 {
		length -= time.Duration(o.o.Jitter * rand.Float64() * float64(length))
	}
	o.ejected++
	r.out, r.because, r.until = true, why, now+length
	r.total++
	r.grade = min(r.grade+1, int(o.o.Max/o.o.Base))
	r.member.SetUp(false)
	return append(told, Ejection{Name: r.name, Reason: why, For: length})
}

// restore ends an ejection.
func (o *Outlier) restore(r *Record, now time.Duration) Ejection {
	o.ejected--
	r.out, r.good = false, now
	r.forget()
	r.member.SetUp(true)
	return Ejection{Name: r.name}
}

// release ends all ejections.
func (o *Outlier) release() {
	var told []Ejection
	o.mu.Lock()
	now := o.clock.since()
	for _, r := range o.records {
		if r.out {
			told = append(told, o.restore(r, now))
		}
	}
	o.mu.Unlock()
	o.tell(told)
}

func (o *Outlier) tell(all []Ejection) {
	if o.o.OnChange == nil {
		return
	}
	for _, e := range all {
		o.o.OnChange(e)
	}
}
