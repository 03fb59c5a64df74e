package pipeline

import (
	"sync"
	"sync/atomic"

	"github.com/leat-io/leat/stage"
)

// A tap stands before a node on one lane.
type tap[T any] struct {
	reel *reel[T]
	to   stage.Sink[T]
}

func (t *tap[T]) Push(b []*T) {
	if t.reel.on.Load() {
		t.reel.take(b)
	}
	t.to.Push(b)
}

// A reel is what was recorded of one node, on all its lanes, in the order in which it came.
type reel[T any] struct {
	to     *node
	most   int
	make   func(*lane) stage.Sink[T] // makes the node
	copier copier
	on     atomic.Bool

	mu       sync.Mutex
	done     bool                 // guarded by mu: nothing more is taken
	messages []frame[T]           // guarded by mu
	bytes    int                  // guarded by mu
	begun    map[*stage.Conn]bool // guarded by mu: of segments, whether the connection was seen from its first byte
}

// A frame is one recorded message. Its head is as it was, but names no slab.
type frame[T any] struct {
	msg   T
	slab  bool // its bytes lay in one
	bytes int  // that it carries
}

func (t *reel[T]) node() *node { return t.to }

func (t *reel[T]) open(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.on.Store(on && !t.done)
	t.done = t.done || !on
}

func (t *reel[T]) full() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.done
}

func (t *reel[T]) recorded() Recorded {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Recorded{t.to.name, string(t.to.kind), len(t.messages), t.bytes}
}

// take copies messages until there are enough.
func (t *reel[T]) take(b []*T) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range b {
		if t.done {
			return
		}
		if s, ok := any(m).(*stage.Segment); ok && !t.fromBegin(s.Conn()) {
			continue
		}
		f := frame[T]{msg: *m}
		h := stage.HeadOf(&f.msg)
		f.slab = h.Slab() != nil
		h.SetSlab(nil)
		f.bytes = t.copier.own(&f.msg)
		t.bytes += f.bytes
		t.messages = append(t.messages, f)
		if t.done = len(t.messages) == t.most || t.bytes >= recordBytes; t.done {
			t.on.Store(false)
		}
	}
}

// fromBegin says whether everything that c has sent is recorded. The lane that reads c asks.
func (t *reel[T]) fromBegin(c *stage.Conn) bool {
	yes, known := t.begun[c]
	if !known {
		yes = c == nil || c.Issued() == 0 && len(c.Reading.Tail) == 0 && c.Reading.Decoder == nil
		t.begun[c] = yes
	}
	return yes
}

func (t *reel[T]) inputs() (all []Seen) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.messages {
		m := t.messages[i].msg
		t.copier.own(&m)
		h := stage.HeadOf(&m)
		all = append(all, Seen{t.to.name, numberOf(h.Conn()), h.Seq(), &m})
	}
	return all
}

func numberOf(c *stage.Conn) uint64 {
	if c == nil {
		return 0
	}
	return c.ID()
}
