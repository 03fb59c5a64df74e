package queuetest

import (
	"math/rand/v2"
	"sync/atomic"

	"github.com/leat-io/leat/pipeline/queue"
)

// A producer pushes messages numbered from 0.
type producer struct {
	*rig
	end   queue.Producer[Message]
	id    uint64
	next  uint64
	rand  *rand.Rand
	room  chan struct{}
	calls atomic.Int64 // how often room was called
	src   []*Message
}

func (r *rig) join(id uint64) *producer {
	p := r.producer(id)
	p.enter()
	return p
}

func (p *producer) enter() {
	p.end = p.Join(func() {
		p.calls.Add(1)
		select {
		case p.room <- struct{}{}:
		default:
		}
	})
}

// producer returns one that has yet to join.
func (r *rig) producer(id uint64) *producer {
	return &producer{rig: r, id: id, rand: rand.New(rand.NewPCG(r.rand.Uint64(), id)), room: make(chan struct{}, 1)}
}

// push pushes the next n messages once, and counts on with those that were taken. It scrambles all it pushed, because a
// producing lane uses its structs again.
func (p *producer) push(n int) int {
	p.Helper()
	for len(p.src) < n {
		p.src = append(p.src, new(Message))
	}
	src := p.src[:n]
	for i, m := range src {
		m.set(p.id, p.next+uint64(i))
	}
	k := p.end.Push(src)
	if k < 0 || k > n {
		p.Errorf("Push of %d messages returned %d", n, k)
		k = 0
	}
	for _, m := range src {
		m.scramble()
	}
	p.next += uint64(k)
	return k
}

// pushAll waits for room until all n are taken, or until the test ends.
func (p *producer) pushAll(n int) bool {
	for n > 0 {
		if n -= p.push(n); n == 0 {
			break
		}
		select {
		case <-p.gone:
			return false
		case <-p.room:
		}
	}
	return true
}

// fill pushes until the queue has no more room, and returns how many that took.
func (p *producer) fill() (n int) {
	for {
		k := p.push(p.Cap - n + 1)
		if n += k; k == 0 || n > p.Cap {
			return n
		}
	}
}

// A consumer checks what it pops: each message as it was sent, in order per producer, and still so at the next Pop.
type consumer struct {
	*rig
	next   map[uint64]uint64
	gaps   bool // some messages may have been evicted
	dst    []*Message
	lent   []*Message
	copies []Message
}

func (r *rig) consumer() *consumer { return &consumer{rig: r, next: map[uint64]uint64{}} }

func (c *consumer) pop(n int) []*Message {
	c.Helper()
	c.settle()
	for len(c.dst) < n {
		c.dst = append(c.dst, nil)
	}
	lent := c.Pop(c.dst[:n])
	if len(lent) > n {
		c.Fatalf("Pop lent %d messages when asked for at most %d", len(lent), n)
	}
	if len(lent) > 0 && &lent[0] != &c.dst[0] {
		c.Errorf("the result of Pop is not a prefix of dst")
	}
	for _, m := range lent {
		if err := m.err(); err != nil {
			c.Fatalf("%v", err)
		}
		if want := c.next[m.producer]; m.seq < want || m.seq > want && !c.gaps {
			c.Fatalf("message %d of producer %d came when %d was due", m.seq, m.producer, want)
		}
		c.next[m.producer] = m.seq + 1
		c.copies = append(c.copies, *m)
	}
	c.lent = lent
	return lent
}

// settle checks that what was lent did not change, and changes it, as stages do.
func (c *consumer) settle() {
	c.Helper()
	for i, m := range c.lent {
		if *m != c.copies[i] {
			c.Errorf("message %d of producer %d changed before the next Pop", c.copies[i].seq, c.copies[i].producer)
		}
		m.scramble()
	}
	c.lent, c.copies = nil, c.copies[:0]
}

// giveBack returns what is lent without taking more.
func (c *consumer) giveBack() {
	c.Helper()
	if lent := c.pop(0); len(lent) > 0 {
		c.Errorf("Pop with an empty dst lent %d messages", len(lent))
	}
}

// drain pops and gives back all there is, and returns how many that were.
func (c *consumer) drain() (n int) {
	c.Helper()
	for {
		k := len(c.pop(c.Cap + 1))
		if n += k; k == 0 {
			return n
		}
	}
}
