package load

import "os"

// A visitor is a user on a loop that has no link of its own, or has one only for each turn.
type visitor struct {
	sharer
	loop  *loop
	link  *link    // that it uses
	own   *link    // if there is no pool
	doing activity // one thing at a time
	n     int64    // requests that it has leave to begin
	until int64    // when it gives up what it is doing
	timer timer
}

// An activity is what a visitor is doing.
type activity uint8

const (
	nothing activity = iota // until there is something to send
	waiting                 // for a link
	opening                 // the link
	asking                  // for replies
	resting                 // after it got no link
)

func newVisitor(r *run, id int, l *loop) *visitor {
	v := &visitor{loop: l}
	v.timer.owner = v
	v.init(r, id, l.desk, l.seenAt(r, id%len(r.cfg.targets)))
	if l.driver.unpooled() {
		v.own = &link{loop: l, fd: -1}
	}
	return v
}

// begin implements occupant.
func (v *visitor) begin() { v.next() }

// kick implements client.
func (v *visitor) kick() {
	if v.doing == nothing && !v.gone.Load() {
		v.next()
	}
}

// poke implements client.
func (v *visitor) poke() { v.kick() }

// next takes what there is to send and waits for a link, or ends.
func (v *visitor) next() {
	v.doing = nothing
	if v.r.ctx.Err() == nil {
		now := v.r.now()
		ended := v.ended.Load() // if so, the backlog that take looks at has its last value
		if v.n = v.take(int64(v.most()), now); v.n > 0 {
			v.doing, v.wanted = waiting, now
			v.loop.waiting.push(v)
			return
		}
		if !ended && !v.stopped.Load() {
			return
		}
	}
	v.leave()
}

func (v *visitor) leave() {
	v.doing = nothing
	v.conclude()
	v.loop.left()
}

// lend gives those who wait what they wait for, the first to the first.
func (l *loop) lend() {
	for range turnOpens {
		switch {
		case l.waiting.len() == 0:
			return
		case l.driver.unpooled():
			v := l.waiting.pop()
			v.own.target = (v.id + v.turns) % len(l.r.cfg.targets)
			v.use(v.own)
		case l.idle.len() > 0:
			l.waiting.pop().use(l.idle.pop())
		default:
			return
		}
	}
}

// giveBack takes a link back. One that failed, or that is no pool's, is closed.
func (l *loop) giveBack(k *link, failed bool) {
	unpooled := l.driver.unpooled()
	if k.fd >= 0 && (failed || unpooled) {
		k.close()
		l.r.shared.closes(failed)
	}
	k.occupant = nil
	if !unpooled {
		l.idle.push(k)
	}
}

// use takes a link, which may have to be opened.
func (v *visitor) use(k *link) {
	v.link = k
	if k.fd >= 0 && k.stale() {
		k.close()
		v.r.shared.closes(true)
	}
	if k.fd >= 0 {
		v.ask()
		return
	}
	a := v.loop.driver.endpoints[k.target].again()
	if a == nil {
		v.refused(errUnresolved)
		return
	}
	v.waitFor(opening, v.r.now()+int64(v.r.cfg.DialTimeout))
	k.connect(a, v)
}

// opened implements caller.
func (v *visitor) opened() {
	v.r.shared.opens()
	v.ask()
}

// refused implements caller.
func (v *visitor) refused(err error) {
	pause := v.sharer.refused(v.n, advised(err, v.r.cfg.targets[v.link.target]))
	v.loop.giveBack(v.link, true)
	v.waitFor(resting, v.r.now()+int64(pause))
}

// ask writes its requests.
func (v *visitor) ask() {
	now := v.r.now()
	v.seen = v.loop.seen[v.link.target]
	v.got(now)
	v.link.occupant = v
	v.waitFor(asking, now+int64(v.r.cfg.Timeout))
	if err := v.link.write(v.compose(v.n, now)); err != nil {
		v.broken(err)
	}
}

// arrived implements occupant.
func (v *visitor) arrived(b []byte) {
	if err := v.received(b, v.r.now()); err != nil {
		v.broken(err)
	} else if v.inFlight() == 0 {
		v.loop.giveBack(v.link, !v.clean())
		v.next()
	}
}

// broken implements occupant.
func (v *visitor) broken(err error) {
	if v.doing == asking {
		v.giveUp(v.link.forsake(), err)
		v.loop.giveBack(v.link, true)
		v.next()
	}
}

// written implements occupant.
func (v *visitor) written(err error) {
	if err != nil {
		v.broken(err)
	}
}

// waitFor begins something that must not last longer than until.
func (v *visitor) waitFor(a activity, until int64) {
	v.doing, v.until = a, until
	v.loop.timers.set(&v.timer, until)
}

// ring implements the owner of a timer.
func (v *visitor) ring(now int64) {
	switch {
	case v.gone.Load() || v.doing == nothing || v.doing == waiting:
	case now < v.until:
		v.loop.timers.set(&v.timer, v.until)
	case v.doing == opening:
		v.link.refuse(os.ErrDeadlineExceeded)
	case v.doing == asking:
		v.broken(errTimeout)
	default:
		v.next()
	}
}

// cut implements occupant.
func (v *visitor) cut(err error) {
	switch v.doing {
	case opening:
		v.link.close()
		fallthrough
	case waiting:
		v.sharer.refused(v.n, err)
	case asking:
		v.giveUp(v.link.forsake(), err)
		v.loop.giveBack(v.link, true)
	}
	v.leave()
}
