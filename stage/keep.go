package stage

import (
	"sync"
	"sync/atomic"
)

// A hold is references that the lane gives back when the batch has left.
type hold struct {
	slab *Slab
	n    uint32
	who  string
}

// owned is 1 when h owns a ticket or a share of one, else 0.
func (h *Head) owned() int { return int(h.bits&open) / open }

// runs calls f for each run of messages of b that lie in one slab.
func runs[T any](b []*T, f func(s *Slab, n uint32)) {
	for i := 0; i < len(b); {
		s, first := HeadOf(b[i]).slab, i
		for i++; i < len(b) && HeadOf(b[i]).slab == s; i++ {
		}
		if s != nil {
			f(s, uint32(i-first))
		}
	}
}

// Lend takes one reference for each message of b, which a queue is about to copy, in one operation for each run of messages
// of one slab. who names the node.
func Lend[T any](l *Lane, who string, b []*T) {
	runs(b, func(s *Slab, n uint32) { s.retain(l, n, who) })
}

// Sent says that the queue has copied b: the tickets are with the copies now.
func Sent[T any](l *Lane, b []*T) {
	for _, m := range b {
		h := HeadOf(m)
		l.opened -= h.owned()
		h.bits &^= open
	}
}

// Unlend takes back what Lend did for messages that no queue has copied.
func Unlend[T any](l *Lane, who string, b []*T) {
	runs(b, func(s *Slab, n uint32) { s.release(l, n, who) })
}

// Discard drops one message that a queue has given up: it gives its reference back and leaves its ticket void.
func Discard[T any](l *Lane, who string, m *T) {
	h := HeadOf(m)
	if h.slab != nil {
		h.slab.release(l, 1, who)
	}
	h.void()
}

// Adopt takes the messages of b, each with a reference that [Lend] or [Retain] took, into the batch that runs: they are
// taken back with it.
func Adopt[T any](l *Lane, who string, b []*T) {
	for _, m := range b {
		h := HeadOf(m)
		l.opened += h.owned()
		l.taken = append(l.taken, h)
	}
	runs(b, func(s *Slab, n uint32) { l.held = append(l.held, hold{s, n, who}) })
}

func (l *Lane) giveBack() {
	if Leakcheck {
		for _, h := range l.taken {
			buryHead(l, h)
		}
	}
	clear(l.taken)
	l.taken = l.taken[:0]
	for _, r := range l.held {
		r.slab.release(l, r.n, r.who)
	}
	clear(l.held)
	l.held = l.held[:0]
}

// A Kept is a message that outlives its batch: a copy of the struct, its ticket, and its bytes or a reference to them.
type Kept[T any] struct {
	link
	msg T
}

// Retain keeps m beyond its batch, on the account of the node that runs. The ticket of m moves to what is kept; m itself
// is still taken back with the batch. Bytes that are few against a slab are copied, others pin theirs.
func Retain[T any](l *Lane, m *T) *Kept[T] {
	k := new(Kept[T])
	k.Keep(l, m)
	return k
}

// Keep is Retain into a Kept that is empty: new, or taken in a batch that has left its lane.
func (k *Kept[T]) Keep(l *Lane, m *T) {
	if k.lane.Load() != nil {
		panic("stage: this Kept still holds a message; Take it first")
	}
	h := HeadOf(m)
	k.msg = *m
	l.opened -= h.owned()
	h.bits &^= open
	kh := HeadOf(&k.msg)
	if s := kh.slab; s != nil {
		if moveBytes(s, &k.msg) {
			kh.slab = nil
		} else {
			s.retain(l, 1, l.Where())
		}
	}
	k.head = kh
	l.kept.add(l, &k.link)
}

// Take brings the message into the batch that runs on l, and returns it. It is taken back with that batch, so to drop a
// kept message is just to Take it. It may be called on another lane than Retain was, once.
func (k *Kept[T]) Take(l *Lane) *T {
	who := k.remove()
	Adopt(l, who, []*T{&k.msg})
	return &k.msg
}

// Peek returns the message without taking it, for a queue to copy.
func (k *Kept[T]) Peek() *T { return &k.msg }

// Pass says that a queue has copied what Peek returned: the ticket and the reference are with the copy, on the account of
// who. The Kept is empty then.
func (k *Kept[T]) Pass(who string) {
	node := k.remove()
	h := HeadOf(&k.msg)
	if h.slab != nil {
		noteHold(h.slab, who, 1)
		noteHold(h.slab, node, -1)
	}
	h.bits, h.slab = h.bits&^open, nil
}

// A link is a kept message's place in the list of its lane, which knows what its nodes hold.
type link struct {
	lane       atomic.Pointer[Lane] // nil when nothing is kept; the rest is guarded by the lock of its list
	node       string
	head       *Head
	prev, next *link
}

// keepers lists what was kept on one lane and not taken. Take may be called on any lane.
type keepers struct {
	mu   sync.Mutex
	ring link // guarded by mu, like all links of the list
}

func (k *keepers) init() { k.ring.prev, k.ring.next = &k.ring, &k.ring }

func (k *keepers) add(l *Lane, n *link) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n.node = l.Where()
	n.lane.Store(l)
	n.prev, n.next = k.ring.prev, &k.ring
	n.prev.next, n.next.prev = n, n
}

func (n *link) remove() (who string) {
	if l := n.lane.Load(); l != nil {
		l.kept.mu.Lock()
		defer l.kept.mu.Unlock()
	}
	if n.lane.Load() == nil {
		panic("stage: this Kept holds no message; it was taken before")
	}
	n.unlink()
	return n.node
}

// unlink takes n off the list. The list's lock is held.
func (n *link) unlink() {
	n.prev.next, n.next.prev = n.next, n.prev
	n.prev, n.next = nil, nil
	n.lane.Store(nil)
}

// KeepsNone says that nothing that was kept on the lane is kept still.
func (l *Lane) KeepsNone() bool {
	l.kept.mu.Lock()
	defer l.kept.mu.Unlock()
	return l.kept.ring.next == &l.kept.ring
}

// DropKept voids everything that a node has kept on the lane, for a stage that will never take it. It returns how many
// messages that were.
func (l *Lane) DropKept(node string) (n int) {
	var drop []*link
	l.kept.mu.Lock()
	for k := l.kept.ring.next; k != &l.kept.ring; {
		next := k.next
		if k.node == node { // another lane that takes it from now on finds it empty
			k.unlink()
			drop = append(drop, k)
		}
		k = next
	}
	l.kept.mu.Unlock()
	for _, k := range drop {
		if s := k.head.slab; s != nil {
			s.release(l, 1, node)
		}
		k.head.void()
	}
	return len(drop)
}

// KeptBy counts what is kept on the lane, by node. Any goroutine may call it.
func (l *Lane) KeptBy(count map[string]int) {
	l.kept.mu.Lock()
	defer l.kept.mu.Unlock()
	for k := l.kept.ring.next; k != &l.kept.ring; k = k.next {
		count[k.node]++
	}
}
