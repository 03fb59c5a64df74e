package pool

import "time"

// run is the keeper: one goroutine that looks after the backends, each tick while connections of one come and go and
// otherwise when something is due.
func (p *Pool) run() {
	defer p.running.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-p.nudge:
		case <-timer.C:
		}
		now := p.now()
		p.clock.Store(now)
		due := never
		for _, b := range *p.backends.Load() {
			if b != nil {
				due = min(due, b.visit(now))
			}
		}
		timer.Reset(time.Duration(due - p.now()))
	}
}

// now is the time on the pool's clock, of which clock has that of the keeper's last look.
func (p *Pool) now() int64 { return int64(time.Since(p.epoch)) }

// wake has the keeper look at the backend again.
func (b *backend) wake() {
	if b.state.And(^uint64(asleep))&asleep == 0 {
		return
	}
	b.pool.clock.Store(b.pool.now())
	b.pool.poke()
}

func (p *Pool) poke() {
	select {
	case p.nudge <- struct{}{}:
	default:
	}
}
