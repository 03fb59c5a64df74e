package sketch

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/cespare/xxhash/v2"
	"pgregory.net/rapid"

	"github.com/leat-io/leat/stage/stagetest"
)

func hash(n uint64) uint64 {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	return xxhash.Sum64(b[:])
}

// The guarantees of the paper, against exact counts.
func TestSpaceSavingKeepsItsGuarantees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(1, 40).Draw(t, "counters")
		keys := rapid.IntRange(1, 120).Draw(t, "keys")
		skew := rapid.Float64Range(1.01, 3).Draw(t, "skew")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		zipf := rand.NewZipf(rng, skew, 1, uint64(keys-1))
		s, exact := NewSpaceSaving[uint64, int](k), map[uint64]uint64{}
		// Bad hashes make runs of slots long, and the moving up of what lies behind an emptied one likely to be tried.
		bad := rapid.Bool().Draw(t, "bad hashes")
		n := rapid.IntRange(1, 3000).Draw(t, "n")
		for range n {
			key := zipf.Uint64()
			h := hash(key)
			if bad {
				h = h &^ (1<<62 - 1)
			}
			exact[key]++
			e := s.Add(h, key)
			if e.Key != key {
				t.Fatalf("Add(%d) returned the counter of %d", key, e.Key)
			}
			e.Value++
		}
		seen := map[uint64]bool{}
		s.All(func(e *Entry[uint64, int]) {
			seen[e.Key] = true
			if e.Count < exact[e.Key] || e.Count-e.Error > exact[e.Key] || e.Error > uint64(n/k) || e.Error > s.Least() {
				t.Errorf("key %d came %d times: count %d, error %d, %d added to %d counters", e.Key, exact[e.Key], e.Count, e.Error, n, k)
			}
			if uint64(e.Value) > exact[e.Key] || e.Error == 0 && uint64(e.Value) != exact[e.Key] {
				t.Errorf("key %d came %d times, and its value has seen %d", e.Key, exact[e.Key], e.Value)
			}
		})
		for key, times := range exact {
			if !seen[key] && (times > uint64(n/k) || times > s.Least()) {
				t.Errorf("key %d came %d of %d times and has none of %d counters; the least is %d", key, times, n, k, s.Least())
			}
		}
		if s.Len() != min(k, len(exact)) || len(seen) != s.Len() {
			t.Errorf("%d keys have %d of %d counters", len(exact), s.Len(), k)
		}
	})
}

func TestSpaceSavingAllocatesNothingOnceItIsFull(t *testing.T) {
	s := NewSpaceSaving[uint64, int](256)
	n := uint64(0)
	for ; n < 1000; n++ {
		s.Add(hash(n), n)
	}
	stagetest.Allocs(t, 0, func() {
		n++
		s.Add(hash(n), n)
		s.Add(hash(7), 7)
	})
}

func BenchmarkSpaceSaving(b *testing.B) {
	for name, keys := range map[string]uint64{"all have counters": 200, "a million keys": 1 << 20} {
		b.Run(name, func(b *testing.B) {
			s := NewSpaceSaving[uint64, int](256)
			b.ReportAllocs()
			n := uint64(0)
			for b.Loop() {
				n = (n*5 + 1) % keys
				s.Add(hash(n), n)
			}
		})
	}
}
