package load

import (
	"time"

	"github.com/leat-io/leat/cmd/leat/load/latency"
)

// addAddresses shows several addresses apart.
func (r *run) addAddresses(res *Result, d *dialer) {
	if len(r.cfg.targets) < 2 {
		return
	}
	for i, t := range r.cfg.targets {
		b := r.read(func(s *shard) bool { return s.target == i })
		if !r.cfg.pooled() {
			b.connect = d.took[i]
		}
		res.Addresses = append(res.Addresses, AddressResult{
			Address: t.name, OK: b.ok, Mismatched: b.wrong, RPS: perElapsed(b.ok, res.Elapsed),
			Connect: b.connect.Summary(), Latency: b.whole.Summary(),
		})
	}
}

// addPhases shows the phases of a profile apart.
func (r *run) addPhases(res *Result) {
	if len(r.cfg.Profile) == 0 {
		return
	}
	var begin int64
	for i, phase := range r.cfg.Profile {
		end := begin + int64(phase.Length)
		if begin < r.from {
			begin = end
			continue
		}
		h := latency.NewHistogram()
		for _, s := range r.shards {
			h.Merge(s.latency[i])
		}
		res.Phases = append(res.Phases, PhaseResult{
			Phase: phase.String(), Length: phase.Length,
			Requests: r.schedule.First(min(end, r.end)) - r.schedule.First(min(begin, r.end)),
			OK:       h.Count(), RPS: perElapsed(h.Count(), phase.Length), Latency: h.Summary(),
		})
		begin = end
	}
}

func perElapsed(n int64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}
