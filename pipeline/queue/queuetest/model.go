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
		for range cfg.Producers {
			m.ends = append(m.ends, q.Join(func() {}))
		}
		actions := map[string]func(*rapid.T){"push": m.push, "pop": m.pop, "": m.invariants}
		if e, ok := q.(queue.Evicter[Message]); ok && cfg.Full == queue.DropOldest {
			actions["evict"] = func(t *rapid.T) { m.evict(t, e) }
		}
		t.Repeat(actions)
		q.Close()
		for m.oldest < m.next {
			m.lend(t, 9)
		}
		if q.Wait(time.Time{}) {
			t.Fatalf("Wait returned true when the queue was closed and empty")
		}
	})
}

// A model knows the messages by their numbers: those from oldest to next are queued, whichever producers they came from,
// because one push had returned before the next began.
type model struct {
	q            queue.Queue[Message]
	ends         []queue.Producer[Message]
	cap          int
	oldest, next uint64
	lent         []*Message
	copies       []Message
}

func (m *model) queued() int { return int(m.next - m.oldest) }

func (m *model) push(t *rapid.T) {
	n := rapid.IntRange(0, m.cap+2).Draw(t, "n")
	src := make([]*Message, n)
	for i := range src {
		src[i] = new(Message)
		src[i].set(0, m.next+uint64(i))
	}
	k := m.ends[rapid.IntRange(0, len(m.ends)-1).Draw(t, "producer")].Push(src)
	most := min(n, m.cap-m.queued())
	least := min(n, m.cap-m.queued()-len(m.lent)) // whether what is lent holds its room is the queue's choice
	if k < least || k > most {
		t.Fatalf("Push of %d took %d when %d were queued and %d lent, of %d", n, k, m.queued(), len(m.lent), m.cap)
	}
	m.next += uint64(k)
}

func (m *model) pop(t *rapid.T) { m.lend(t, rapid.IntRange(0, m.cap+2).Draw(t, "n")) }

func (m *model) lend(t *rapid.T, n int) {
	for i, l := range m.lent {
		if *l != m.copies[i] {
			t.Fatalf("message %d changed while it was lent", m.copies[i].seq)
		}
	}
	m.copies = m.copies[:0]
	m.lent = m.q.Pop(make([]*Message, n))
	if len(m.lent) > n || len(m.lent) == 0 && n > 0 && m.queued() > 0 {
		t.Fatalf("Pop lent %d of %d messages when asked for %d", len(m.lent), m.queued(), n)
	}
	for _, l := range m.lent {
		m.due(t, l)
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

// due takes the oldest message out of the model.
func (m *model) due(t *rapid.T, msg *Message) {
	if err := msg.err(); err != nil {
		t.Fatalf("%v", err)
	}
	if msg.seq != m.oldest || m.queued() == 0 {
		t.Fatalf("message %d came, those from %d to before %d were queued", msg.seq, m.oldest, m.next)
	}
	m.oldest++
}

func (m *model) invariants(t *rapid.T) {
	if n := m.q.Len(); n < m.queued() || n > m.queued()+len(m.lent) || n > m.cap {
		t.Fatalf("Len says %d when %d are queued and %d lent, of %d", n, m.queued(), len(m.lent), m.cap)
	}
	if !m.q.Wait(time.Unix(1, 0)) {
		t.Fatalf("Wait returned false before the queue was closed")
	}
}
