package balance_test

import (
	"math"
	"net/netip"
	"slices"
	"testing"

	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/balance/balancetest"
)

func TestKeysDoNotDependOnTheOrderOfTheList(t *testing.T) {
	for _, p := range []balance.Policy{balance.Maglev(), balance.Ring(), balance.Ketama(), balance.Rendezvous(), balance.IPHash()} {
		backends := balancetest.Backends(1, 2, 1, 3, 1)
		r := newRig(t, p, balance.Options{Seed: 1}, backends...)
		slices.Reverse(backends)
		reversed := newRig(t, p, balance.Options{Seed: 2}, backends...)
		for key := range uint64(5000) {
			key *= 0x9e3779b97f4a7c15
			a, b := r.pick(balance.Request{Key: key}), reversed.pick(balance.Request{Key: key})
			if a.Name != b.Name {
				t.Fatalf("%v: the key %d is at %s, or at %s when the list is reversed", p, key, a.Name, b.Name)
			}
		}
	}
}

// When only one of a thousand is up, whoever asks finds it.
func TestTheLastOneIsFound(t *testing.T) {
	for _, p := range []balance.Policy{balance.Maglev(), balance.Ring(), balance.Ring(balance.Bound(1.1)), balance.Ketama(), balance.Rendezvous()} {
		var backends []balance.Backend
		for i := range 300 {
			backends = append(backends, balance.Backend{Address: string(rune('A' + i))})
		}
		r := newRig(t, p, balance.Options{Panic: balance.NoPanic}, backends...)
		for _, m := range r.Members()[2:] {
			m.SetUp(false)
		}
		last, other := r.Members()[0], r.Members()[1]
		for key := range uint64(200) {
			if m := r.pick(balance.Request{Key: key * 0x9e3779b97f4a7c15, Avoid: other}); m != last {
				t.Fatalf("%v: %s was picked", p, m.Name)
			}
		}
	}
}

// No member of a bounded ring has more in flight than its bound, though half of the requests have the same key.
func TestTheRingBoundsTheLoad(t *testing.T) {
	const bound = 1.25
	r := newRig(t, balance.Ring(balance.Bound(bound)), balance.Options{}, balancetest.Backends(1, 2, 1, 1, 3)...)
	var first *balance.Member
	elsewhere := 0
	for i := range 4000 {
		key := uint64(42)
		if i%2 == 1 {
			key = uint64(i)
		}
		m := r.pick(balance.Request{Key: key})
		m.Begin()
		if first == nil {
			first = m
		}
		if key == 42 && m != first {
			elsewhere++
		}
		if most := math.Ceil(bound * float64(i+1) * m.Weight() / 8); float64(m.InFlight()) > most {
			t.Fatalf("%s has %d of %d in flight, and %v are its bound", m.Name, m.InFlight(), i+1, most)
		}
	}
	if elsewhere == 0 {
		t.Error("half of all requests fit one member")
	}
}

func TestAddrKeysTellHostsApart(t *testing.T) {
	key := func(s string) uint64 { return balance.AddrKey(netip.MustParseAddr(s)) }
	if key("192.0.2.1") != key("::ffff:192.0.2.1") {
		t.Error("an IPv4 address differs from itself mapped into IPv6")
	}
	if key("2001:db8::1") != key("2001:db8::2:3") {
		t.Error("two addresses of one host differ")
	}
	seen := map[uint64]string{}
	for _, s := range []string{"192.0.2.1", "192.0.2.2", "192.0.3.1", "2001:db8::", "2001:db8:0:1::", "::", "0.0.0.0"} {
		if other, ok := seen[key(s)]; ok {
			t.Errorf("%s and %s have the same key", s, other)
		}
		seen[key(s)] = s
	}
}

func TestPoliciesHaveNames(t *testing.T) {
	for want, p := range map[string]balance.Policy{
		"maglev":                                        balance.Maglev(),
		"maglev, table 1009":                            balance.Maglev(balance.Table(1009)),
		"ring, points 10, bound 1.25":                   balance.Ring(balance.Points(10), balance.Bound(1.25)),
		"peak ewma, decay 1s":                           balance.PeakEWMA(1e9),
		"sticky 1m0s over p2c":                          balance.Sticky(60e9, balance.P2C()),
		"zone a, region r over random":                  balance.Zones("a", "r", balance.Random()),
		"ketama over groups, least connections in them": balance.Groups(balance.Ketama(), balance.LeastConn()),
	} {
		if got := p.String(); got != want {
			t.Errorf("%q is not %q", got, want)
		}
	}
}

func TestMorePointsMakeAnEvenRing(t *testing.T) {
	r := newRig(t, balance.Ring(balance.Points(10_000)), balance.Options{}, balancetest.Backends(1, 2, 4, 1)...)
	for _, m := range r.Members() {
		got := r.share(100_000, func(other *balance.Member) bool { return other == m })
		if due := m.Weight() / 8; got < due*.97 || got > due*1.03 {
			t.Errorf("%s got %.4f of the keys, and %.4f are due", m.Name, got, due)
		}
	}
}
