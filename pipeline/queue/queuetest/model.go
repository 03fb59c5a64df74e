package queuetest

import (
	"testing"
	"time"

	"github.com/leat-io/leat/pipeline/queue"
	"pgregory.net/rapid"
)

// agreesWithAModel runs random operations, one at a time, against slices that say what must be in the queue.
func agreesWithAModel(t testing.TB, mk queue.Maker[Message]) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := queue.Config{
			Cap:       rapid.IntRange(1, 70).Draw(t, "capacity"),
			Batch:     8,
			Full:      rapid.SampledFrom([]queue.WhenFull{queue.Block, queue.DropOldest}).Draw(t, "policy"),
			Producers: rapid.IntRange(1, 3).Draw(t, "producers"),
		}
		q, err := mk(cfg)
		if err != nil && cfg.Full == queue.DropOldest {
			cfg.Full = queue.Block
			q, err = mk(cfg)
		}
		if err != nil {
			t.Fatalf("%+v: %v", cfg, err)
		}
		m := &model{q: q, cap: cfg.Cap}
		_, laned := q.(queue.Laned)
		for i := range cfg.Producers {
			m.ends = append(m.ends, q.Join(func() {}))
			if i == 0 || laned {
				m.lines = append(m.lines, &line{})
			}
		}
		actions := map[string]func(*rapid.T){"push": m.push, "pop": m.pop, "": m.invariants}
		if e, ok := q.(queue.Evicter[Message]); ok && cfg.Full == queue.DropOldest {
			actions["evict"] = func(t *rapid.T) { m.evict(t, e) }
		}
		t.Repeat(actions)
		q.Close()
		for m.queued() > 0 {
			m.lend(t, 9)
		}
		if q.Wait(time.Time{}) {
			t.Fatalf("Wait returned true when the queue was closed and empty")
		}
	})
}

// A model knows which messages are queued. There is one line for all producers, because one push had returned before the
// next began, or a line for each producer of a queue that is [queue.Laned].
type model struct {
	q      queue.Queue[Message]
	ends   []queue.Producer[Message]
	lines  []*line
	cap    int // of a line
	lent   []*Message
	copies []Message
}

// A line is messages that have an order. They are numbered; those from oldest to next are queued.
type line struct {
	oldest, next uint64
	lent         int
}

func (l *line) queued() int { return int(l.next - l.oldest) }

func (m *model) queued() (n int) {
	for _, l := range m.lines {
		n += l.queued()
	}
	return n
}

func (m *model) push(t *rapid.T) {
	n := rapid.IntRange(0, m.cap+2).Draw(t, "n")
	producer := rapid.IntRange(0, len(m.ends)-1).Draw(t, "producer")
	line := min(producer, len(m.lines)-1)
	l := m.lines[line]
	src := make([]*Message, n)
	for i := range src {
		src[i] = new(Message)
		src[i].set(uint64(line), l.next+uint64(i))
	}
	k := m.ends[producer].Push(src)
	most := min(n, m.cap-l.queued())
	least := min(n, m.cap-l.queued()-l.lent) // whether what is lent holds its room is the queue's choice
	if k < least || k > most {
		t.Fatalf("Push of %d took %d when %d were queued and %d lent, of %d", n, k, l.queued(), l.lent, m.cap)
	}
	l.next += uint64(k)
}

func (m *model) pop(t *rapid.T) { m.lend(t, rapid.IntRange(0, m.cap+2).Draw(t, "n")) }

func (m *model) lend(t *rapid.T, n int) {
	for i, l := range m.lent {
		if *l != m.copies[i] {
			t.Fatalf("message %d changed while it was lent", m.copies[i].seq)
		}
	}
	m.copies = m.copies[:0]
	for _, l := range m.lines {
		l.lent = 0
	}
	m.lent = m.q.Pop(make([]*Message, n))
	if len(m.lent) > n || len(m.lent) == 0 && n > 0 && m.queued() > 0 {
		t.Fatalf("Pop lent %d of %d messages when asked for %d", len(m.lent), m.queued(), n)
	}
	for _, l := range m.lent {
		m.due(t, l).lent++
		m.copies = append(m.copies, *l)
	}
}

func (m *model) evict(t *rapid.T, e queue.Evicter[Message]) {
	n := rapid.IntRange(1, m.cap).Draw(t, "n")
	queued := m.queued()
	k := e.Evict(n, func(msg *Message) { m.due(t, msg) })
	if k != queued-m.queued() || k == 0 && queued > 0 {
		t.Fatalf("Evict(%d) of %d messages handed over %d and says %d", n, queued, queued-m.queued(), k)
	}
}

// due takes a message out of the model, which must be the oldest of its line, and returns the line.
func (m *model) due(t *rapid.T, msg *Message) *line {
	if err := msg.err(); err != nil {
		t.Fatalf("%v", err)
	}
	l := m.lines[msg.producer]
	if msg.seq != l.oldest || l.queued() == 0 {
		t.Fatalf("message %d of line %d came, those from %d to before %d were queued", msg.seq, msg.producer, l.oldest, l.next)
	}
	l.oldest++
	return l
}

func (m *model) invariants(t *rapid.T) {
	if n := m.q.Len(); n != m.queued() {
		t.Fatalf("Len says %d when %d are queued and %d lent", n, m.queued(), len(m.lent))
	}
	if len(m.lines) == len(m.ends) {
		m.backlogs(t)
	}
	if !m.q.Wait(time.Unix(1, 0)) {
		t.Fatalf("Wait returned false before the queue was closed")
	}
}

// backlogs checks what producers know who have a line each.
func (m *model) backlogs(t *rapid.T) {
	for i, end := range m.ends {
		b, ok := end.(queue.Backlogged)
		if _, laned := m.q.(queue.Laned); laned && !ok {
			t.Fatalf("the producers of a Laned queue must be Backlogged; this is a %T", end)
		}
		l := m.lines[i]
		if !ok {
			continue
		}
		if n := b.Len(); n != l.queued() {
			t.Fatalf("producer %d has %d messages queued and %d lent, its Len says %d", i, l.queued(), l.lent, n)
		}
	}
}
