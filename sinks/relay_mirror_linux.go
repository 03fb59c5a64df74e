package sinks

import (
	"fmt"
	"math/rand/v2"
	"syscall"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/stage"
)

var errBehind = &stage.Reason{Label: "behind"}

// reflect begins to mirror a tunnel, if it is one of those that are. A mirror is a tunnel without a client: what it would read of one is
// what the client of the other has sent, and what its backend answers is thrown away.
func (t *tunnel) reflect(a *stage.Accepted) {
	r := t.relay
	if !r.mirror.wanted || rand.Float64() >= r.mirror.share {
		return
	}
	r.count.mirrors++
	route, err := r.routeBy(r.mirror.up, a, nil)
	if err != nil {
		r.count.mirrors--
		r.count.mirrorsEnded[endNoRoute]++
		return
	}
	m := r.take()
	m.route, m.began = route, r.now
	m.fds = [2]int32{client: -1, server: -1}
	m.is |= inUse | mirroring
	m.dial = r.newDial()
	m.dial.accepted.Client, m.dial.accepted.Server, m.dial.accepted.Hello = a.Client, a.Server, a.Hello
	m.extra = &extra{of: t}
	t.more().mirror = m
	m.hear(a.First)
	m.connect()
}

// mirrorFailed ends a mirror that cannot be connected.
func (t *tunnel) mirrorFailed(err error) {
	old := t.route
	t.route = nil
	_ = t.relay.guarded("Failed of a route", func() { old.Failed(err) })
	t.end(endNoBackend, fmt.Errorf("%w: %w", ErrNoBackend, err))
}

// hear gives a mirror what the client of its tunnel has sent.
func (t *tunnel) hear(b []byte) {
	w := &t.ways[toServer]
	if w.held == nil && t.dial == nil {
		t.write(toServer, b)
		return
	}
	if len(b) == 0 {
		return
	}
	waiting := len(b)
	if w.held != nil {
		waiting += len(w.held.bytes)
	}
	r := t.relay
	if waiting > mostMirrored || r.mirrored.out > r.limits.Held {
		t.end(endBehind, errBehind)
		return
	}
	if w.held == nil {
		w.held = r.mirrored.keep(b)
	} else {
		w.held = r.mirrored.append(w.held, b)
	}
}

// hearEnd tells a mirror that the client of its tunnel has ended its stream.
func (t *tunnel) hearEnd() {
	w := &t.ways[toServer]
	w.is |= ended
	if w.held == nil && t.dial == nil {
		t.passEnd(toServer)
	}
}

// discard reads what a mirror answers.
func (t *tunnel) discard() {
	r, w := t.relay, &t.ways[toClient]
	for reads := 0; w.is&(unread|ended) == unread; reads++ {
		if reads == readMost {
			r.repeat(t)
			return
		}
		n, err := nonblock.Read(int(t.fds[server]), r.buf)
		switch {
		case n > 0:
			w.last = r.nowTick
			if n < len(r.buf) && w.is&torn == 0 {
				w.is &^= unread
			}
		case err == nil:
			w.is |= ended | shut
			if t.ways[toServer].is&shut != 0 {
				t.end(endDone, nil)
				return
			}
			t.arm()
		case err == syscall.EAGAIN:
			w.is &^= unread | torn
		case err != syscall.EINTR:
			t.end(endServerReset, ErrServerReset)
			return
		}
	}
}
