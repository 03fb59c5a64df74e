package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/session"
)

// A dice is where a random test takes its choices from: a number below n.
type dice func(n int) int

// A flow is a stream as one end of a connection uses it. Byte i of what an end sends on it is known from i, so that order and
// completeness show.
type flow struct {
	session.Stream
	end      *end
	accepted bool // the other side has opened it
	served   bool
	passes   bool   // it uses Pass and Push
	left     int    // bytes of Push that wait
	keep     []byte // what Send has kept
	sent     int    // bytes that were taken from this end
	fin      bool   // this end has sent the end
	given    bool   // Send may have something kept
	got      int
	heard    bool // the end has come
	unread   int
	stopped  bool // by the other side
	deaf     bool // this side has sent STOP
	broken   error
}

// An end is one end of a connection without a network: what it writes is appended to wire.
type end struct {
	t      testing.TB
	s      *session.Session
	server bool
	roll   dice
	flows  []*flow
	wire   []byte // of this end, not fed to the other one yet
	seen   *watch
	blind  bool // what comes may be anything
	window int  // of a stream that it receives
	most   int  // bytes that it sends at once
	failed error
	next   *flow // that is accepted, whatever else
}

func newEnd(t testing.TB, c session.Config, roll dice, seen *watch) *end {
	e := &end{t: t, server: c.Server, roll: roll, seen: seen, window: c.Settings.StreamWindow, most: 1 << 20}
	s, err := session.New(e, c)
	if err != nil {
		t.Fatal(err)
	}
	e.s = s
	e.flush(s.Flush())
	return e
}

// flush takes what there is when it was told to.
func (e *end) flush(told bool) {
	if !told {
		return
	}
	for b := e.s.Take(nil); b != nil; b = e.s.Take(b) {
		e.wire = append(e.wire, b...)
		e.seen.wrote(e.server, b)
	}
}

// feed gives the first n bytes of wire of the other end to this one.
func (e *end) feed(from *end, n int) {
	used, _, err := e.s.Feed(from.wire[:n:n])
	e.seen.read(e.server, from.wire[:used])
	from.wire = from.wire[used:]
	e.flush(e.s.Flush())
	if err != nil && e.failed == nil {
		e.failed = err
	}
}

func (e *end) Accept(*mux.Opening) (*session.Stream, error) {
	if f := e.next; f != nil {
		e.next = nil
		return &f.Stream, nil
	}
	if e.roll(50) == 0 {
		return nil, fmt.Errorf("not this one")
	}
	f := &flow{end: e, accepted: true, passes: e.roll(2) == 0}
	f.Side = f
	e.flows = append(e.flows, f)
	return &f.Stream, nil
}

func (*end) Freed() {}
func (*end) Paced() {}

func (f *flow) Opened() {
	if f.passes {
		f.Pass()
	}
}

func (f *flow) Data(p []byte, g mux.Flags) {
	if f.heard || f.broken != nil || f.deaf {
		f.end.t.Errorf("stream %d: %d bytes behind its end (%v)", f.ID(), len(p), f.broken)
	}
	for i, b := range p {
		if b != content(f.got+i) && !f.end.blind {
			f.end.t.Fatalf("stream %d: byte %d is %d and not %d", f.ID(), f.got+i, b, content(f.got+i))
		}
	}
	f.got += len(p)
	if !f.passes {
		f.unread += len(p)
	}
	f.heard = g&mux.Fin != 0
}

func (f *flow) Stopped(*mux.Error) { f.stopped = true }
func (f *flow) Broken(why error)   { f.broken = why }
func (f *flow) Sent()              {}
func (f *flow) Unreported() int    { return 0 }

// content is byte i of a direction.
func content(i int) byte { return byte(i*7 + i>>8) }

// send sends n bytes more, unless too much is still kept.
func (f *flow) send(n int, g mux.Flags) {
	if f.passes && f.left > 0 && !f.Waiting() {
		f.left = 0
	}
	if f.fin || !f.settled() || f.left > f.end.most {
		return
	}
	f.keep = make([]byte, n)
	for i := range f.keep {
		f.keep[i] = content(f.sent + i)
	}
	if f.passes {
		f.push(g)
		return
	}
	k, flush, err := f.Send(f.keep, g)
	if err == nil {
		f.given, f.fin = k < n, g&mux.Fin != 0
	}
	if !f.given {
		f.sent += k
	}
	f.end.flush(flush)
}

