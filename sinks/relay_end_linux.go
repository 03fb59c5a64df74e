package sinks

import (
	"fmt"
	"syscall"
	"time"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/stage"
)

// An ending is why a tunnel has ended, for counters.
type ending uint8

const (
	endDone ending = iota
	endClientReset
	endServerReset
	endIdle
	endHalfClosed
	endStall
	endNoRoute
	endNoBackend
	endNoSocket
	endStopped
	endPanic
	endHandshake
	endTruncated
	endMalformed
	endBehind

	nEndings = int(iota)
)

// endings are the labels of all.
var endings = [nEndings]string{
	"done", ErrClientReset.Label, ErrServerReset.Label, stage.ErrIdle.Label, ErrHalfClosed.Label, stage.ErrWriteTimeout.Label,
	ErrNoRoute.Label, ErrNoBackend.Label, ErrNoSocket.Label, stage.ErrStopped.Label, stage.ErrPanic.Label,
	stage.ErrHandshake.Label, stage.ErrTruncated.Label, stage.ErrMalformed.Label, errBehind.Label,
}

// figures are the counters of a relay.
type figures struct {
	open, connecting int
	connected        uint64
	failed, retried  uint64
	moved            [2]uint64 // by direction
	spliced          uint64
	held, pipes      int
	ended            [nEndings]uint64

	mirrors, waiting int    // open, and bytes that wait for them
	mirrored         uint64 // bytes that they took
	mirrorsEnded     [nEndings]uint64
}

func (f *figures) add(o figures) {
	f.open, f.connecting = f.open+o.open, f.connecting+o.connecting
	f.connected += o.connected
	f.failed, f.retried = f.failed+o.failed, f.retried+o.retried
	f.moved[toServer], f.moved[toClient] = f.moved[toServer]+o.moved[toServer], f.moved[toClient]+o.moved[toClient]
	f.spliced += o.spliced
	f.held, f.pipes = f.held+o.held, f.pipes+o.pipes
	for i, n := range o.ended {
		f.ended[i] += n
	}
	f.mirrors, f.waiting, f.mirrored = f.mirrors+o.mirrors, f.waiting+o.waiting, f.mirrored+o.mirrored
	for i, n := range o.mirrorsEnded {
		f.mirrorsEnded[i] += n
	}
}

// end closes both sides. Unless both have ended their streams, or a client's handshake has failed, they see a reset.
func (t *tunnel) end(why ending, reason error) {
	r := t.relay
	if t.dial != nil {
		t.undial()
		if t.route != nil {
			_ = r.guarded("Failed of a route", func() { t.route.Failed(stage.ErrAbandoned) })
		}
	} else if t.route != nil {
		_ = r.guarded("Ended of a route", t.route.Ended)
	}
	if t.extra != nil {
		t.endExtra(why, reason)
	}
	for side := range t.fds {
		t.closeSide(side, why != endDone && why != endHandshake)
	}
	for d := range t.ways {
		t.release(d)
	}
	r.wheel.Drop(t.place)
	t.ended(why)
	seat, record := t.seat, t.record
	t.record, t.route, t.seat, t.extra, t.is = nil, nil, nil, nil, 0
	r.free = append(r.free, t.place)
	if record != nil {
		record.Sent, record.Received = t.ways[toServer].moved, t.ways[toClient].moved
		record.Reason = reason
		r.read()
		record.Lasted = r.now - t.began
		_ = r.guarded("OnEnd", func() { r.onEnd(record) })
	}
	if seat != nil {
		seat.End(reason)
	}
}

// ended counts the end of a tunnel.
func (t *tunnel) ended(why ending) {
	c := &t.relay.count
	if t.is&mirroring != 0 {
		c.mirrors--
		c.mirrorsEnded[why]++
		return
	}
	c.open--
	c.ended[why]++
}

// closeSide closes one side, if it is open.
func (t *tunnel) closeSide(side int, reset bool) {
	fd := int(t.fds[side])
	if fd < 0 {
		return
	}
	t.fds[side] = -1
	if reset {
		_ = syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	}
	busy := t.extra != nil && t.extra.abandon(t, side)
	if t.is&(watched<<side) != 0 {
		t.is &^= watched << side
		if busy {
			t.relay.epoll.Release(fd)
		} else {
			t.relay.epoll.Remove(fd)
		}
	}
	if !busy {
		nonblock.Close(fd)
	}
}

// guarded calls what the user has given. A panic there is counted and costs what the call was about.
func (r *relay) guarded(what string, f func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%s: %w: %v", what, stage.ErrPanic, v)
			r.lane.Failed(err)
		}
	}()
	f()
	return nil
}

// overdue looks at a tunnel that may have used up its time.
func (r *relay) overdue(i uint32) {
	t := r.at(i)
	if t.dial != nil {
		t.connectLate()
		return
	}
	if t.is&parting != 0 {
		t.partLate()
		return
	}
	due, why, reason := t.due()
	switch now := r.wheel.Now(); {
	case why == endDone:
	case int32(due-now) <= 0:
		t.end(why, reason)
	default:
		r.wheel.Set(i, due)
	}
}

// due is when the tunnel has used up its time, in ticks, and what that would be called: endDone when it never does.
func (t *tunnel) due() (due uint32, why ending, reason error) {
	r, l := t.relay, &t.relay.limits
	up, down := &t.ways[toServer], &t.ways[toClient]
	sooner := func(since uint32, limit time.Duration, as ending, err error) {
		if at := since + r.ticks(limit); limit > 0 && (why == endDone || int32(at-due) < 0) {
			due, why, reason = at, as, err
		}
	}
	sooner(later(up.last, down.last), l.Idle, endIdle, stage.ErrIdle)
	for d := range t.ways {
		if w := &t.ways[d]; w.held != nil || w.is&leaving != 0 {
			sooner(w.last, l.WriteStall, endStall, stage.ErrWriteTimeout)
		}
	}
	switch {
	case up.is&shut != 0:
		sooner(down.last, l.HalfClosed, endHalfClosed, ErrHalfClosed)
	case down.is&shut != 0:
		sooner(up.last, l.HalfClosed, endHalfClosed, ErrHalfClosed)
	}
	return due, why, reason
}

// later is the later of two ticks.
func later(a, b uint32) uint32 {
	if int32(a-b) > 0 {
		return a
	}
	return b
}

// arm sees to it that the tunnel is looked at when it may have used up its time, where that is sooner now than it was.
func (t *tunnel) arm() {
	due, why, _ := t.due()
	if why == endDone {
		return
	}
	if at, ok := t.relay.wheel.Due(t.place); !ok || int32(due-at) < 0 {
		t.relay.wheel.Set(t.place, due)
	}
}
