package load

import (
	"fmt"
	"math"
	"time"

	"github.com/leat-io/leat/internal/reactor"
)

const (
	// turnPass and turnLooks bound what one turn does beside its events, so that replies do not wait: some 5 µs for each.
	turnPass  = 64
	turnLooks = 256
	// turnOpens bounds the connections that are opened in one turn: users without a pool all want one at the beginning.
	turnOpens = 64
)

// A loop is one thread with its share of the users. Everything it has but events is for what runs on it, or for before it runs.
type loop struct {
	driver *reactors
	number int
	events *reactor.Loop
	epoll  *reactor.Epoll
	ended  chan struct{} // closed when nothing runs on it any more
	err    error         // why, if it was not told to
	desk   *desk

	r      *run       // nil before it begins
	seen   []*samples // by target
	pacer  *pacer     // of the open loop, until its schedule ends
	timers timers
	users  []occupant
	live   int // users that have not ended

	again []*link // to look at in the next turn
	spare []*link // what again was

	idle    fifo[*link]    // of the pool
	waiting fifo[*visitor] // for one of those, or for their turn to open their own
}

// An occupant is a user of a loop, and is told what becomes of the link that it uses.
type occupant interface {
	client
	begin()            // the run has begun
	cut(err error)     // it has to end at once
	arrived(b []byte)  // on its link
	broken(err error)  // there is nothing more to read from its link; io.EOF if the peer has said so
	written(err error) // what had waited for room was written, or cannot be
}

func newLoop(d *reactors, number int) (*loop, error) {
	p, err := reactor.NewEpoll()
	if err != nil {
		return nil, err
	}
	l := &loop{
		driver: d, number: number, events: reactor.New(p), epoll: p, ended: make(chan struct{}),
		desk: newDesk(d.cfg, batchBytes),
	}
	l.events.Punctual = true
	l.events.Carry(l)
	return l, nil
}

func (l *loop) run() {
	defer close(l.ended)
	if err := l.events.Run(); err != nil {
		l.err = fmt.Errorf("a loop has failed: %w", err)
	}
}

// add gives the loop a user before the run.
func (l *loop) add(r *run, u occupant) {
	l.users = append(l.users, u)
	r.clients = append(r.clients, u)
	if r.open() {
		if l.pacer == nil {
			l.pacer = newPacer(r)
		}
		l.pacer.clients = append(l.pacer.clients, u)
	}
}

// seenAt is where the users of the loop note what they see of a target.
func (l *loop) seenAt(r *run, target int) *samples {
	for len(l.seen) < len(r.cfg.targets) {
		l.seen = append(l.seen, newSamples(r, r.shard(len(l.seen), l.number)))
	}
	return l.seen[target]
}

// begin has the users begin. The links are those that are nobody's own.
func (l *loop) begin(r *run, pool []*link) {
	l.r, l.live = r, len(l.users)
	for _, k := range pool {
		r.shared.opens()
		l.giveBack(k, false)
	}
	for _, u := range l.users {
		u.begin()
	}
	if l.live == 0 {
		l.end()
	}
}

// left is called by each user that has ended.
func (l *loop) left() {
	l.r.live.Add(-1)
	if l.live--; l.live == 0 {
		l.end()
	}
}

// end ends the loop, when it has no users any more.
func (l *loop) end() {
	for _, s := range l.seen {
		s.flush(l.r.now())
	}
	l.events.Close()
}

// cut ends all users, because of err.
func (l *loop) cut(err error) {
	for _, u := range l.users {
		if !u.account().gone.Load() {
			u.cut(err)
		}
	}
}

// Turn implements reactor.Rider.
func (l *loop) Turn() (more bool) {
	if l.live == 0 {
		return false
	}
	l.pace()
	l.timers.ring(l.r.now())
	l.look()
	l.lend()
	return len(l.again) > 0 || l.waiting.len() > 0 && (l.driver.unpooled() || l.idle.len() > 0)
}

// Due implements reactor.Rider.
func (l *loop) Due() time.Time {
	if l.live == 0 {
		return time.Time{}
	}
	at := l.timers.next()
	if l.pacer != nil {
		at = min(at, l.pacer.nextDue())
	}
	if at == math.MaxInt64 {
		return time.Time{}
	}
	return l.r.epoch.Add(time.Duration(at))
}

// Rest implements reactor.Rider.
func (*loop) Rest() {}

// Work implements reactor.Rider.
func (*loop) Work() {}

// pace offers what is due.
func (l *loop) pace() {
	if l.pacer == nil {
		return
	}
	l.pacer.pass(turnPass)
	if l.pacer.over() {
		p := l.pacer
		l.pacer = nil
		p.end()
	}
}

// repeat has a link looked at in the next turn.
func (l *loop) repeat(k *link) {
	if !k.listed {
		k.listed = true
		l.again = append(l.again, k)
	}
}

func (l *loop) look() {
	n := min(len(l.again), turnLooks)
	l.again, l.spare = append(l.spare[:0], l.again[n:]...), l.again[:n]
	for i, k := range l.spare {
		k.listed = false
		k.look()
		l.spare[i] = nil
	}
}
