package load

import (
	"net"
	"sync"
	"time"
)

// A borrower is a goroutine that is a user without a connection of its own.
type borrower struct {
	sharer
	pool *pool
	wake chan struct{}
}

func newBorrower(r *run, id int, p *pool) *borrower {
	b := &borrower{pool: p, wake: make(chan struct{}, 1)}
	b.init(r, id, ownDesk(r.cfg), newSamples(r, r.shardOf(id%len(r.cfg.targets), id)))
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
	b.conclude()
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
	if err != nil {
		b.rest(b.refused(n, err))
		return
	}
	now := b.r.now()
	b.seen.moveTo(b.r.shardOf(l.target, b.id), now)
	b.got(now)
	out := b.compose(n, now)
	if written, err := b.exchange(l.nc, out.bytes); err != nil {
		b.giveUp(n-out.whole(written), err)
		b.pool.give(l, true)
		return
	}
	b.pool.give(l, !b.clean())
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
		n, err := nc.Read(b.desk.in)
		if n > 0 {
			if err := b.received(b.desk.in[:n], b.r.now()); err != nil {
				return err
			}
		}
		if err != nil && b.inFlight() > 0 {
			return err
		}
	}
	return nil
}

// rest waits after a turn without a connection.
func (b *borrower) rest(pause time.Duration) {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-b.r.ctx.Done():
	}
}