// push sends keep, which is somebody else's behind the call.
func (f *flow) push(g mux.Flags) {
	left, flush, err := f.Push(f.keep, g)
	if f.left = left; err == nil {
		f.sent += len(f.keep)
		f.fin = g&mux.Fin != 0
	}
	if f.end.roll(2) == 0 {
		f.end.flush(flush)
		flush = false
	}
	if left > 0 {
		f.Keep()
	}
	clear(f.keep)
	f.end.flush(flush)
}

// settled takes note of what Send has kept, when it is all sent or will not be.
func (f *flow) settled() bool {
	if f.given && f.Waiting() {
		return false
	}
	if f.given {
		f.unsend()
	}
	return true
}

func (f *flow) unsend() {
	left, _ := f.Unsend()
	f.sent += len(f.keep) - left
	f.given = false
	f.end.flush(f.end.s.Flush())
}

func (f *flow) consume(n int) {
	f.unread -= n
	f.end.flush(f.Consumed(n))
}

func (f *flow) serve() {
	if f.accepted && !f.served {
		f.served = true
		f.Served()
	}
}

// Conditions of a stream, as one side has them.
const (
	idle = iota
	opened
	local
	remote
	closed
	connection // what is of none
	conditions
)

var conditionNames = [conditions]string{"idle", "open", "half-closed (local)", "half-closed (remote)", "closed, reset", "connection"}

// A watch follows what is written and read, and counts the frames that reach each condition.
type watch struct {
	sides  [2]map[uint32]int // conditions, of the client and of the server
	latest [2]uint32         // the latest OPEN that each has received
	count  [16][conditions]int
}

func newWatch() *watch { return &watch{sides: [2]map[uint32]int{{}, {}}} }

func side(server bool) int {
	if server {
		return 1
	}
	return 0
}

func (w *watch) each(b []byte, f func(mux.Header)) {
	if len(b) >= mux.PrefaceSize && string(b[:8]) == "leatmux\n" {
		b = b[mux.PrefaceSize:]
	}
	for len(b) >= mux.HeaderSize {
		h := mux.ReadHeader(b)
		f(h)
		b = b[mux.HeaderSize+h.Len():]
	}
}

func (w *watch) wrote(server bool, b []byte) {
	w.each(b, func(h mux.Header) {
		w.sides[side(server)][h.Stream()] = after(w.sides[side(server)][h.Stream()], h, true)
	})
}

func (w *watch) read(server bool, b []byte) {
	w.each(b, func(h mux.Header) {
		at := w.sides[side(server)]
		is := at[h.Stream()]
		at[h.Stream()] = after(is, h, false)
		switch latest := &w.latest[side(server)]; {
		case h.Stream() == 0:
			is = connection
		case h.Stream()&1 == 1 == server && is == idle && h.Stream() < *latest: // left out by its opener
			is = closed
		case h.Type() == mux.Open:
			*latest = max(*latest, h.Stream())
		}
		w.count[h.Type()][is]++
	})
}

// after is the condition behind a frame that was sent, or received: the table of section 4.
func after(is int, h mux.Header, sent bool) int {
	switch h.Type() {
	case mux.Open:
		if is != idle {
			return is
		}
		is = opened
	case mux.Reset:
		if is != idle {
			return closed
		}
		if sent { // of an OPEN that was refused
			return closed
		}
	case mux.Data:
	default:
		return is
	}
	if !h.Has(mux.Fin) {
		return is
	}
	half, other := remote, local
	if sent {
		half, other = local, remote
	}
	switch is {
	case opened:
		return half
	case other:
		return closed
	}
	return is
}

func (w *watch) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-10s", "received")
	for _, c := range conditionNames {
		fmt.Fprintf(&b, "%22s", c)
	}
	for t := range w.count[:mux.Setting+1] {
		fmt.Fprintf(&b, "\n%-10v", mux.Type(t))
		for _, n := range w.count[t] {
			fmt.Fprintf(&b, "%22d", n)
		}
	}
	return b.String()
}

// patient are limits that a random test does not reach.
func patient() *session.Limits {
	l := session.DefaultLimits
	much := session.Rate{Most: 1 << 30, Per: time.Second}
	l.Rates = session.Rates{Resets: much, Pings: much, Settings: much, Empty: much, Priorities: much, GoAways: much}
	l.Control = 1 << 30
	return &l
}
