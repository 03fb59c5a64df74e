package stage

import (
	"errors"
	"time"
	"unsafe"
)

// Blocking marks a stage that may wait, for a disk or another server. It belongs behind a Queue, Shard or Spread: Run
// refuses it where it would stop the reading of connections. The lane of a blocking stage takes one message at a time, so
// that an answer does not wait for the messages behind it.
func Blocking[In, Out any](mk Maker[In, Out]) Maker[In, Out] {
	return func(l *Lane) Stage[In, Out] {
		l.MayBlock()
		return mk(l)
	}
}

// Then makes one stage of two, and so one node: b takes what a gives.
func Then[In, Mid, Out any](a Maker[In, Mid], b Maker[Mid, Out]) Maker[In, Out] {
	return func(l *Lane) Stage[In, Out] {
		t := &then[In, Mid, Out]{lane: l, a: a(l), b: b(l)}
		t.aFlush, _ = t.a.(Flusher[Mid])
		t.bFlush, _ = t.b.(Flusher[Out])
		t.aTick, _ = t.a.(Ticker[Mid])
		t.bTick, _ = t.b.(Ticker[Out])
		return t.honest()
	}
}

// honest gives t the optional methods that its parts have, and no others: a lane reads the clock after each batch for a
// Ticker, and a Handover is trusted to keep nothing else.
func (t *then[In, Mid, Out]) honest() Stage[In, Out] {
	ticks := t.aTick != nil || t.bTick != nil
	_, a := t.a.(Handover)
	_, b := t.b.(Handover)
	switch moves := a || b; {
	case ticks && moves:
		return &thenTickMove[In, Mid, Out]{thenMove[In, Mid, Out]{t}}
	case ticks:
		return &thenTick[In, Mid, Out]{t}
	case moves:
		return &thenMove[In, Mid, Out]{t}
	}
	return t
}

type (
	thenTick[In, Mid, Out any]     struct{ *then[In, Mid, Out] }
	thenMove[In, Mid, Out any]     struct{ *then[In, Mid, Out] }
	thenTickMove[In, Mid, Out any] struct{ thenMove[In, Mid, Out] }
)

func (t *thenTick[In, Mid, Out]) Tick(dst []*Out, now time.Time) ([]*Out, time.Time) {
	return t.tick(dst, now)
}

func (t *thenTickMove[In, Mid, Out]) Tick(dst []*Out, now time.Time) ([]*Out, time.Time) {
	return t.tick(dst, now)
}

type then[In, Mid, Out any] struct {
	lane   *Lane
	a      Stage[In, Mid]
	b      Stage[Mid, Out]
	aFlush Flusher[Mid]
	bFlush Flusher[Out]
	aTick  Ticker[Mid]
	bTick  Ticker[Out]
	mid    []*Mid
}

func (t *then[In, Mid, Out]) Process(dst []*Out, src []*In) ([]*Out, error) {
	mid, err := t.a.Process(t.mid[:0], src)
	if !SameStart(mid, src) { // a prefix of src is the caller's
		t.mid = mid
	}
	if len(mid) == 0 {
		return dst, err
	}
	out, err2 := t.b.Process(dst, mid)
	if SameStart(out, mid) && !SameStart(mid, src) { // a prefix of mid is ours: the caller would append to it
		out = append(dst, out...)
	}
	return out, errors.Join(err, err2)
}

// pass appends to dst what b makes of what a emitted by itself; an error has no caller to go to.
func (t *then[In, Mid, Out]) pass(dst []*Out, mid []*Mid) []*Out {
	t.mid = mid
	if len(mid) == 0 {
		return dst
	}
	out, err := t.b.Process(dst[len(dst):], mid)
	if err != nil {
		t.lane.Failed(err)
	}
	if len(dst) == 0 && !SameStart(out, mid) {
		return out
	}
	return append(dst, out...)
}

func (t *then[In, Mid, Out]) Flush(dst []*Out) []*Out {
	if t.aFlush != nil {
		dst = t.pass(dst, t.aFlush.Flush(t.mid[:0]))
	}
	if t.bFlush != nil {
		dst = t.bFlush.Flush(dst)
	}
	return dst
}

// Leave waits for the peers of both parts.
func (t *then[In, Mid, Out]) Leave() (waiting int) {
	for _, s := range []any{t.a, t.b} {
		if l, ok := s.(Leaver); ok {
			waiting += l.Leave()
		}
	}
	return waiting
}

func (t *then[In, Mid, Out]) tick(dst []*Out, now time.Time) (_ []*Out, next time.Time) {
	if t.aTick != nil {
		var mid []*Mid
		mid, next = t.aTick.Tick(t.mid[:0], now)
		dst = t.pass(dst, mid)
	}
	if t.bTick != nil {
		var at time.Time
		dst, at = t.bTick.Tick(dst, now)
		next = Sooner(next, at)
	}
	return dst, next
}

// Export and Import hand over the state of both parts.
func (t *thenMove[In, Mid, Out]) Export(part uint8) any {
	var state [2]any
	for i, s := range [...]any{t.a, t.b} {
		if h, ok := s.(Handover); ok {
			state[i] = h.Export(part)
		}
	}
	if state == [2]any{} {
		return nil
	}
	return state
}

func (t *thenMove[In, Mid, Out]) Import(part uint8, state any) {
	for i, s := range [...]any{t.a, t.b} {
		if h, ok := s.(Handover); ok && state.([2]any)[i] != nil {
			h.Import(part, state.([2]any)[i])
		}
	}
}

// SameStart says whether two slices begin at the same element in memory, whatever their types: so a result that is a
// prefix of a stage's input is told from one that was appended.
func SameStart[A, B any](a []*A, b []*B) bool {
	return unsafe.Pointer(unsafe.SliceData(a)) == unsafe.Pointer(unsafe.SliceData(b))
}

// Params are those of both parts.
func (t *then[In, Mid, Out]) Params() (ps []Param) {
	for _, s := range []any{t.a, t.b} {
		if p, ok := s.(Tunable); ok {
			ps = append(ps, p.Params()...)
		}
	}
	return ps
}

// Sooner returns the earlier of two times, of which the zero Time means never.
func Sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
