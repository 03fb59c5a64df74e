package queuetest

import (
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/leat-io/leat/pipeline/queue"
)

// plain is the contract in its simplest form: a mutex, a slice, and a channel to sleep on. Each bug breaks one promise.
type plain struct {
	cfg  queue.Config
	bugs map[string]bool

	mu     sync.Mutex
	queued []entry
	lent   []Message
	ends   []*plainEnd
	pops   int
	pushes int
	closed bool
	freed  chan struct{} // for a bug that waits in Push
	token  chan struct{}
	timer  *time.Timer
}

type entry struct {
	m   Message
	p   *Message // for a bug that keeps the producer's struct
	end *plainEnd
}

type plainEnd struct {
	q     *plain
	room  func()
	short bool
	late  bool
}

type evictablePlain struct{ *plain }

// lanedPlain has a capacity for each producer, and keeps more order than a laned queue must.
type lanedPlain struct{ *plain }

func (lanedPlain) Laned() {}

type backloggedEnd struct{ *plainEnd }

func (e backloggedEnd) Len() int {
	e.q.mu.Lock()
	defer e.q.mu.Unlock()
	if e.q.bugs["mixes up its backlogs"] {
		return len(e.q.queued)
	}
	return e.queued()
}

func newPlain(bugs ...string) queue.Maker[Message] {
	return func(cfg queue.Config) (queue.Queue[Message], error) {
		q := &plain{cfg: cfg, bugs: map[string]bool{}, token: make(chan struct{}, 1), freed: make(chan struct{}, 1)}
		for _, b := range bugs {
			q.bugs[b] = true
		}
		if err := cfg.Validate(); err != nil && !q.bugs["accepts anything"] {
			return nil, err
		}
		if cfg.Cap > 0 {
			q.queued, q.lent = make([]entry, 0, cfg.Cap), make([]Message, 0, cfg.Cap)
		}
		if q.bugs["is laned"] && cfg.Full != queue.DropOldest {
			return lanedPlain{q}, nil
		}
		if cfg.Full != queue.DropOldest {
			return q, nil
		}
		switch {
		case q.bugs["refuses to evict"], q.bugs["is laned"]:
			return nil, errors.New("cannot evict")
		case q.bugs["forgets to evict"]:
			return q, nil
		}
		return evictablePlain{q}, nil
	}
}

func (q *plain) Join(room func()) queue.Producer[Message] {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bugs["serves few producers"] && len(q.ends) == 8 {
		return q.ends[0]
	}
	e := &plainEnd{q: q, room: room, late: q.pops > 0}
	q.ends = append(q.ends, e)
	if q.bugs["is laned"] && !q.bugs["keeps its backlogs to itself"] {
		return backloggedEnd{e}
	}
	return e
}

// queued is how many messages of this producer are queued.
func (e *plainEnd) queued() (n int) {
	for _, x := range e.q.queued {
		if x.end == e {
			n++
		}
	}
	return n
}

func (e *plainEnd) Push(src []*Message) (n int) {
	q := e.q
	n = e.put(src)
	for q.bugs["waits in Push"] && n < len(src) && !q.isClosed() {
		<-q.freed
		n += e.put(src[n:])
	}
	return n
}

func (e *plainEnd) put(src []*Message) int {
	q := e.q
	q.mu.Lock()
	defer q.mu.Unlock()
	used, free := len(q.queued), q.cfg.Cap
	switch {
	case q.bugs["holds one too many"]:
		free++
	case q.bugs["holds one too few"]:
		free--
	case q.bugs["counts per producer"], q.bugs["is laned"]:
		used = e.queued()
	}
	n := max(0, min(len(src), free-used))
	e.short = n < len(src) || e.short
	if q.bugs["forgets an earlier short Push"] {
		e.short = n < len(src) && n > 0
	}
	from := src[:n]
	if q.bugs["takes the newest"] {
		from = src[len(src)-n:]
	}
	for _, m := range from {
		q.pushes++
		if q.bugs["loses a message"] && q.pushes%97 == 0 {
			continue
		}
		q.queued = append(q.queued, entry{*m, m, e})
		if q.bugs["sends a message twice"] && q.pushes%97 == 0 {
			q.queued = append(q.queued, entry{*m, m, e})
		}
	}
	if n > 0 && !(q.bugs["forgets a wake"] && q.pushes%97 == 0) && !(q.bugs["forgets late producers"] && e.late) {
		q.wake()
	}
	if q.bugs["overwrites what is lent"] && n > 0 && len(q.lent) > 0 {
		q.lent[0] = *src[0]
	}
	return n
}

