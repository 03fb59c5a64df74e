package stage_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// copied makes each message anew: what it gives is not what it got.
var copied = stage.Map(func(out, in *msg) { out.ID = in.ID })

func passing() stage.Maker[msg, msg] { return stage.Do(func(*msg) {}) }

// The second stage may return a prefix of what it gets, which is memory of Then. The caller appends the next batch to what it
// was given, so it must not be given that.
func TestThenDoesNotGiveItsOwnMemoryAway(t *testing.T) {
	for name, mk := range map[string]stage.Maker[msg, msg]{
		"a stage that passes on, then one that holds": stage.Then(copied, stage.Batch[msg](4, time.Hour)),
		"one that holds, then one that passes on":     stage.Then(stage.Batch[msg](4, time.Hour), passing()),
		"one that passes on, then one that makes two": stage.Then(copied, stage.FlatMap(func(in *msg, emit func() *msg) { emit().ID = in.ID; emit().ID = in.ID })),
		"nested": stage.Then(stage.Then(copied, passing()), stage.Then(passing(), stage.Batch[msg](3, time.Hour))),
	} {
		t.Run(name, func(t *testing.T) {
			stagetest.Run(t, stagetest.Stage[msg, msg]{
				Make: mk,
				Fill: func(i int, m *msg) { m.ID, m.Text = i, fmt.Appendf(nil, "text %d", i) },
			})
		})
	}
}

func TestFlushOfThenGoesThroughBothInOrder(t *testing.T) {
	hold := func(n int) stage.Maker[msg, msg] { return stage.Batch[msg](n, time.Hour) }
	r, c := stagetest.NewRig(stage.Then(hold(4), stage.Then(hold(7), passing()))), stagetest.NewConn(roomy)
	r.Push(numbered(r, c, 4)...) // they reach the second
	r.End()
	r.Push(numbered(r, c, 2)...) // they stay in the first
	r.End()
	check(t, "flushed", ids(r.Flush()), "0 1 2 3 4 5 ")
	r.End()
	check(t, "flushed again", ids(r.Flush()), "")
}

// An evens passes on even numbers and holds the odd ones, of which it flushes the half.
type evens struct {
	lane *stage.Lane
	held []*stage.Kept[msg]
}

func holdOdd(l *stage.Lane) stage.Stage[msg, msg] { return &evens{lane: l} }

func (s *evens) Process(dst, src []*msg) ([]*msg, error) {
	for _, m := range src {
		if m.ID%2 == 0 {
			dst = append(dst, m)
		} else {
			m.ID /= 2
			s.held = append(s.held, stage.Retain(s.lane, m))
		}
	}
	return dst, nil
}

func (s *evens) Flush(dst []*msg) []*msg {
	for _, k := range s.held {
		dst = append(dst, k.Take(s.lane))
	}
	s.held = s.held[:0]
	return dst
}

func TestFlushOfThenLosesNothingThatAPartHasEmittedBefore(t *testing.T) {
	for name, mk := range map[string]stage.Maker[msg, msg]{
		"passing on behind": stage.Then(holdOdd, stage.Then(holdOdd, passing())),
		"making behind":     stage.Then(holdOdd, stage.Then(holdOdd, copied)),
		"holding behind":    stage.Then(holdOdd, stage.Then(holdOdd, holdOdd)),
		"nested before":     stage.Then(stage.Then(holdOdd, passing()), stage.Then(copied, holdOdd)),
	} {
		t.Run(name, func(t *testing.T) {
			stagetest.Run(t, stagetest.Stage[msg, msg]{Make: mk, Fill: fill, AnyOrder: true})
			r, c := stagetest.NewRig(mk), stagetest.NewConn(roomy)
			b := numbered(r, c, 8)
			for i, m := range b {
				m.ID = i % 4 // 1 is held once; 3 by the first, and by the second when it is flushed
			}
			out, _ := r.Push(b...)
			n := len(out)
			r.End()
			out = r.Flush()
			check(t, "messages emitted and flushed", n+len(out), 8)
			r.End()
			out, _ = r.Push(numbered(r, c, 8)...) // and Flush has not given memory of Then away
			check(t, "messages in the next batch", len(out), 4)
			r.End()
		})
	}
}

