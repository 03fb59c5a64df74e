// Package balancetest says whether a policy keeps the contract of package balance.
//
//	func TestMyPolicyKeepsTheContract(t *testing.T) { balancetest.Run(t, mine.Policy(), balancetest.Traits{}) }
//
// Every check has fixed seeds and a clock of its own, so it fails always or never. Run the suite with -race too; it does not
// count allocations then.
package balancetest

import (
	"testing"

	"github.com/leat-io/leat/pool/balance"
)

// Traits are what a policy promises beyond the contract.
type Traits struct {
	// Unweighted is that it disregards weights.
	Unweighted bool

	// Tolerance is by how much the part of a member may differ from what is due, relative to that: 0.03 if it is 0.
	Tolerance float64

	// ByKey is that a key keeps its member while that is available, and gets it again afterwards unless Remembers is set.
	ByKey bool

	// Remembers is that who a key's member is depends on what was available before.
	Remembers bool

	// Moves is the largest share of all keys that may move from one member to another when a third comes or goes. It is
	// for policies that go by key.
	Moves float64
}

// Run checks a policy. Its sets have up to nine members, none in a zone or a group.
func Run(t *testing.T, p balance.Policy, traits Traits) {
	if traits.Tolerance == 0 {
		traits.Tolerance = 0.03
	}
	for _, c := range checks {
		if c.byKey && !traits.ByKey {
			continue
		}
		t.Run(c.name, func(t *testing.T) { c.run(t, p, traits) })
	}
}

// A check takes a testing.TB so that the suite's own tests can watch it fail.
type check struct {
	name  string
	byKey bool // only for policies that go by key
	run   func(t testing.TB, p balance.Policy, traits Traits)
}

var checks = []check{
	{"DistributesByWeight", false, distributesByWeight},
	{"DistributesWhatRemains", false, distributesWhatRemains},
	{"FollowsANewWeight", false, followsANewWeight},
	{"GivesNothingWithoutMembers", false, givesNothingWithoutMembers},
	{"GivesNothingWhenAllAreDown", false, givesNothingWhenAllAreDown},
	{"PicksOnlyWhatIsAvailable", false, picksOnlyWhatIsAvailable},
	{"UsesAllInPanic", false, usesAllInPanic},
	{"DrainedMembersGetNothing", false, drainedMembersGetNothing},
	{"AvoidsWhereThereIsAnother", false, avoidsWhereThereIsAnother},
	{"StartsSlowly", false, startsSlowly},
	{"AKeyKeepsItsMember", true, aKeyKeepsItsMember},
	{"OnlyKeysOfTheDownMove", true, onlyKeysOfTheDownMove},
	{"FewKeysMoveWhenAMemberComes", true, fewKeysMoveWhenAMemberComes},
	{"FewKeysMoveWhenAMemberGoes", true, fewKeysMoveWhenAMemberGoes},
	{"EqualSeedsGiveEqualPicks", false, equalSeedsGiveEqualPicks},
	{"SetsOfOnePolicyAreApart", false, setsOfOnePolicyAreApart},
	{"PicksWhileEverythingChanges", false, picksWhileEverythingChanges},
	{"AllocatesNothing", false, allocatesNothing},
}
