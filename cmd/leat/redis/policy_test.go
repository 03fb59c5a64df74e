package redis

import (
	"testing"

	"github.com/leat-io/leat/pool/balance"
)

func picks(t *testing.T, s *balance.Set, r balance.Request) map[string]int {
	t.Helper()
	seen := map[string]int{}
	for range 300 {
		m, err := s.Pick(r)
		if err != nil {
			seen["none"]++
		} else {
			seen[m.Name]++
		}
	}
	return seen
}

func TestAShardIsServedByItsOwnServers(t *testing.T) {
	shards := shardsOf("x", "y")
	shards[0].Replicas = []Server{{Name: "r1", Address: "unix:r1", Zone: "near"}, {Name: "r2", Address: "unix:r2"}}
	first, second := idOf("s0"), idOf("s1")
	only := func(name string) map[string]int { return map[string]int{name: 300} }
	same := func(what string, got, want map[string]int) {
		t.Helper()
		for name, n := range want {
			if got[name] != n || len(got) != len(want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
	}
	for _, from := range []ReadFrom{FromPrimary, FromReplica, FromAny, FromNearest} {
		inner := balance.P2C()
		if from == FromNearest {
			inner = balance.Zones("near", "", inner)
		}
		s, err := balance.NewSet(ByShard(from, inner), Backends(shards), balance.Options{Panic: balance.NoPanic, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		read := balance.Request{Key: first, Read: true}
		same("writes", picks(t, s, balance.Request{Key: first}), only("s0"))
		same("writes of the other", picks(t, s, balance.Request{Key: second}), only("s1"))
		same("reads of one without replicas", picks(t, s, balance.Request{Key: second, Read: true}), only("s1"))
		same("a shard that is not there", picks(t, s, balance.Request{Key: 1}), only("none"))
		got := picks(t, s, read)
		switch from {
		case FromPrimary:
			same("reads from the primary", got, only("s0"))
		case FromReplica:
			if len(got) != 2 || got["r1"] == 0 || got["r2"] == 0 {
				t.Errorf("reads from replicas: %v", got)
			}
		case FromAny:
			if len(got) != 3 {
				t.Errorf("reads from any: %v", got)
			}
		case FromNearest:
			if got["r1"] < 250 { // its zone has a third of the weight and is all there
				t.Errorf("reads from the nearest: %v", got)
			}
		}
		s.Member("r1").SetUp(false)
		s.Member("r2").SetUp(false)
		same("reads without replicas", picks(t, s, read), only("s0"))
		s.Member("s0").SetUp(false)
		same("reads with nobody", picks(t, s, read), only("none"))
		s.Member("r2").SetUp(true)
		same("writes without the primary", picks(t, s, balance.Request{Key: first}), only("none"))
		if from != FromPrimary {
			same("reads without the primary", picks(t, s, read), only("r2"))
		}
	}
}

// The keys of a primary that is down go to others and come back, and no other key moves.
func TestKeysOfAServerThatIsDownGoToOthersOfACache(t *testing.T) {
	for distribution := range Distributions {
		r, err := NewRouting(shardsOf("a", "b", "c"), Keys{Hash: "xxhash", Distribution: distribution}, "")
		if err != nil {
			t.Fatal(err)
		}
		where := func() (all []int) {
			for i := range 500 {
				all = append(all, r.of([]byte{byte(i), byte(i >> 8)}).index)
			}
			return all
		}
		before := where()
		r.Follow(func(name string) bool { return name != "s1" })
		moved := 0
		for i, at := range where() {
			switch {
			case at == 1:
				t.Fatalf("%s: a key is on a server that is down", distribution)
			case before[i] != at && before[i] != 1:
				moved++
			}
		}
		if moved > 0 && distribution != "modula" && distribution != "maglev" || moved > 50 && distribution == "maglev" {
			t.Errorf("%s: %d keys of servers that are up have moved", distribution, moved)
		}
		r.Follow(func(string) bool { return true })
		for i, at := range where() {
			if at != before[i] {
				t.Fatalf("%s: a key did not come back", distribution)
			}
		}
		r.Follow(func(string) bool { return false })
		where() // somebody, who will say that he is down
	}
}

func TestModulaIsInProportionToTheWeights(t *testing.T) {
	shards := shardsOf("a", "b")
	shards[1].Weight = 3
	r, err := NewRouting(shards, Keys{Hash: "crc32a", Distribution: "modula"}, "")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i := range 4000 {
		n += r.of([]byte{byte(i), byte(i >> 8)}).index
	}
	if n < 2900 || n > 3100 {
		t.Errorf("of 4000 keys %d are on a server with three quarters of the weight", n)
	}
}

func TestARoutingThatCannotWorkIsRefused(t *testing.T) {
	good := Keys{Hash: "md5", Distribution: "ring"}
	for _, c := range []struct {
		shards   []Shard
		keys     Keys
		channels string
	}{
		{nil, good, ""}, {shardsOf("a"), Keys{Hash: "x", Distribution: "ring"}, ""}, {shardsOf("a"), Keys{Hash: "md5", Distribution: "x"}, ""},
		{shardsOf("a"), Keys{Hash: "md5", Distribution: "ring", Tag: "{"}, ""}, {shardsOf("a"), good, "b"}, {append(shardsOf("a"), shardsOf("b")...), good, ""},
	} {
		if _, err := NewRouting(c.shards, c.keys, c.channels); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}
