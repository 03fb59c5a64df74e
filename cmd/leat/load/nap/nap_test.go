package nap

import (
	"testing"
	"time"
)

func BenchmarkNap(b *testing.B) {
	n := New(true)
	defer n.Close()
	b.ReportAllocs()
	for b.Loop() {
		n.Sleep(20 * time.Microsecond)
	}
}

func TestANapLastsAtLeastItsTime(t *testing.T) {
	for _, kernel := range []bool{true, false} {
		n := New(kernel)
		for _, d := range []time.Duration{time.Microsecond, 100 * time.Microsecond, 5 * time.Millisecond} {
			for range 20 {
				began := time.Now()
				if n.Sleep(d); time.Since(began) < d {
					t.Errorf("kernel %v: a nap of %v took %v", kernel, d, time.Since(began))
				}
			}
		}
		n.Close()
	}
}
