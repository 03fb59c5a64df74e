package load

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/profile"
)

func TestEveryPhaseOfAProfileIsSentExactlyAndShownApart(t *testing.T) {
	p, err := profile.Parse("warm 50 1s, ramp 0-200 2s, hold 200 1s, hold 0 500ms, spike 1000 500ms")
	if err != nil {
		t.Fatal(err)
	}
	for _, pool := range []*int{nil, new(7)} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			var mu sync.Mutex
			came := map[int]int{}
			note := framed(func(_ int, frame []byte) []byte {
				mu.Lock()
				defer mu.Unlock()
				came[int(time.Since(began)/(500*time.Millisecond))]++
				return frame
			})
			var phases []string
			res := mustRun(t, Config{Address: "pipe", Dial: pipes(note), Conns: 7, Pool: pool, Profile: p, Progress: func(p Progress) {
				phases = append(phases, p.Phase)
			}})
			want := map[string]int64{"ramp 0-200 2s": 200, "hold 200 1s": 200, "hold 0 500ms": 0, "spike 1000 500ms": 500}
			if res.OK != 900 || len(res.Phases) != 4 || res.Elapsed != 4*time.Second || res.RPS != 225 {
				t.Fatalf("got %+v", res)
			}
			for _, phase := range res.Phases {
				if n := want[phase.Phase]; phase.Requests != n || phase.OK != n || phase.RPS != float64(n)/phase.Length.Seconds() {
					t.Errorf("got %+v, want %d requests", phase, n)
				}
			}
			if came[0] != 25 || came[6] != 100 || came[7] != 100 || came[8] != 0 || came[9] != 500 {
				t.Errorf("requests by half second: %v", came)
			}
			if phases[0] != "ramp 0-200 2s (phase 2 of 5)" || phases[3] != "hold 0 500ms (phase 4 of 5)" {
				t.Errorf("the progress was %q", phases)
			}
			if res.Open.Late.Max > 2*minNap {
				t.Errorf("late %+v", res.Open.Late)
			}
		})
	}
}

func TestAPhaseInWhichTheServerStallsIsTheOneThatShowsIt(t *testing.T) {
	p, err := profile.Parse("hold 100 1s, spike 1000 1s, hold 100 8s")
	if err != nil {
		t.Fatal(err)
	}
	// It serves one request in 5 ms, so the spike leaves it 4 s behind; the third phase works that off.
	synctest.Test(t, func(t *testing.T) {
		res := mustRun(t, Config{Address: "pipe", Dial: pipes(slow(1, 5*time.Millisecond)), Profile: p})
		if res.OK != 1900 {
			t.Fatalf("got %+v", res)
		}
		near(t, "p50 of the first phase", res.Phases[0].Latency.P50, 5*time.Millisecond)
		near(t, "max of the spike", res.Phases[1].Latency.Max, 4*time.Second)
		near(t, "max of the third phase", res.Phases[2].Latency.Max, 4*time.Second)
		if l := res.Phases[2].Latency; l.P50 > l.Max/2+time.Second {
			t.Errorf("the third phase shows %+v", l)
		}
		var replies int64
		for _, s := range res.Timeline {
			replies += s.Count
			if s.Count > 51 {
				t.Errorf("%d replies in %v of %v", s.Count, s.Length, s.At)
			}
		}
		if replies != res.OK {
			t.Errorf("the timeline has %d replies", replies)
		}
	})
}

func TestRequestsCutAProfileShort(t *testing.T) {
	p, err := profile.Parse("warm 10 1s, hold 100 1s, hold 1000 1s")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		res := mustRun(t, Config{Address: "pipe", Dial: pipes(echo), Profile: p, Requests: 150})
		if res.OK != 150 || res.Phases[0].Requests != 100 || res.Phases[1].OK != 50 || res.Elapsed != 1050*time.Millisecond {
			t.Errorf("got %+v", res)
		}
	})
}
