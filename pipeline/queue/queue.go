// Package queue carries messages from the lanes that make them to the lane that takes them.
//
// A queue copies the structs in and lends pointers to its own memory out, valid until the next Pop, so that no struct ever
// travels back to the lane that made it. What the structs point at is retained by whoever calls Push: package pipeline does
// that for the queues of an assembly. Every implementation passes package queuetest.
//
//	requests.Shard("by key", 4, key, queue.Chan, queue.Cap(1024), queue.DropNewest)
package queue

import (
	"fmt"
	"time"
)

// A Queue joins any number of producers to one consumer. It works in a testing/synctest bubble: it makes its channels when
// it is made itself, and waits with nothing but the channels and timers of Go.
type Queue[T any] interface {
	// Join makes the end that one producing lane owns. The queue calls room, from any goroutine, after a Push that did
	// not take everything, once there is room again: at the latest when the queue is empty, and earlier where that is
	// worth a wake. A call too many does no harm, one too few stalls the producer. Room must not wait, not even for a lock
	// that is held around Push or Evict, and must not call the queue; it is nil for a producer that never waits for room.
	// Join may be called at any time before Close.
	Join(room func()) Producer[T]

	// Pop lends at most len(dst) messages, oldest first, until the next Pop: what one Push has taken comes before what a later
	// one takes, by the same producer or by another that began when the first had returned. So the messages of a connection
	// keep their order when it is read by one lane after the other. A queue that is [Laned] keeps the order of each producer
	// alone. Pop never waits: none means that there are none now. The result is a prefix of dst. The consumer may write into
	// what it is lent. A Pop with an empty dst only takes back what was lent.
	Pop(dst []*T) []*T

	// Wait returns true when Pop has something to lend or when the time is until (zero: no limit), false when the queue is
	// closed and empty. Only the consumer calls it, and a waiting consumer costs no processor time.
	Wait(until time.Time) bool

	// Close says that nothing more will be pushed. What is queued can still be popped.
	Close()

	// Len is how many messages are queued, about so while others push and pop. It is never negative and never above the
	// capacity, which of a Laned queue is that of all producers together. Any goroutine may ask. Messages that are lent do
	// not count; whether they hold their room is the queue's choice.
	Len() int
}

// A Producer is used by one lane at a time.
type Producer[T any] interface {
	// Push copies as many messages in as there is room for, from the front of src, and returns how many. It never waits.
	Push(src []*T) int
}

// A Laned queue keeps the order of each producer and none between them: what must stay in order has to go through one
// producer. A lane may change the producer of a connection only when nothing of it is queued behind the old one, which is
// why the producers of a Laned queue are [Backlogged]. Package pipeline sees to that.
type Laned interface{ Laned() }

// A Backlogged producer knows how many of its messages are queued. Any goroutine may ask; those that are lent do
// not count. The answer 0 is exact, and holds until the next Push.
type Backlogged interface{ Len() int }

// An Evicter is a queue that can give up its oldest messages, as [DropOldest] needs. Any producer may call Evict at any
// time: it removes at least one message and about n unless the queue is empty, hands each to drop, and says how many. What
// drop is handed is valid until drop returns. Room may be called before Evict returns.
//
// Evict may remove none and Push still find no room, when others are halfway through a Push or the rest is lent: whoever
// evicts to make room must be content to drop its own message then.
type Evicter[T any] interface {
	Evict(n int, drop func(*T)) int
}

// A Maker makes one queue. An error says why it cannot serve as cfg wants; a queue that was made for [DropOldest] is an
// [Evicter].
type Maker[T any] func(cfg Config) (Queue[T], error)

// Config is what an assembly wants of a queue.
type Config struct {
	Cap       int      // most messages that wait in it, of each producer if it is Laned
	Batch     int      // most messages that its lane takes at once
	Chosen    bool     // Batch was asked for: it holds also for a lane that may block
	Full      WhenFull // what happens to a message for which there is no room
	Producers int      // most lanes that will Join
}

// Defaults of Config: 1024 messages of 64 bytes and their structs stay inside a second-level cache, and above 64 messages
// a batch the cost per message falls by less than a tenth while the first one waits for the last.
const (
	DefaultCap   = 1024
	DefaultBatch = 64
)

// NewConfig applies options to the defaults.
func NewConfig(opts ...Option) Config {
	c := Config{Cap: DefaultCap, Batch: DefaultBatch, Producers: 1}
	for _, o := range opts {
		o.set(&c)
	}
	return c
}

// Validate says what is wrong with c, in a sentence.
func (c Config) Validate() error {
	switch {
	case c.Cap < 1:
		return fmt.Errorf("a queue needs a capacity of at least 1, not %d", c.Cap)
	case c.Batch < 1:
		return fmt.Errorf("a lane must take batches of at least 1, not %d", c.Batch)
	case c.Full > DropOldest:
		return fmt.Errorf("there is no policy %d for a full queue", c.Full)
	}
	return nil
}

// An Option changes a Config.
type Option interface{ set(*Config) }

// Cap is the most messages that wait in one queue, or in one [Laned] queue for each producer. The default is 1024.
type Cap int

func (n Cap) set(c *Config) { c.Cap = int(n) }

// Batch is the most messages that the lane behind the queue takes at once. The default is 64, and 1 for a lane with a
// blocking stage, whose finished answers should not wait for the next ones.
type Batch int

func (n Batch) set(c *Config) { c.Batch, c.Chosen = int(n), true }

// WhenFull says what happens to a message for which there is no room.
type WhenFull uint8

const (
	Block      WhenFull = iota // the producing lane stops reading until there is room
	DropNewest                 // the message is dropped and counted
	DropOldest                 // the oldest queued messages are dropped and counted
)

func (w WhenFull) set(c *Config) { c.Full = w }

func (w WhenFull) String() string { return [...]string{"block", "drop newest", "drop oldest"}[w] }
