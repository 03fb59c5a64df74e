//go:build linux

package main

import "github.com/leat-io/leat/pipeline/queue"

// An item is what is carried: its first word is its number, counted from 1.
type item interface{ ~[1]uint64 | ~[8]uint64 }

type (
	word [1]uint64 // 8 bytes
	line [8]uint64 // 64 bytes
)

// last is the number of an item that ends a consumer of a queue that cannot be closed.
const last = ^uint64(0)

// A tally is what one consumer has taken. Its sum shows that nothing was lost or came twice.
type tally struct {
	count, sum uint64
	arrived    func(number uint64) // nil when nobody wants to know
}

func (t *tally) add(number uint64) {
	t.count++
	t.sum += number
	if t.arrived != nil {
		t.arrived(number)
	}
}

// A carrier is one queue between producers and consumers, each of which is a goroutine.
type carrier interface {
	// produce sends the numbers from up to below to, in batches, as producer i. It waits for room.
	produce(i int, from, to uint64, batch int)
	// finish is called when all producers have returned, and lets the consumers return.
	finish()
	// consume takes what comes, as consumer i, until the end.
	consume(i, batch int, t *tally)
}

// A shape is how many of each there are.
type shape struct{ producers, consumers int }

// capacity is how many items a queue holds, as those of leat do by default.
const capacity = 1024

// A candidate is one kind of queue.
type candidate[T item] struct {
	name    string
	batches bool // moves more than one item by an operation; if not, it is measured one at a time
	most    shape
	make    func(s shape, batch int) carrier
}

// serves says whether the queue has this shape, and whether batches are worth a row. The reference has one everywhere.
func (c candidate[T]) serves(s shape, batch int) bool {
	return s.producers <= c.most.producers && s.consumers <= c.most.consumers && (batch == 1 || c.batches || c.name == reference)
}

// reference is the candidate to which the others are compared.
const reference = "channel"

var (
	oneToOne   = shape{1, 1}
	manyToOne  = shape{4, 1}
	manyToMany = shape{4, 4}
)

// candidates are all of them, in the order of the tables.
func candidates[T item]() []candidate[T] {
	return []candidate[T]{
		{reference, false, manyToMany, newChannel[T]},
		{"channel of batches", true, manyToMany, newBatches[T]},
		{"leat Chan", true, manyToOne, leat[T](queue.Chan[T])},
		{"leat Ring", true, manyToOne, leat[T](queue.Ring[T])},
		{"leat Blocks", true, manyToOne, leat[T](queue.Blocks[T])},
		{"leat Workiva", true, manyToOne, leat[T](queue.Workiva[T])},
		{"Workiva RingBuffer", false, manyToMany, newRingBuffer[T]},
		{"xsync SPSC", false, oneToOne, newSPSC[T]},
		{"xsync MPMC", false, manyToMany, newMPMC[T]},
		{"go-disruptor", true, manyToOne, newDisruptor[T]},
		{"go-disruptor, sleeping", true, oneToOne, newSleepingDisruptor[T]},
	}
}
