package compare

import (
	"math"
	"math/rand/v2"
	"testing"
)

// noisy is n figures around a mean with some relative noise.
func noisy(r *rand.Rand, n int, mean, noise float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = mean * math.Exp(noise*r.NormFloat64())
	}
	return v
}

func verdicts(n int, ratio, noise float64) map[Verdict]int {
	all := map[Verdict]int{}
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 1))
		all[Paired(noisy(r, n, 1000, noise), noisy(r, n, 1000*ratio, noise), true, .05).Verdict]++
	}
	return all
}

func TestEqualVariantsAreRarelyCalledDifferent(t *testing.T) {
	for _, n := range []int{3, 5, 20} {
		if v := verdicts(n, 1, .02); v[Better]+v[Worse] > 75 { // 50 of 1000 are expected at 95 %
			t.Errorf("%d pairs: %v", n, v)
		}
	}
	if v := verdicts(10, 1, .02); v[Same] < 900 {
		t.Errorf("ten pairs of equal variants with 2 %% of noise: %v", v)
	}
}

func TestAClearDifferenceIsFoundAndCalledByItsSide(t *testing.T) {
	if v := verdicts(5, 1.2, .02); v[Better] < 990 {
		t.Errorf("20 %% more with 2 %% of noise: %v", v)
	}
	if v := verdicts(5, .8, .02); v[Worse] < 990 {
		t.Errorf("20 %% less with 2 %% of noise: %v", v)
	}
	if r := Paired([]float64{10, 11, 10}, []float64{20, 22, 21}, false, .05); r.Verdict != Worse {
		t.Errorf("twice as much of what should be little: %+v", r)
	}
}

func TestNoiseLeavesEqualVariantsUnresolved(t *testing.T) {
	if v := verdicts(3, 1, .3); v[Unresolved] < 900 {
		t.Errorf("three pairs with 30 %% of noise: %v", v)
	}
}

// With two degrees of freedom the 97.5 % quantile of Student's t is 4.3027.
func TestTheIntervalIsThatOfStudentsT(t *testing.T) {
	r := Paired([]float64{1, 1, 1}, []float64{math.E, math.Exp(2), math.Exp(3)}, true, .05)
	half := 4.302653 / math.Sqrt(3)
	for _, c := range [][2]float64{{r.Mean, 2}, {r.Interval.Low, 2 - half}, {r.Interval.High, 2 + half}} {
		if math.Abs(math.Log(c[0])-c[1]) > 1e-5 {
			t.Errorf("got e^%v, want e^%v", math.Log(c[0]), c[1])
		}
	}
}

func TestOnePairProvesNothing(t *testing.T) {
	if r := Paired([]float64{1}, []float64{9}, true, .05); r.Interval != nil || r.Verdict != Unresolved || r.Pairs != 1 || math.Abs(r.Mean-9) > 1e-9 {
		t.Errorf("got %+v", r)
	}
}

func TestPairingTakesOutWhatHarmsBoth(t *testing.T) {
	base, other := []float64{100, 10, 1000, 50}, []float64{110, 11, 1101, 55}
	if r := Paired(base, other, true, .05); r.Verdict != Better || r.Interval.High > 1.11 {
		t.Errorf("a tenth more in each of four uneven rounds: %+v %+v", r, r.Interval)
	}
}

func TestVerdictsAreJudgedByIntervalAndBound(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		more      bool
		want      Verdict
	}{
		{.97, 1.03, true, Same},
		{.94, 1.03, true, Unresolved},
		{.97, 1.06, false, Unresolved},
		{1.01, 1.02, true, Better},
		{1.01, 1.02, false, Worse},
		{.5, .9, true, Worse},
		{.5, .9, false, Better},
		{1, 1, true, Same},
	} {
		if got := judge(&Interval{c.low, c.high}, c.more, .05); got != c.want {
			t.Errorf("%v to %v, more %v: %s, want %s", c.low, c.high, c.more, got, c.want)
		}
	}
}
