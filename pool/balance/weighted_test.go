package balance_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/balance/balancetest"
)

// round is the order of n picks, turned so that it begins with the first of two picks of a in a row.
func round(r *rig, n int) string {
	s := r.picks(2 * n)
	i := strings.Index(s, "aa")
	return s[i : i+n]
}

func TestWeightedTakesTheTurnsOfNginx(t *testing.T) {
	r := newRig(t, balance.Weighted(), balance.Options{}, balancetest.Backends(5, 1, 1)...)
	if got := round(r, 7); got != "aabacaa" && got != "aaaabac" { // where it begins is due to the seed
		t.Errorf("the turns are %s", got)
	}
	r = newRig(t, balance.Weighted(), balance.Options{}, balancetest.Backends(0.5, 0.25, 0.25)...)
	got := r.picks(4000)
	if n := strings.Count(got, "a"); n != 2000 {
		t.Errorf("a of half the weight had %d turns of 4000", n)
	}
	if strings.Contains(got, "bb") || strings.Contains(got, "cc") || strings.Contains(got, "aaa") {
		t.Error("the turns are not spread")
	}
}

func TestARoundIsBounded(t *testing.T) {
	r := newRig(t, balance.Weighted(), balance.Options{}, balancetest.Backends(1e9, 1e9-1, 1)...)
	count := map[string]int{}
	for _, name := range strings.Split(r.picks(50_000), "") {
		count[name]++
	}
	if count["c"] == 0 || count["c"] > 5 || max(count["a"]-count["b"], count["b"]-count["a"]) > 5 {
		t.Errorf("the turns are %v", count)
	}
	var many []balance.Backend
	for i := range 1000 {
		many = append(many, balance.Backend{Address: strings.Repeat("x", i+1), Weight: 1 + float64(i%7)/8})
	}
	r = newRig(t, balance.Weighted(), balance.Options{}, many...)
	seen := map[*balance.Member]bool{}
	for range 16 * 1000 {
		seen[r.pick(balance.Request{})] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d of 1000 members had a turn", len(seen))
	}
}

func TestRoundRobinGoesRound(t *testing.T) {
	r := newRig(t, balance.RoundRobin(), balance.Options{}, balancetest.Backends(9, 1, 1)...)
	s := strings.Split(r.picks(3), "")
	slices.Sort(s)
	if got := strings.Join(s, ""); got != "abc" {
		t.Errorf("three turns were of %s", got)
	}
}
