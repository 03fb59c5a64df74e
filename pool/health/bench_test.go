package health_test

import (
	"testing"
	"time"

	"github.com/leat-io/leat/pool/health"
)

// What a request pays, where all is well.

func BenchmarkBreaker(b *testing.B) {
	k := must(health.NewBreaker(health.BreakerOptions{}))
	b.Run("goroutines=1", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p, _ := k.Allow()
			k.Done(p, health.Success)
		}
	})
	b.Run("goroutines=2", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(1)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				p, _ := k.Allow()
				k.Done(p, health.Success)
			}
		})
	})
}

func BenchmarkBreakerOpen(b *testing.B) {
	k := must(health.NewBreaker(health.BreakerOptions{InARow: 1, Open: health.Backoff{Min: time.Hour, Max: time.Hour}}))
	p, _ := k.Allow()
	k.Done(p, health.Failure)
	b.ReportAllocs()
	for b.Loop() {
		k.Allow()
	}
}

func BenchmarkOutlierReport(b *testing.B) {
	o := must(health.NewOutlier(health.OutlierOptions{}))
	r := o.Add("a", new(lamp))
	b.ReportAllocs()
	for b.Loop() {
		r.Report(123*time.Microsecond, false)
	}
}

func BenchmarkLatencyObserve(b *testing.B) {
	l := must(health.NewLatency(health.LatencyOptions{}))
	must(health.NewTimeout(l, health.TimeoutOptions{}))
	b.ReportAllocs()
	d := time.Duration(1)
	for b.Loop() {
		d = (d*5 + 12345) & (1<<20 - 1)
		l.Observe(d)
	}
}

func BenchmarkTimeoutValue(b *testing.B) {
	l := must(health.NewLatency(health.LatencyOptions{}))
	t := must(health.NewTimeout(l, health.TimeoutOptions{}))
	for range 1000 {
		l.Observe(time.Millisecond)
	}
	b.ReportAllocs()
	for b.Loop() {
		t.Value()
	}
}

func BenchmarkBudgetDeposit(b *testing.B) {
	g := must(health.NewBudget(health.BudgetOptions{}))
	b.ReportAllocs()
	for b.Loop() {
		g.Deposit()
	}
}

func BenchmarkBudgetWithdraw(b *testing.B) {
	g := must(health.NewBudget(health.BudgetOptions{PerSecond: 1e9}))
	b.ReportAllocs()
	for b.Loop() {
		g.Withdraw()
	}
}
