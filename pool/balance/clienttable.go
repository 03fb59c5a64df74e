package balance

import (
	"sync/atomic"
	"time"
)

// A clientTable remembers the slot of a member for each of a bounded number of clients, until they have been silent for the
// time to live. One word is all of a client, so that no lock is needed:
//
//	23 bits of the hash of its key, below a 1 | 24 bits, when it was last seen | 16 bits, the slot
//
// Of 2 million clients that share a place one is taken for another, which then has that one's member. Time counts in
// sixty-fourths of the time to live, and wraps after 2^18 of those.
type clientTable struct {
	words []atomic.Uint64
	unit  int64 // nanoseconds
}

const (
	ways      = 8  // places that a client may have: one cache line
	lifetime  = 64 // units
	seenBits  = 24
	slotBits  = 16
	seenMask  = 1<<seenBits - 1
	slotMask  = 1<<slotBits - 1
	labelOnly = ^uint64(1<<(seenBits+slotBits) - 1)
)

func newClientTable(clients int, ttl time.Duration) clientTable {
	places := (clients + ways - 1) / ways * ways
	return clientTable{make([]atomic.Uint64, places), int64(ttl) / lifetime}
}

// A place is where a client is, or where it can be put.
type place struct {
	found bool
	index int
	word  uint64
}

func (p place) slot() int { return int(p.word & slotMask) }

// label are the bits of a word that tell clients apart. No label is 0, so no client looks like an empty place.
func label(h uint64) uint64 { return (h<<(seenBits+slotBits) | 1<<63) & labelOnly }

func (t *clientTable) word(label uint64, slot int, now int64) uint64 {
	return label | uint64(now/t.unit)&seenMask<<slotBits | uint64(slot)
}

// silence is for how many units the client of a word has not been seen: more than any there is for nobody.
func (t *clientTable) silence(word uint64, now int64) uint64 {
	if word == 0 {
		return seenMask + 1
	}
	return (uint64(now/t.unit) - word>>slotBits) & seenMask
}

// find is the place of a client, or the one of the eight it may have that is free or has been silent for longest.
func (t *clientTable) find(key uint64, now int64) place {
	h := mix(key)
	l := label(h)
	first := scale(h, len(t.words)/ways) * ways
	best, most := place{}, uint64(0)
	for i := first; i < first+ways; i++ {
		w := t.words[i].Load()
		silence := t.silence(w, now)
		if w&labelOnly == l && silence <= lifetime {
			return place{true, i, w}
		}
		if i == first || silence > most {
			best, most = place{false, i, w}, silence
		}
	}
	return best
}

// keep says that the client of a place was seen, unless that is known or the place has changed.
func (t *clientTable) keep(p place, now int64) {
	if w := t.word(p.word&labelOnly, p.slot(), now); w != p.word {
		t.words[p.index].CompareAndSwap(p.word, w)
	}
}

// take puts a client into a place, and says whether nobody else has changed that since it was found.
func (t *clientTable) take(p place, key uint64, slot int, now int64) bool {
	return t.words[p.index].CompareAndSwap(p.word, t.word(label(mix(key)), slot, now))
}