func TestThenTicksForItsPartsAndNotWithoutOne(t *testing.T) {
	r, c := stagetest.NewRig(stage.Then(stage.Batch[msg](9, time.Hour), stage.Batch[msg](9, 2*time.Hour))), stagetest.NewConn(roomy)
	r.Push(numbered(r, c, 2)...)
	r.End()
	_, next := r.Tick(time.Now())
	if in := time.Until(next); in > time.Hour || in < 59*time.Minute {
		t.Errorf("wants to be called in %v, not in an hour", in)
	}
	out, next := r.Tick(time.Now().Add(61 * time.Minute)) // to the second one, which holds them for two hours from now
	check(t, "emitted after an hour", ids(out), "")
	if in := time.Until(next); in < 119*time.Minute {
		t.Errorf("wants to be called in %v, not in two hours", in)
	}
	r.End()
	out, next = r.Tick(time.Now().Add(3 * time.Hour))
	check(t, "emitted", ids(out), "0 1 ")
	check(t, "wants to be called again", !next.IsZero(), false)
	r.End()

	l := stagetest.NewLane("lane")
	if _, ok := stage.Then(passing(), passing())(l.Lane).(stage.Ticker[msg]); ok {
		t.Error("the clock is read after each batch for two stages that do not look at it")
	}
}

// A failing stage passes on what it gets, and says that it has failed.
type failing struct{ err error }

func (s failing) Process(_, b []*msg) ([]*msg, error) { return b, s.err }

func TestAnErrorOfAPartIsOneOfThen(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	fail := func(err error) stage.Maker[msg, msg] {
		return func(*stage.Lane) stage.Stage[msg, msg] { return failing{err} }
	}
	r, c := stagetest.NewRig(stage.Then(fail(one), fail(two))), stagetest.NewConn(roomy)
	out, err := r.Push(numbered(r, c, 2)...)
	if !errors.Is(err, one) || !errors.Is(err, two) {
		t.Errorf("the error is %v", err)
	}
	check(t, "emitted", ids(out), "0 1 ")
	r.End()

	r = stagetest.NewRig(stage.Then(stage.Batch[msg](9, time.Hour), fail(one)))
	r.Push(numbered(r, c, 2)...)
	r.End()
	check(t, "flushed", ids(r.Flush()), "2 3 ")
	check(t, "errors counted", r.Lane.Counts()[1].Errors, uint64(1))
	r.End()
}

func TestThenHasTheParametersOfBoth(t *testing.T) {
	r := stagetest.NewRig(stage.Then(stage.Then(passing(), stage.Batch[msg](3, time.Hour)), stage.Batch[msg](4, time.Hour)))
	var all string
	for _, p := range r.Stage.(stage.Tunable).Params() {
		all += p.Name + "=" + p.Get() + " "
	}
	check(t, "parameters", all, "count=3 wait=1h0m0s count=4 wait=1h0m0s ")
}

func TestSoonerTakesZeroForNever(t *testing.T) {
	now := time.Now()
	later := now.Add(1)
	for _, c := range [][3]time.Time{{now, later, now}, {later, now, now}, {{}, now, now}, {now, {}, now}, {}} {
		if got := stage.Sooner(c[0], c[1]); !got.Equal(c[2]) {
			t.Errorf("the sooner one of %v and %v is %v", c[0], c[1], got)
		}
	}
}

func TestSameStartTellsAPrefixFromACopy(t *testing.T) {
	a := make([]*msg, 4)
	if !stage.SameStart(a, a[:0]) || !stage.SameStart(a[:2], a) || stage.SameStart(a[1:], a) || stage.SameStart(a, make([]*msg, 4)) {
		t.Error("SameStart is wrong")
	}
}
