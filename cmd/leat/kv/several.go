package kv

import "github.com/leat-io/leat/stage"

// Commands with several keys. Each of these functions works on the keys of one piece, or on all keys when the command was
// not split; it never knows which.

func mget(x *exec) {
	list := x.shared().list
	x.keys(func(i int) bool {
		if it := x.look(x.Arg(i)); it != nil {
			list[i-1] = it.value
		}
		return true
	})
	x.reply.kind = listed
}

func mset(x *exec) {
	x.keys(func(i int) bool {
		x.put(x.Arg(i), own(x.Arg(i+1)), 0)
		return true
	})
	x.changed()
	x.ok()
}

func msetnx(x *exec) {
	free := true
	x.keys(func(i int) bool {
		free = x.find(x.Arg(i)) == nil
		return free
	})
	if !free {
		x.integer(0)
		return
	}
	mset(x)
	x.integer(1)
}

func del(x *exec) {
	n := x.count(x.remove)
	if n > 0 {
		x.changed()
	}
}

func exists(x *exec) { x.count(func(key []byte) bool { return x.look(key) != nil }) }

// count answers with the number of keys for which f holds, over all pieces, and returns that of this piece.
func (x *exec) count(f func(key []byte) bool) (n int64) {
	x.keys(func(i int) bool {
		if f(x.Arg(i)) {
			n++
		}
		return true
	})
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
		c.several = &several{list: make([][]byte, c.Len()-1)}
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
	var pieces [stage.Partitions][]int32
	var hashes [stage.Partitions]uint64
	for i := range c.keys {
		h := stage.Hash(c.Arg(i))
		p := stage.Partition(h)
		pieces[p] = append(pieces[p], int32(i))
		hashes[p] = h
	}
	shared := c.shared()
	for p, keys := range pieces {
		if keys == nil {
			continue
		}
		k := emit()
		c.copyTo(k)
		k.piece, k.hash, k.several = keys, hashes[p], shared
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
