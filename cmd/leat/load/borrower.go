package load

import (
	"net"
	"sync"
	"time"
)

const (
	// A user that cannot get a connection waits before it tries again, twice as long each time: otherwise it would count a server
	// that is away a hundred thousand times a second.
	firstPause = 10 * time.Millisecond
	maxPause   = time.Second
)

// A borrower is a user that has no connection of its own. It works in turns: it takes a connection from the pool, writes what it
// may, reads the replies, and gives the connection back.
type borrower struct {
	user
	pool  *pool
	wake  chan struct{}
	turns int
	pause time.Duration // after a turn without a connection

	failed     failures
	unanswered int64
	unsent     int64
	canceled   int64 // of these
	oldest     int64 // when the oldest of unanswered was sent
}

func newBorrower(r *run, id int, p *pool) *borrower {
	b := &borrower{pool: p, wake: make(chan struct{}, 1), failed: newFailures()}
	b.init(r, id, id%len(r.cfg.targets))
	return b
}

func (b *borrower) start(all *sync.WaitGroup) { all.Go(b.serve) }

func (b *borrower) kick() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *borrower) poke() { b.kick() }

// cancel has nothing to do: the pool closes the connections, and the context ends every wait.
func (b *borrower) cancel() {}

func (b *borrower) serve() {
	defer b.r.live.Add(-1)
	for n := b.next(); n > 0; n = b.next() {
		b.turn(n)
	}
	b.gone.Store(true)
	b.endedAt = b.r.now()
	b.seen.flush(b.endedAt)
}

// next waits until there is something to send and returns how many requests; 0 is the end.
func (b *borrower) next() int64 {
	for b.r.ctx.Err() == nil {
		ended := b.ended.Load() // if so, the backlog that take looks at has its last value
		n := b.take(int64(b.most()), b.r.now())
		if n > 0 || ended || b.stopped.Load() {
			return max(n, 0)
		}
		select {
		case <-b.wake:
		case <-b.r.ctx.Done():
		}
	}
	return 0
}

// turn borrows a connection for n requests.
func (b *borrower) turn(n int64) {
	b.wanted = b.r.now()
	l, err := b.pool.take(b.r.ctx, b.id+b.turns)
	b.turns++
	if err != nil {
		b.sent.Add(n)
		b.acked.Add(n)
		b.fails(dialKind(err), 0, n, err)
		b.rest()
		return
	}
	now := b.r.now()
	b.pause = 0
	b.seen.moveTo(b.r.shard(l.target, b.id), now)
	if now >= b.r.from {
		b.seen.to.connected(now - b.wanted)
	}
	out := b.compose(n, now)
	if written, err := b.exchange(l.nc, out); err != nil {
		b.giveUp(b.whole(written), err)
		b.pool.give(l, true)
		return
	}
	clean := b.replies.Clean()
	if !clean {
		b.replies.Skip(0) // the rest of a wrong reply ends with its connection
	}
	b.pool.give(l, !clean)
}

// exchange writes out, reads until all of it is answered, and returns how much was written.
func (b *borrower) exchange(nc net.Conn, out []byte) (written int, err error) {
	if err := nc.SetDeadline(time.Now().Add(b.r.cfg.Timeout)); err != nil {
		return 0, err
	}
	if err := b.r.ctx.Err(); err != nil { // a cancel may have come before this deadline replaced its own
		return 0, err
	}
	if len(out) > directBytes {
		return b.exchangeMuch(nc, out)
	}
	if written, err = nc.Write(out); err != nil {
		return written, err
	}
	return written, b.readReplies(nc)
}

// exchangeMuch writes and reads at a time: a server that writes before it has read everything would wait for us to read.
func (b *borrower) exchangeMuch(nc net.Conn, out []byte) (written int, err error) {
	var writing sync.WaitGroup
	var failed error
	writing.Go(func() { written, failed = nc.Write(out) })
	if err = b.readReplies(nc); err != nil {
		nc.Close() // ends the write
	}
	writing.Wait()
	if err == nil {
		err = failed
	}
	return written, err
}

func (b *borrower) readReplies(nc net.Conn) error {
	for b.inFlight() > 0 {
		n, err := nc.Read(b.in)
		if n > 0 {
			if err := b.received(b.in[:n]); err != nil {
				return err
			}
		}
		if err != nil && b.inFlight() > 0 {
			return err
		}
	}
	return nil
}

// giveUp counts what a failed turn leaves, of whose requests so many were written.
func (b *borrower) giveUp(written int64, err error) {
	left := b.inFlight()
	unsent := min(left, int64(len(b.ends))-written)
	if unanswered := left - unsent; unanswered > 0 && b.oldest == 0 {
		b.oldest = max(1, b.sentAt[b.acked.Load()%int64(len(b.sentAt))])
	}
	b.replies.Skip(left)
	b.acked.Add(left)
	b.fails(kindOf(err), left-unsent, unsent, err)
}

// fails counts requests that ended with err. Those that the context has ended are no errors of the server.
func (b *borrower) fails(kind Kind, unanswered, unsent int64, err error) {
	b.unanswered += unanswered
	b.unsent += unsent
	if b.r.ctx.Err() != nil {
		b.canceled += unanswered + unsent
		return
	}
	n := max(1, unanswered+unsent)
	b.failed.add(kind, n, b.name()+": "+err.Error())
	b.r.lost.Add(n)
}

// rest waits after a turn without a connection.
func (b *borrower) rest() {
	b.pause = min(max(2*b.pause, firstPause), maxPause)
	t := time.NewTimer(b.pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-b.r.ctx.Done():
	}
}
