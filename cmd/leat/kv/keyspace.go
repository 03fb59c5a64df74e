package kv

import (
	"sync"
	"sync/atomic"

	"github.com/leat-io/leat/stage"
)

// A keyspace is the data, divided into the partitions onto which package stage hashes keys. Behind a Shard one lane alone
// comes to a partition, but for commands that look at all keys; so the lock of a partition is nearly always free, and costs
// ten nanoseconds.
type keyspace struct {
	parts [stage.Partitions]part
	used  atomic.Int64 // bytes, about
	most  int64        // bytes; 0 for no bound
}

// A part is one partition.
type part struct {
	mu    sync.Mutex
	items map[string]*item   // guarded by mu
	timed map[*item]struct{} // guarded by mu: those that expire
}

// An item is one key with its value.
type item struct {
	key   string
	value []byte // replaced or appended to, and never changed where it is: answers on their way point at it
	at    int64  // when it expires, Unix time in milliseconds; 0 for never
}

// itemCost is what an item takes beside its key and its value, in bytes: the struct, its place in the map, and what the
// allocator rounds up.
const itemCost = 128

func (k *keyspace) init(most int64) {
	k.most = most
	for i := range k.parts {
		k.parts[i].clear()
	}
}

func (p *part) clear() {
	p.items, p.timed = map[string]*item{}, map[*item]struct{}{}
}

// of returns the partition of a key.
func (k *keyspace) of(key []byte) *part { return &k.parts[stage.Partition(stage.Hash(key))] }

// full says whether there is no room for more.
func (k *keyspace) full() bool { return k.most > 0 && k.used.Load() > k.most }

func (k *keyspace) len() (n int) {
	for i := range k.parts {
		p := &k.parts[i]
		p.mu.Lock()
		n += len(p.items)
		p.mu.Unlock()
	}
	return n
}

// timed is how many keys will expire.
func (k *keyspace) timed() (n int) {
	for i := range k.parts {
		p := &k.parts[i]
		p.mu.Lock()
		n += len(p.timed)
		p.mu.Unlock()
	}
	return n
}

// A lockset is partitions that are locked together: always in ascending order, so that two commands never wait for each other.
type lockset [stage.Partitions / 64]uint64

func (s *lockset) add(part uint8)      { s[part/64] |= 1 << (part % 64) }
func (s *lockset) has(part uint8) bool { return s[part/64]&(1<<(part%64)) != 0 }

// all is every partition.
var all = lockset{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

func (k *keyspace) lock(s *lockset) {
	for i := range k.parts {
		if s.has(uint8(i)) {
			k.parts[i].mu.Lock()
		}
	}
}

func (k *keyspace) unlock(s *lockset) {
	for i := range k.parts {
		if s.has(uint8(i)) {
			k.parts[i].mu.Unlock()
		}
	}
}

// The methods below are called with the lock of the partition held.

// put stores a value under a key, which may be new, and takes the value over.
func (k *keyspace) put(p *part, key, value []byte, at int64) {
	it := p.items[string(key)]
	if it == nil {
		it = &item{key: string(key)}
		p.items[it.key] = it
		k.used.Add(int64(len(key)+len(value)) + itemCost)
	} else if grown := len(value) - len(it.value); grown != 0 {
		k.used.Add(int64(grown))
	}
	it.value = value
	p.expire(it, at)
}

// expire sets when an item expires; 0 is never.
func (p *part) expire(it *item, at int64) {
	switch {
	case at == 0 && it.at != 0:
		delete(p.timed, it)
	case at != 0 && it.at == 0:
		p.timed[it] = struct{}{}
	}
	it.at = at
}

func (k *keyspace) remove(p *part, it *item) {
	delete(p.items, it.key)
	if it.at != 0 {
		delete(p.timed, it)
	}
	k.used.Add(-int64(len(it.key)+len(it.value)) - itemCost)
}
