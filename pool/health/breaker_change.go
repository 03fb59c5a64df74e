package health

import "time"

// allowTrial answers while the breaker is not closed.
func (b *Breaker) allowTrial() (Permit, bool) {
	now := b.clock.since()
	w := word(b.word.Load())
	waits := w.state() == Open || w.state() == HalfOpen && w.requests() >= b.o.Trials
	if waits && now < time.Duration(b.until.Load()) {
		return 0, false
	}
	var told change
	p, ok := b.trial(now, &told)
	b.tell(told)
	return p, ok
}

func (b *Breaker) trial(now time.Duration, told *change) (Permit, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := word(b.word.Load())
	over := now >= time.Duration(b.until.Load())
	switch {
	case w.state() == Closed:
		return w.permit(), true
	case w.state() == HalfOpen && w.requests() < b.o.Trials:
	case over:
		// Half open still, its trials are lost: others take their place.
		b.until.Store(int64(now + b.o.Patience))
		w = b.turn(w, HalfOpen, told)
	default:
		return 0, false
	}
	w = w.with(w.requests()+1, w.failures(), 0)
	b.word.Store(uint64(w))
	return w.permit(), true
}

// settle is Done for what is rare.
func (b *Breaker) settle(p Permit, o Outcome) {
	var told change
	b.settleLocked(p, o, &told)
	b.tell(told)
}

func (b *Breaker) settleLocked(p Permit, o Outcome, told *change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := word(b.word.Load())
	switch {
	case w.permit() != p:
	case w.state() == HalfOpen:
		b.settleTrial(w, o, told)
	case o == Failure:
		if w = b.countFailure(); b.mustOpen(w) {
			b.open(w, told)
		}
	case o == Success: // it was half open when Done looked
		b.count(word.succeeded)
	}
}

func (b *Breaker) settleTrial(w word, o Outcome, told *change) {
	switch o {
	case Ignored:
		b.word.Store(uint64(w.with(w.requests()-1, w.failures(), 0)))
	case Failure:
		b.open(w, told)
	case Success:
		succeeded := w.failures() + 1
		if succeeded < b.o.Trials {
			b.word.Store(uint64(w.with(w.requests(), succeeded, 0)))
			return
		}
		b.streak = 0
		b.aged = b.clock.since()
		b.turn(w, Closed, told)
	}
}

// countFailure counts one in the closed state. The clock is read for failures alone, which is when their share matters.
func (b *Breaker) countFailure() word {
	now := b.clock.since()
	for now-b.aged >= b.o.Window {
		b.aged += b.o.Window
		if b.count(word.older).requests() == 0 {
			b.aged = now
		}
	}
	return b.count(word.failed)
}

// count changes the counts of the closed state, beside successes that need no lock.
func (b *Breaker) count(f func(word) word) word {
	for {
		w := word(b.word.Load())
		if n := f(w); b.word.CompareAndSwap(uint64(w), uint64(n)) {
			return n
		}
	}
}

func (b *Breaker) mustOpen(w word) bool {
	return b.o.InARow > 0 && w.row() >= b.o.InARow ||
		b.o.Rate > 0 && w.requests() >= b.o.Volume && float64(w.failures()) >= b.o.Rate*float64(w.requests())
}

func (b *Breaker) open(w word, told *change) {
	b.until.Store(int64(b.clock.since() + b.o.Open.Delay(b.streak)))
	b.streak++
	b.openings++
	b.turn(w, Open, told)
}

// turn changes the state. What successes count meanwhile is of the state before, and lost.
func (b *Breaker) turn(w word, to State, told *change) word {
	*told = change{from: w.state(), to: to}
	w = w.next(to)
	b.word.Store(uint64(w))
	return w
}

// A change is what the hook is told when the lock has been left.
type change struct{ from, to State }

func (b *Breaker) tell(c change) {
	if c.from != c.to && b.o.OnChange != nil {
		b.o.OnChange(c.from, c.to)
	}
}
