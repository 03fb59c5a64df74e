package balancetest

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/leat-io/leat/pool/balance"
)

// A broken policy picks by a function.
type broken func(members []*balance.Member, r balance.Request) *balance.Member

func (broken) String() string { return "broken" }

func (p broken) Build(members []*balance.Member, _ uint64) balance.Picker {
	return brokenPicker{p, members}
}

type brokenPicker struct {
	policy  broken
	members []*balance.Member
}

func (p brokenPicker) Pick(r balance.Request) *balance.Member { return p.policy(p.members, r) }

// A watch is told of a test's failures and survives them.
type watch struct {
	testing.TB
	mu   sync.Mutex
	said string
}

func (w *watch) Helper() {}

func (w *watch) Error(args ...any) { w.say(fmt.Sprintln(args...)) }

func (w *watch) Errorf(format string, args ...any) { w.say(fmt.Sprintf(format, args...)) }

func (w *watch) Fatal(args ...any) {
	w.Error(args...)
	runtime.Goexit()
}

func (w *watch) Fatalf(format string, args ...any) {
	w.Errorf(format, args...)
	runtime.Goexit()
}

func (w *watch) say(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said += s
}

// failure is what a check says about a policy.
func failure(t *testing.T, name string, p balance.Policy) string {
	t.Helper()
	for _, c := range checks {
		if c.name == name {
			w := &watch{TB: t}
			done := make(chan struct{})
			go func() {
				defer close(done)
				c.run(w, p, Traits{Tolerance: 0.03})
			}()
			<-done
			return w.said
		}
	}
	t.Fatalf("there is no check %s", name)
	return ""
}

// right keeps the contract, at some cost: any that is available and not to be avoided, by chance.
func right(members []*balance.Member, r balance.Request) *balance.Member {
	return choose(members, r, func(m *balance.Member) bool { return m.Available() })
}

func choose(members []*balance.Member, r balance.Request, may func(*balance.Member) bool) *balance.Member {
	total := 0.0
	for _, m := range members {
		if may(m) && m != r.Avoid {
			total += m.Weight()
		}
	}
	x := rand.Float64() * total
	for _, m := range members {
		if may(m) && m != r.Avoid {
			if x -= m.Weight(); x < 0 {
				return m
			}
		}
	}
	if r.Avoid != nil && may(r.Avoid) {
		return r.Avoid
	}
	return nil
}

func TestTheSuiteNoticesWhatIsBroken(t *testing.T) {
	turns := 0
	for name, p := range map[string]broken{
		"DistributesByWeight": func(members []*balance.Member, r balance.Request) *balance.Member {
			return members[r.Key%uint64(len(members))]
		},
		"PicksOnlyWhatIsAvailable": func(members []*balance.Member, r balance.Request) *balance.Member {
			return choose(members, r, func(m *balance.Member) bool { return m.Up() })
		},
		"DrainedMembersGetNothing": func(members []*balance.Member, r balance.Request) *balance.Member {
			return choose(members, r, func(m *balance.Member) bool { return true })
		},
		"UsesAllInPanic": func(members []*balance.Member, r balance.Request) *balance.Member {
			return choose(members, r, func(m *balance.Member) bool { return m.Available() && m.Up() })
		},
		"AvoidsWhereThereIsAnother": func(members []*balance.Member, _ balance.Request) *balance.Member {
			return right(members, balance.Request{})
		},
		"StartsSlowly": right, // it knows only whole weights
		"GivesNothingWhenAllAreDown": func(members []*balance.Member, _ balance.Request) *balance.Member {
			return members[0]
		},
		"AKeyKeepsItsMember":       right,
		"EqualSeedsGiveEqualPicks": right,
		"SetsOfOnePolicyAreApart": func(members []*balance.Member, r balance.Request) *balance.Member {
			turns++ // of all sets together
			return members[turns%len(members)]
		},
		"AllocatesNothing": func(members []*balance.Member, r balance.Request) *balance.Member {
			return right(append([]*balance.Member(nil), members...), r)
		},
	} {
		if name == "AllocatesNothing" && raceEnabled {
			continue
		}
		if failure(t, name, p) == "" {
			t.Errorf("%s found nothing wrong", name)
		}
	}
}

func TestTheSuiteAcceptsWhatIsRight(t *testing.T) {
	for _, name := range []string{"DistributesByWeight", "DistributesWhatRemains", "FollowsANewWeight", "PicksOnlyWhatIsAvailable",
		"UsesAllInPanic", "DrainedMembersGetNothing", "AvoidsWhereThereIsAnother"} {
		if said := failure(t, name, broken(right)); said != "" {
			t.Errorf("%s: %s", name, said)
		}
	}
}
