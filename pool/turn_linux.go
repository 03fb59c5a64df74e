package pool

import (
	"time"

	"github.com/leat-io/leat/stage"
)

// Turn implements reactor.Rider.
func (st *station) Turn() (more bool) {
	if !st.quiet {
		if st.inlet.Stalled() {
			st.inlet.Retry()
		}
		if st.hushing {
			st.hush(false)
		}
		st.again, st.spare = st.spare[:0], st.again
		for i, l := range st.spare {
			l.listed = false
			st.look(l)
			st.spare[i] = nil
		}
		st.push()
		if !st.inlet.Stalled() {
			st.nowhere.answer()
		}
		if due := st.inlet.Due(); !due.IsZero() && !time.Now().Before(due) {
			st.inlet.Tick(time.Now())
		}
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.tick()
	for len(st.dirty) > 0 {
		l := st.dirty[len(st.dirty)-1]
		st.dirty = st.dirty[:len(st.dirty)-1]
		l.flush()
	}
	if st.now-st.checked >= st.forwarding.pace(st.pending.Load() > 0) {
		st.check()
	}
	st.free()
	return !st.quiet && !st.inlet.Stalled() && (len(st.again) > 0 || st.refused.len() > 0)
}

// Due implements reactor.Rider.
func (st *station) Due() time.Time {
	if st.quiet {
		return time.Time{}
	}
	st.mu.Lock()
	at := st.epoch.Add(st.checked + st.forwarding.pace(st.pending.Load() > 0))
	st.mu.Unlock()
	return stage.Sooner(st.inlet.Due(), at)
}

// Rest implements reactor.Rider.
func (st *station) Rest() { st.inlet.Lane.Rest() }

// Work implements reactor.Rider.
func (st *station) Work() { st.inlet.Lane.Work() }

// crowded says that no lane is to send more now. The lock is held.
func (st *station) crowded() bool {
	return st.waiting > st.forwarding.Waiting || st.stored > st.forwarding.Stored
}

// roomy says that lanes which have stalled may go on: at half of the bounds, so that they do not stall again at once. The lock
// is held.
func (st *station) roomy() bool {
	return st.ended || st.waiting <= st.forwarding.Waiting/2 && st.stored <= st.forwarding.Stored/2
}

// free lets lanes that have stalled for a lack of room go on. The lock is held.
func (st *station) free() {
	if !st.roomy() {
		return
	}
	for i, s := range st.stalled {
		s.room.Store(true)
		s.lane.Awaken()
		st.stalled[i] = nil
	}
	st.stalled = st.stalled[:0]
	st.room.Broadcast()
}
