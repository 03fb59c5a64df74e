package latency

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestTheHistogramKeepsThreeDigitsAndExactEnds(t *testing.T) {
	h, other := NewHistogram(), NewHistogram()
	for i := range int64(1000) {
		to := h
		if i%2 == 1 {
			to = other
		}
		to.Record((i + 1) * 1_000_003)
	}
	other.Record(int64(2 * time.Hour)) // longer than it can tell
	h.Merge(other)
	l := h.Summary()
	near := func(name string, got time.Duration, want int64) {
		if diff := int64(got) - want; diff > want/1000 || diff < -want/1000 {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
	near("p50", l.P50, 501*1_000_003)
	near("p99", l.P99, 991*1_000_003)
	near("p99.9", l.P999, 1000*1_000_003)
	if want := (500500*1_000_003 + int64(2*time.Hour)) / 1001; int64(l.Mean) != want || l.Max != 2*time.Hour {
		t.Errorf("mean %d, max %v; want %d, 2h", l.Mean, l.Max, want)
	}
}

func TestTheDistributionRisesToTheMaximum(t *testing.T) {
	h := NewHistogram()
	if h.Quantiles() != nil || h.Summary() != (Summary{}) {
		t.Error("an empty histogram has a distribution")
	}
	for i := range int64(1000) {
		h.Record((i + 1) * 1000)
	}
	all := h.Quantiles()
	if !slices.IsSortedFunc(all, func(a, b Quantile) int { return int(a.Value - b.Value) }) || len(all) != 3*perNine+2 {
		t.Errorf("%d points: %v", len(all), all)
	}
	if first, nine, last := all[0], all[perNine], all[len(all)-1]; first.Below != 0 || first.Value > 1001 || last != (Quantile{1, time.Millisecond}) ||
		nine.Below != .9 || nine.Value < 900_000 || nine.Value > 901_000 {
		t.Errorf("first %v, 90 %% %v, last %v", first, nine, last)
	}
}

func TestALatencyThatIsRecordedSeveralTimesCountsAsOften(t *testing.T) {
	once, several, over := NewHistogram(), NewHistogram(), NewTimeline()
	for range 7 {
		once.Record(12_345)
	}
	several.RecordN(12_345, 7)
	over.RecordN(0, 12_345, 7)
	if once.Summary() != several.Summary() || several.Count() != 7 || over.Steps(1)[0].Count != 7 {
		t.Errorf("got %+v and %+v", several.Summary(), over.Steps(1))
	}
}

// The percentiles of a timeline are at most 6 % too high, whatever the latency.
func TestATimelineTellsEachLatency(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		ns := random.Int64() >> random.IntN(63)
		l := NewTimeline()
		l.RecordN(0, ns, 100)
		l.RecordN(0, math.MaxInt64, 1)
		if got := int64(l.Steps(1)[0].P50); got < ns || float64(got) > 1.0625*float64(ns)+1 {
			t.Fatalf("%d ns are told as %d", ns, got)
		}
	}
}

func TestATimelineOfAnyLengthLosesNoReply(t *testing.T) {
	for _, lasted := range []time.Duration{time.Second, 32 * time.Second, time.Minute, 5 * time.Hour} {
		a, b := NewTimeline(), NewTimeline()
		const n = 1000
		for i := range n {
			at := int64(lasted) / n * int64(i)
			if i%3 == 0 && i < n/2 { // b is shorter, and coarser at the end of a
				b.RecordN(at, int64(i), 1)
			} else {
				a.RecordN(at, int64(i), 1)
			}
		}
		b.Merge(a)
		steps := b.Steps(lasted)
		var count int64
		for i, s := range steps {
			count += s.Count
			if i > 0 && s.At != steps[i-1].At+steps[i-1].Length {
				t.Fatalf("%v: step %d begins at %v", lasted, i, s.At)
			}
			if s.P50 > s.P99 || s.P99 > s.Max {
				t.Errorf("%v: step %+v", lasted, s)
			}
		}
		last := steps[len(steps)-1]
		if count != n || len(steps) > slots || last.At+last.Length != lasted || last.Max != n-1 {
			t.Errorf("%v: %d replies in %d steps, the last %+v", lasted, count, len(steps), last)
		}
		if lasted > 16*time.Second && len(steps) < slots/2 {
			t.Errorf("%v: only %d steps", lasted, len(steps))
		}
	}
}

func TestStepsInWhichNothingCameAreThere(t *testing.T) {
	l := NewTimeline()
	l.RecordN(0, 5, 1)
	l.RecordN(-1, 5, 1)
	if got := l.Steps(time.Second); len(got) != 4 || got[0].Count != 2 || got[3] != (Step{At: 750 * time.Millisecond, Length: 250 * time.Millisecond}) {
		t.Errorf("got %+v", got)
	}
	if got := NewTimeline().Steps(time.Hour); len(got) != 0 {
		t.Errorf("got %+v of nothing", got)
	}
}

func TestRecordingAllocatesNothing(t *testing.T) {
	h, l, now := NewHistogram(), NewTimeline(), int64(0)
	if n := testing.AllocsPerRun(1000, func() {
		now += int64(100 * time.Millisecond)
		h.Record(now)
		l.RecordN(now, 12345, 1)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestJSONComesBackAsItWas(t *testing.T) {
	type all struct {
		S Summary
		Q []Quantile
		T []Step
	}
	want := all{
		Summary{1, 2, 3_000, 4_567_891, 5, time.Hour},
		[]Quantile{{0, 1}, {.999, 12_345}},
		[]Step{{250 * time.Millisecond, time.Second, 7, 1, 2, 3_000_000_000}},
	}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got all
	if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s came back as %+v: %v", b, got, err)
	}
}

func BenchmarkRecord(b *testing.B) {
	h, l, ns := NewHistogram(), NewTimeline(), int64(0)
	b.ReportAllocs()
	for b.Loop() {
		ns += 997
		h.Record(ns % 1_000_000)
		l.RecordN(0, ns%1_000_000, 1)
	}
}
