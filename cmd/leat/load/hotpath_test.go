package load

import (
	"fmt"
	"runtime"
	"testing"
)

func TestARunAllocatesNothingForItsRequests(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		if raceEnabled {
			t.Skip("the race detector allocates")
		}
		addr := listen(t, echo)
		mallocs := func(cfg Config) uint64 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			mustRun(t, cfg)
			runtime.ReadMemStats(&after)
			return after.Mallocs - before.Mallocs
		}
		for name, cfg := range map[string]Config{
			"closed, depth 1":     {Conns: 4},
			"closed, depth 16":    {Conns: 4, Depth: 16},
			"closed, two writers": {Conns: 4, Depth: 16, Message: 4096},
			"open":                {Conns: 4, Depth: 16, Rate: 50_000},
			"pooled":              {Conns: 4, Pool: new(2)},
		} {
			cfg.Driver, cfg.Address = d, addr
			few, many := cfg, cfg
			few.Requests, many.Requests = 1000, 21_000
			mallocs(few) // opens what is opened once
			base := mallocs(few)
			if n := mallocs(many); n > base+500 {
				t.Errorf("%s: 20 000 requests more took %d allocations more", name, n-base)
			}
		}
	})
}

// BenchmarkClosedLoop is against an echo in the same process, so a request costs both sides.
func BenchmarkClosedLoop(b *testing.B) {
	addr := listen(b, echo)
	for _, shape := range []Config{{Conns: 64, Depth: 1}, {Conns: 64, Depth: 16}, {Conns: 1000, Depth: 1}} {
		b.Run(fmt.Sprintf("conns=%d/depth=%d", shape.Conns, shape.Depth), func(b *testing.B) {
			b.ReportAllocs()
			cfg := shape
			cfg.Address, cfg.Requests = addr, int64(b.N)
			res, err := Run(b.Context(), cfg)
			if err != nil || res.OK != int64(b.N) {
				b.Fatal(err, res)
			}
			b.ReportMetric(res.RPS, "replies/s")
		})
	}
}
