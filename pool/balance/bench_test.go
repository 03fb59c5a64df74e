package balance_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/pool/balance"
)

// benchmarked are the policies, over 16 backends.
func benchmarked() []balance.Policy {
	return []balance.Policy{
		balance.RoundRobin(), balance.Weighted(), balance.LeastConn(), balance.P2C(), balance.PeakEWMA(), balance.Random(),
		balance.Maglev(), balance.Ring(), balance.Ring(balance.Bound(1.25)), balance.Ketama(), balance.Rendezvous(), balance.IPHash(),
		balance.Sticky(time.Minute, balance.P2C()), balance.Zones("a", "r", balance.P2C()), balance.Groups(balance.Maglev(), balance.P2C()),
	}
}

// sixteen is a set of backends of several weights, each with some requests in flight and a latency.
func sixteen(b *testing.B, p balance.Policy, weight func(i int) float64) *balance.Set {
	b.Helper()
	var backends []balance.Backend
	for i := range 16 {
		backends = append(backends, balance.Backend{Address: fmt.Sprintf("10.0.0.%d:80", i+1), Weight: weight(i), Zone: "a"})
	}
	s, err := balance.NewSet(p, backends, balance.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for i, m := range s.Members() {
		m.Begin()
		m.End(time.Duration(1+i)*time.Millisecond, false)
		for range 1 + i%3 {
			m.Begin()
		}
	}
	return s
}

func even(int) float64     { return 1 }
func uneven(i int) float64 { return float64(1 + i%4) }

// BenchmarkPick is a pick alone, with equal weights, and with weights of 1 to 4.
func BenchmarkPick(b *testing.B) {
	for _, p := range benchmarked() {
		for name, weight := range map[string]func(int) float64{"even": even, "uneven": uneven} {
			b.Run(p.String()+"/"+name, func(b *testing.B) {
				s := sixteen(b, p, weight)
				key := uint64(0)
				b.ReportAllocs()
				for b.Loop() {
					key += 0x9e3779b97f4a7c15
					if m, _ := s.Pick(balance.Request{Key: key}); m == nil {
						b.Fatal("nobody was picked")
					}
				}
			})
		}
	}
}

// BenchmarkPickParallel is a pick with its Begin and End, on all cores.
func BenchmarkPickParallel(b *testing.B) {
	for _, p := range benchmarked() {
		b.Run(p.String(), func(b *testing.B) {
			s := sixteen(b, p, even)
			var goroutines atomic.Uint64
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				key := goroutines.Add(1)
				for pb.Next() {
					key += 0x9e3779b97f4a7c15
					m, _ := s.Pick(balance.Request{Key: key})
					m.Begin()
					m.End(time.Millisecond, false)
				}
			})
		})
	}
}

// BenchmarkBeginEnd is what a request costs its member.
func BenchmarkBeginEnd(b *testing.B) {
	for _, p := range []balance.Policy{balance.P2C(), balance.PeakEWMA()} {
		b.Run(p.String(), func(b *testing.B) {
			m := sixteen(b, p, even).Members()[0]
			b.ReportAllocs()
			for b.Loop() {
				m.Begin()
				m.End(time.Millisecond, false)
			}
		})
	}
}

// BenchmarkApply is how long it takes until a set with one backend more is ready.
func BenchmarkApply(b *testing.B) {
	for _, p := range benchmarked() {
		b.Run(p.String(), func(b *testing.B) {
			s := sixteen(b, p, uneven)
			var backends []balance.Backend
			for _, m := range s.Members() {
				backends = append(backends, m.Backend)
			}
			for b.Loop() {
				for n := 15; n <= 16; n++ {
					if _, _, err := s.Apply(backends[:n]); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