func (q *plain) wake() {
	select {
	case q.token <- struct{}{}:
	default:
	}
}

func (q *plain) Pop(dst []*Message) []*Message {
	for q.bugs["waits in Pop"] && len(dst) > 0 && !q.pending() && !q.isClosed() {
		<-q.token
	}
	q.mu.Lock()
	q.pops++
	n := min(len(dst), len(q.queued))
	if q.bugs["reorders"] && n > 1 && q.pops%7 == 0 {
		q.queued[0], q.queued[1] = q.queued[1], q.queued[0]
	}
	if q.bugs["favours its last producer"] {
		slices.SortStableFunc(q.queued, func(a, b entry) int { return slices.Index(q.ends, b.end) - slices.Index(q.ends, a.end) })
	}
	q.lent = q.lent[:0]
	if q.bugs["allocates"] {
		q.lent = make([]Message, 0, q.cfg.Cap)
	}
	out := dst[:n]
	if q.bugs["returns a slice of its own"] {
		out = make([]*Message, n)
	}
	for i, x := range q.queued[:n] {
		q.lent = append(q.lent, x.m)
		out[i] = &q.lent[i]
		if q.bugs["keeps the producer's struct"] {
			out[i] = x.p
		}
	}
	q.shift(n)
	q.mu.Unlock()
	return out
}

// shift forgets the n oldest and calls room.
func (q *plain) shift(n int) {
	k := copy(q.queued, q.queued[n:])
	clear(q.queued[k:])
	q.queued = q.queued[:k]
	select {
	case q.freed <- struct{}{}:
	default:
	}
	if n == 0 || q.bugs["forgets room"] {
		return
	}
	for _, e := range q.ends {
		if e.short && e.room != nil {
			e.short = false
			e.room()
			if q.bugs["calls one room only"] {
				return
			}
		}
	}
}

func (q *plain) pending() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.queued) > 0
}

func (q *plain) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

func (q *plain) Wait(until time.Time) bool {
	if q.bugs["comes too early"] && !until.IsZero() {
		until = until.Add(-time.Second)
	}
	for {
		closed := q.isClosed()
		if q.bugs["asks for the end last"] {
			if q.pending() {
				return true
			}
			runtime.Gosched()
			if q.isClosed() {
				return false
			}
		}
		switch {
		case closed && q.bugs["forgets the rest"]:
			return false
		case q.pending():
			return true
		case closed:
			return q.bugs["never ends"]
		}
		switch {
		case q.bugs["polls"]:
			runtime.Gosched()
			if !until.IsZero() && time.Until(until) <= 0 {
				return true
			}
		case until.IsZero() || q.bugs["ignores deadlines"]:
			<-q.token
		default:
			if q.timer == nil {
				q.timer = time.NewTimer(time.Until(until))
			} else {
				q.timer.Reset(time.Until(until))
			}
			select {
			case <-q.token:
			case <-q.timer.C:
				return true
			}
		}
		if q.bugs["trusts every token"] {
			return true
		}
	}
}

func (q *plain) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	if q.bugs["loses on Close"] {
		q.queued = q.queued[:len(q.queued)/2]
	}
	if !q.bugs["closes silently"] {
		q.wake()
	}
	select {
	case q.freed <- struct{}{}:
	default:
	}
}

func (q *plain) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.bugs["has a negative length"]:
		return len(q.queued) - len(q.lent)
	case q.bugs["measures beyond its capacity"]:
		return len(q.queued) + len(q.lent)
	}
	return len(q.queued)
}

func (q evictablePlain) Evict(n int, drop func(*Message)) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n = min(n, len(q.queued))
	if q.bugs["evicts nothing"] {
		n = 0
	}
	old := q.queued[:n]
	if q.bugs["evicts the newest"] {
		old = q.queued[len(q.queued)-n:]
	}
	for i := range old {
		if !(q.bugs["evicts without a word"] && i == 7) {
			drop(&old[i].m)
		}
	}
	if q.bugs["evicts the newest"] {
		q.queued = q.queued[:len(q.queued)-n]
		return n
	}
	if q.bugs["evicts without room"] {
		q.queued = append(q.queued[:0], q.queued[n:]...)
		return n
	}
	q.shift(n)
	return n
}
