package pipeline

import (
	"cmp"
	"slices"

	"github.com/leat-io/leat/stage"
)

// A heat finds the hottest keys of one producing lane of a Shard with the algorithm Space-Saving (Metwally, Agrawal,
// El Abbadi: "Efficient Computation of Frequent and Top-k Elements in Data Streams", ICDT 2005): a key that has none takes
// the smallest of 16 counters and inherits its count as a possible error, so every key with more than 1/16 of the samples
// has one. It sees one message in 128 on average, because a sample costs 10 to 20 ns.
type heat struct {
	skip    int    // messages until the next sample
	random  uint64 // xorshift64 (Marsaglia 2003), so that the samples do not beat with a period of the flow
	n       uint32 // samples that the counters stand for
	counted [heatKeys]counted
}

type counted struct {
	key        uint64
	count, err uint32 // the true count is at least count-err
}

const (
	heatKeys  = 16
	heatEvery = 128  // a power of two
	heatAge   = 8192 // samples, about a million messages, after which those before count half
)

// init spreads the first samples of the lanes over the flow.
func (h *heat) init(lane int) {
	h.random = uint64(lane+1) * 0x9E3779B97F4A7C15
	h.skip = heatEvery
}

// heatUp samples the messages of a batch whose turn it is.
func heatUp[T any](h *heat, key func(*T) uint64, b []*T) {
	for h.skip < 0 {
		i := max(0, len(b)+h.skip) // below 0 when key has panicked over the batch before
		h.random ^= h.random << 13
		h.random ^= h.random >> 7
		h.random ^= h.random << 17
		h.skip += 1 + int(h.random%(2*heatEvery-1))
		h.add(key(b[i]))
	}
}

func (h *heat) add(key uint64) {
	if h.n++; h.n == heatAge {
		h.age()
	}
	least := 0
	for i := range h.counted {
		c := &h.counted[i]
		if c.count > 0 && c.key == key {
			c.count++
			return
		}
		if c.count < h.counted[least].count {
			least = i
		}
	}
	c := &h.counted[least]
	*c = counted{key: key, count: c.count + 1, err: c.count}
}

func (h *heat) age() {
	h.n /= 2
	for i := range h.counted {
		h.counted[i].count /= 2
		h.counted[i].err /= 2
	}
}

// A HotKey is a key that a Shard meets often.
type HotKey struct {
	Key   uint64  `json:"key,string"`
	Share float64 `json:"share"` // of the messages lately, at least: it is sampled, and what is uncertain is not counted
	Lane  int     `json:"lane"`  // that serves it
}

// Of the hot keys at most 5 are shown, and those of fewer than 256 samples, 32 000 messages, are no more than chance.
const (
	hotKeys    = 5
	hotSamples = 256
	hotShare   = .01
)

// A nodeHeat is a copy of a heat, and the Shard it belongs to.
type nodeHeat struct {
	node int
	heat heat
}

// heats are what the lanes before a Shard have counted.
type heats struct {
	n    uint64
	keys map[uint64]uint64
}

func (s *heats) merge(h *heat) {
	s.n += uint64(h.n)
	if s.keys == nil {
		s.keys = map[uint64]uint64{}
	}
	for _, c := range h.counted {
		s.keys[c.key] += uint64(c.count - c.err)
	}
}

func (s *heats) hottest(owner func(part uint8) int) (hot []HotKey) {
	if s.n < hotSamples {
		return nil
	}
	for key, count := range s.keys {
		if share := float64(count) / float64(s.n); share >= hotShare {
			hot = append(hot, HotKey{Key: key, Share: share, Lane: owner(stage.Partition(key))})
		}
	}
	slices.SortFunc(hot, func(a, b HotKey) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Key, b.Key))
	})
	return hot[:min(len(hot), hotKeys)]
}
