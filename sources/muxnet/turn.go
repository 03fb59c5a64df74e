package muxnet

import "time"

// A turn is who reads.
type turn uint8

const (
	goroutinesTurn turn = iota
	nobodysTurn
	streamsTurn
)

// absence is how long nobody reads before the goroutine goes on, and at most twice that, to the precision of the runtime's timers, which is a
// millisecond in a process that does nothing else. A stream has then been away for longer than waking the goroutine takes, and nothing that
// the connection brings meanwhile, a new stream for example, is much late.
const absence = 50 * time.Microsecond

// leave leaves the turn to nobody, if whoever had it last is all there is to read for. The lock is held.
func (r *reading) leave() {
	if r.err != nil || !r.gave || r.wanted > 0 || r.waiting.Load() > 0 || !r.conn.session.Alone() {
		r.pass()
		return
	}
	r.turn = nobodysTurn
	r.round++
	if !r.armed {
		r.arm()
	}
}

// arm sets the timer. The lock is held.
func (r *reading) arm() {
	r.armed, r.seen = true, r.round
	if r.timer == nil {
		r.timer = time.AfterFunc(absence, r.missed)
		return
	}
	r.timer.Reset(absence)
}

// missed gives the turn to the goroutine if nobody has had it since the timer was armed.
func (r *reading) missed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.armed = false
	switch {
	case r.turn != nobodysTurn:
	case r.round == r.seen:
		r.pass()
	default:
		r.arm()
	}
}

// pass gives the turn to the goroutine. The lock is held.
func (r *reading) pass() {
	r.turn = goroutinesTurn
	r.own.Signal()
}

// give gives the turn to the goroutine if it is nobody's, for a stream that does not come back. The lock of the stream is held.
func (r *reading) give() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.resume()
}

// resume gives the turn to the goroutine if it is nobody's. The lock is held.
func (r *reading) resume() {
	if r.turn == nobodysTurn {
		r.pass()
	}
}

// want has the connection read until unwant is called, whatever streams do: for who waits for something else than what a read brings, credit for
// example.
func (r *reading) want() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wanted++
	r.resume()
}

func (r *reading) unwant() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wanted--
}

// led says that the reading is left to streams: whoever writes is about to read.
func (r *reading) led() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.turn != goroutinesTurn
}
