package pool

// sweep looks through all idle connections and closes those that are to be closed. For that time nobody finds one idle, and
// who looks waits for the end.
func (b *backend) sweep() {
	b.mu.Lock()
	now := b.pool.now()
	b.state.Or(sweeping)
	b.sweepDue = never
	left := b.idle()
	if b.fifo {
		b.sift(now, len(b.line), &left, 0)
	}
	for i := range b.shards {
		b.sift(now, idleOf(b.shards[i].head.Load()), &left, i)
	}
	if l := int64(b.pool.limits.IdleTimeout); l > 0 {
		b.sweepDue = min(b.sweepDue, now+l)
	}
	b.state.And(^uint64(sweeping))
	dead := b.dead
	b.dead = nil
	b.mu.Unlock()
	for _, e := range dead {
		b.end(e.c, e.r)
	}
	if b.state.waiting() > 0 {
		b.attend()
	}
}

// sift looks through n idle connections of one shard, the one that was not used for longest first, and takes those that are
// to be closed out. left is how many there are in all shards.
func (b *backend) sift(now int64, n int, left *int, shard int) {
	all := b.alive[:0]
	for len(all) < n {
		var c *Conn
		if b.fifo {
			c = b.take()
		} else {
			c = b.shards[shard].pop(b.table, b.next)
		}
		if c == nil {
			break
		}
		all = append(all, c)
	}
	b.counts.moved.Add(uint64(len(all)))
	b.alive = all
	for i := range all {
		c := all[i]
		if !b.fifo {
			c = all[len(all)-1-i]
		}
		if r, close := b.judge(c, now, *left); close {
			*left--
			b.unseat(c)
			b.dead = append(b.dead, ending{c, r})
			continue
		}
		c.shard = uint8(shard)
		b.keep(c)
	}
	clear(all)
}

// judge says whether an idle connection is to be closed, when there are so many, and why. It notes when one that stays is due.
func (b *backend) judge(c *Conn, now int64, left int) (r Reason, close bool) {
	l := &b.pool.limits
	switch err := b.refusal(); {
	case err == ErrClosed:
		return ReasonClosed, true
	case err != nil:
		return ReasonRemoved, true
	}
	if r, dead := c.verdict(false); dead {
		return r, true
	}
	if b.follower != nil && left > l.MinIdle && int(b.open.Load())-len(b.dead) > b.wanted() {
		return ReasonSurplus, true
	}
	if l.IdleTimeout > 0 {
		b.sweepDue = min(b.sweepDue, max(c.last.Load()+c.mayRest, now+int64(l.IdleTimeout)/64))
	}
	return 0, false
}
