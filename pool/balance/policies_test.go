package balance_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/balance/balancetest"
)

var update = flag.Bool("update", false, "write what is so now into testdata")

// policies are all there are, and what each promises beyond the contract.
var policies = []struct {
	name   string
	policy balance.Policy
	traits balancetest.Traits
}{
	{"round robin", balance.RoundRobin(), balancetest.Traits{Unweighted: true}},
	{"weighted", balance.Weighted(), balancetest.Traits{}},
	{"least connections", balance.LeastConn(), balancetest.Traits{}},
	{"p2c", balance.P2C(), balancetest.Traits{}},
	{"peak ewma", balance.PeakEWMA(), balancetest.Traits{}},
	{"random", balance.Random(), balancetest.Traits{}},
	{"maglev", balance.Maglev(), balancetest.Traits{ByKey: true, Moves: 0.02}},
	{"small maglev", balance.Maglev(balance.Table(1009)), balancetest.Traits{ByKey: true, Moves: 0.05}},
	{"ring", balance.Ring(), balancetest.Traits{ByKey: true, Tolerance: 0.15}},
	{"bounded ring", balance.Ring(balance.Bound(1.25)), balancetest.Traits{ByKey: true, Tolerance: 0.15}},
	{"ketama", balance.Ketama(), balancetest.Traits{ByKey: true, Tolerance: 0.3}},
	{"rendezvous", balance.Rendezvous(), balancetest.Traits{ByKey: true}},
	{"ip hash", balance.IPHash(), balancetest.Traits{ByKey: true, Moves: 0.02}},
	{"sticky", balance.Sticky(time.Hour, balance.P2C(), balance.Clients(1<<18)), balancetest.Traits{ByKey: true, Remembers: true}},
	{"zones", balance.Zones("near", "here", balance.P2C()), balancetest.Traits{}},
	{"zones by key", balance.Zones("near", "here", balance.Maglev(balance.Table(4093))), balancetest.Traits{ByKey: true, Moves: 0.05}},
}

func TestPoliciesKeepTheContract(t *testing.T) {
	for _, p := range policies {
		t.Run(p.name, func(t *testing.T) { balancetest.Run(t, p.policy, p.traits) })
	}
}

func TestPicksAreThoseOfTheTraces(t *testing.T) {
	for _, p := range policies {
		file := filepath.Join("testdata", "traces", strings.ReplaceAll(p.name, " ", "-")+".txt")
		got := balancetest.Trace(t, p.policy, 42, 40)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: the picks are not those of %s; go test -update writes them", p.name, file)
		}
	}
}
