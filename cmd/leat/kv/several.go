package kv

import "github.com/leat-io/leat/stage"

// Commands with several keys. Each of these functions works on the keys of one piece, or on all keys when the command was
// not split; it never knows which.

func mget(x *exec) {
	all, bytes := x.shared(), 0
	for e := range x.entries {
		if it := x.look(e.key); it != nil {
			all.list[e.number] = it.value
			bytes += len(it.value)
		}
	}
	all.bytes.Add(int64(bytes))
	x.reply.kind = listed
}

func mset(x *exec) {
	for e := range x.entries {
		x.put(e.key, own(e.value), 0)
	}
	x.changed()
	x.ok()
}

func msetnx(x *exec) {
	for e := range x.entries {
		if x.find(e.key) != nil {
			x.integer(0)
			return
		}
	}
	mset(x)
	x.integer(1)
}

func del(x *exec) {
	if x.count(x.remove) > 0 {
		x.changed()
	}
}

func exists(x *exec) { x.count(func(key []byte) bool { return x.look(key) != nil }) }

// count answers with the number of keys for which f holds, over all pieces, and returns that of this piece.
func (x *exec) count(f func(key []byte) bool) (n int64) {
	for e := range x.entries {
		if f(e.key) {
			n++
		}
	}
	if x.several == nil {
		x.integer(n)
		return n
	}
	x.several.count.Add(n)
	x.reply.kind = counted
	return n
}

// shared is what the pieces of a command have in common; one that was not split has it alone.
func (c *Call) shared() *several {
	if c.several == nil {
		c.several = &several{list: make([][]byte, (c.Len()-c.spec.first)/c.spec.step)}
	}
	return c.several
}

// divide makes a piece of a call for each partition that its keys fall into: behind the Shard each of them is on the lane
// that owns these keys. Most commands have one key and stay whole; they come this way too, so that all keep their order.
func divide(c *Call, emit func() *Call) {
	if !c.divisible() {
		c.copyTo(emit())
		return
	}
	var pieces [stage.Partitions][]entry
	var hashes [stage.Partitions]uint64
	for e := range c.entries {
		h := stage.Hash(e.key)
		p := stage.Partition(h)
		pieces[p] = append(pieces[p], e)
		hashes[p] = h
	}
	shared := c.shared()
	for p, piece := range pieces {
		if piece == nil {
			continue
		}
		k := emit()
		c.copyTo(k)
		k.piece, k.hash, k.several = piece, hashes[p], shared
	}
}

// copyTo gives k all that c says, and leaves it its own Head.
func (c *Call) copyTo(k *Call) {
	head := k.Head
	*k = *c
	k.Head = head
}

// divisible says whether a command has several keys, which may belong to several workers.
func (c *Call) divisible() bool { return c.spec.last < 0 && c.Len() > c.spec.first+c.spec.step }
