package profile

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func mustParse(t testing.TB, s string) Profile {
	t.Helper()
	p, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAProfileIsReadAndWrittenAgain(t *testing.T) {
	for s, want := range map[string]string{
		"ramp 0-50000 10s, hold 50000 30s, spike 80000 5s": "ramp 0-50000 10s, hold 50000 30s, spike 80000 5s",
		" hold\t50k 1m30s ":                       "hold 50000 1m30s",
		"warm 1e3 1s,hold 2.5 500ms":              "warm 1000 1s, hold 2.5 500ms",
		"ramp 1e-1-2e3 1s,hold 0 2s,ramp 10-0 1s": "ramp 0.1-2000 1s, hold 0 2s, ramp 10-0 1s",
	} {
		if got := mustParse(t, s).String(); got != want {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
	}
}

func TestWhatCannotBeReadIsShownWithItsPlace(t *testing.T) {
	for s, want := range map[string]string{
		"":                               "at character 1: there are no phases",
		"hold 1 1s,":                     "at character 11: a phase is missing",
		"hold 1 1s, jump 2 1s":           `at character 12: "jump" is none of warm, ramp, hold, spike`,
		"hold 1":                         "at character 7: hold takes a rate in requests a second and a duration: hold R D",
		"ramp 1-2 1s 3s":                 "at character 13: ramp takes two rates such as 0-50000 and a duration: ramp A-B D",
		"ramp 100 1s":                    `at character 6: "100" is not two rates such as 0-50000`,
		"ramp 1-x 1s":                    `at character 8: "x" is not a rate from 0 to 1e9 requests a second`,
		"hold -1 1s":                     `at character 6: "-1" is not a rate`,
		"hold NaN 1s":                    `"NaN" is not a rate`,
		"hold 2e9 1s":                    `"2e9" is not a rate`,
		"hold 1 10":                      `at character 8: "10" is not a duration above 0 with its unit, such as 10s`,
		"hold 1 0s":                      `at character 8: "0s"`,
		"hold 1 1s, warm 1 1s":           "at character 12: warm comes before all other phases",
		"warm 1 1s":                      "at character 10: there are only warm phases",
		"hold 0 1s":                      "no phase has a rate above 0",
		"hold 1 8784h,hold 1 1ns":        "at character 14: the phases take longer than 8784h0m0s",
		"hold 1e9 8784h":                 "more than 9007199254740992",
		strings.Repeat("hold 1 1s,", 33): "there are more than 32 phases",
	} {
		_, err := Parse(s)
		if at, ok := errors.AsType[*Error](err); !ok || at.Offset > len(s) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want it to contain %s", s, err, want)
		}
	}
}

func TestWarmPhasesAreNotCountedAndTheLengthIsThatOfAll(t *testing.T) {
	p := mustParse(t, "warm 1 1s, warm 5 2s, hold 1 4s")
	if p.Warmup() != 3*time.Second || p.Length() != 7*time.Second {
		t.Errorf("warm-up %v, length %v", p.Warmup(), p.Length())
	}
}

// The number of requests due before any time is the integral of the rate, rounded up.
func TestAScheduleHasExactlyTheIntegralOfItsRate(t *testing.T) {
	for text, want := range map[string]int64{
		"hold 1000 1s": 1000,
		"ramp 0-50000 10s, hold 50000 30s, spike 80000 5s": 250_000 + 1_500_000 + 400_000,
		"ramp 100-0 2s":                     100,
		"hold 10 1s, hold 0 5s, hold 10 1s": 20,
		"hold 0.5 1s, hold 0.5 1s":          1,
		"hold 3 1s, hold 0 3s":              3,
		"ramp 0-1 1s":                       1, // of half a request the first is due at once
	} {
		s := NewSchedule(mustParse(t, text))
		if got := s.First(s.End()); got != want {
			t.Errorf("%s: %d requests, want %d", text, got, want)
		}
	}
}

func TestRequestsOfARampComeEverFaster(t *testing.T) {
	s := NewSchedule(mustParse(t, "hold 10 1s, ramp 0-100 2s"))
	for i, want := range map[int64]float64{0: 0, 9: .9, 10: 1, 35: 2, 110: 3} { // 100 t²/4 requests after t seconds
		if got := float64(s.Due(i)) / 1e9; math.Abs(got-want) > 1e-8 {
			t.Errorf("request %d is due at %v s, want %v", i, got, want)
		}
	}
	last, gap := int64(1e9), int64(math.MaxInt64)
	for i := int64(11); i < 110; i++ {
		due := s.Due(i)
		if due-last > gap {
			t.Fatalf("request %d comes %d ns after the one before, which came after %d", i, due-last, gap)
		}
		last, gap = due, due-last
	}
}

func TestARequestBelongsToThePhaseInWhichItIsDue(t *testing.T) {
	s := NewSchedule(mustParse(t, "hold 10 1s, hold 0 2s, hold 100 1s"))
	if due := s.Due(10); due != 3e9 || s.Phase(due) != 2 || s.Phase(due-1) != 1 || s.Phase(0) != 0 || s.Phase(9e9) != 2 {
		t.Errorf("request 10 is due at %d", due)
	}
	if s.Due(110) < s.End() || s.Due(1<<60) < s.End() {
		t.Error("there are more requests than the profile has")
	}
}

func TestAConstantScheduleHasNoEnd(t *testing.T) {
	s := Constant(1000)
	if s.Due(1_000_000) != 1e12 || s.First(1e12) != 1_000_000 || s.Phase(1e15) != 0 || s.End() != math.MaxInt64 {
		t.Errorf("request 1 000 000 is due at %d", s.Due(1_000_000))
	}
	if s.Due(math.MaxInt64) != math.MaxInt64 {
		t.Errorf("the last request is due at %d", s.Due(math.MaxInt64))
	}
}

// What parses is written and parsed to the same, and its schedule is in order, begins at once and agrees with the integral.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"ramp 0-50000 10s, hold 50000 30s, spike 80000 5s", "warm 1 1s,hold 0 1s,ramp 5-0 1ms", "hold 1e9 1ns", "ramp 1e-1-2 3s",
		"hold 1", "ramp --1 s", ",,", "hold 50k 1h,", "ramp 0-0 1s,hold 1e-9 1ns",
		"hold 0 8783h,hold 1e9 9ns", "hold 0 5010h3ns,hold 8e8 7ns,hold 1e9 5ns",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err != nil {
			if at, ok := errors.AsType[*Error](err); !ok || at.Offset < 0 || at.Offset > len(s) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		again, err := Parse(p.String())
		if err != nil || again.String() != p.String() {
			t.Fatalf("%q is written as %q, which is read as %q: %v", s, p, again, err)
		}
		schedule := NewSchedule(p)
		total := schedule.First(schedule.End())
		sum := 0.
		for _, phase := range p {
			sum += phase.requests()
		}
		if math.Abs(float64(total)-math.Ceil(sum)) > 1+sum*1e-12 {
			t.Fatalf("%q: %d requests, the integral is %v", s, total, sum)
		}
		last := int64(0)
		for i := range min(total, 1000) {
			due := schedule.Due(i)
			if due < last || due >= schedule.End() {
				t.Fatalf("%q: request %d is due at %d, after %d", s, i, due, last)
			}
			last = due
		}
	})
}
