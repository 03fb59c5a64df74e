package session_test

import (
	"errors"
	"testing"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/session"
)

// pushing is a stream of a client at a server that passes on what comes, both ends of it.
func pushing(t *testing.T, l session.Limits) (near, far *flow) { return pushingWithin(t, l, nil) }

func pushingWithin(t *testing.T, l session.Limits, budget *session.Budget) (near, far *flow) {
	t.Helper()
	settings := mux.DefaultSettings
	never := func(int) int { return 1 }
	a := newEnd(t, session.Config{Settings: &settings}, never, newWatch())
	b := newEnd(t, session.Config{Server: true, Settings: &settings, Limits: &l, Budget: budget}, never, newWatch())
	exchange(a, b)
	return another(t, a, b)
}

// another is one more stream that a opens and b passes on.
func another(t *testing.T, a, b *end) (near, far *flow) {
	t.Helper()
	near = &flow{end: a}
	near.Side = near
	flush, err := a.s.Open(&near.Stream, &mux.Opening{}, false)
	if err != nil {
		t.Fatal(err)
	}
	a.flush(flush)
	far = &flow{end: b, accepted: true, passes: true}
	far.Side = far
	b.next = far
	exchange(a, b)
	return near, far
}

// exchange lets all bytes arrive.
func exchange(a, b *end) {
	for len(a.wire)+len(b.wire) > 0 {
		a.feed(b, len(b.wire))
		b.feed(a, len(a.wire))
	}
}

// A client that reads no answers gets no credit for more than a window once much waits for it, and gets it back when it reads.
func TestCreditWaitsForAnswersThatNobodyReads(t *testing.T) {
	near, far := pushing(t, session.DefaultLimits)
	l := session.DefaultLimits
	echo := func() {
		exchange(near.end, far.end)
		far.keep = make([]byte, far.got-far.sent)
		for i := range far.keep {
			far.keep[i] = content(far.sent + i)
		}
		far.push(0)
		exchange(near.end, far.end)
	}
	for range 100 {
		near.send(64<<10, 0)
		echo()
	}
	window := mux.DefaultSettings.StreamWindow
	if most := l.Pending + 3*window + 64<<10; far.got > most || far.got <= window {
		t.Fatalf("%d bytes were taken of a client that reads nothing; a window is %d", far.got, window)
	}
	for range 1000 {
		near.consume(near.unread)
		echo()
		near.send(64<<10, 0)
	}
	if far.got < 10<<20 {
		t.Errorf("%d bytes were taken of a client that reads", far.got)
	}
}

func TestAStreamOfWhichTooMuchWaitsIsReset(t *testing.T) {
	l := session.DefaultLimits
	l.Held = 1 << 20
	near, far := pushing(t, l)
	for range 100 {
		if far.left > 3<<20 {
			t.Fatalf("%d bytes wait", far.left)
		}
		far.keep = make([]byte, 100<<10)
		far.end.blind, near.end.blind = true, true
		if left, flush, err := far.Push(far.keep, 0); err != nil {
			far.end.flush(flush)
			exchange(near.end, far.end)
			if !errors.Is(near.broken, &mux.Error{Code: mux.Limit}) {
				t.Errorf("the other side sees %v", near.broken)
			}
			return
		} else if far.left = left; left > 0 {
			far.Keep()
			far.end.flush(flush)
		}
	}
	t.Error("ten times as much as may be held was taken")
}

// When the budget of all connections is spent, the streams of those are reset on which much waits, and of no others.
func TestConnectionsShareWhatMayWait(t *testing.T) {
	budget := session.NewBudget(1 << 20)
	_, greedy := pushingWithin(t, session.DefaultLimits, budget)
	_, modest := pushingWithin(t, session.DefaultLimits, budget)
	push := func(f *flow, n int) error {
		left, flush, err := f.Push(make([]byte, n), 0)
		if left > 0 {
			f.Keep()
		}
		f.end.flush(flush)
		return err
	}
	window := mux.DefaultSettings.StreamWindow
	if err := push(modest, window+1000); err != nil {
		t.Fatal(err)
	}
	if err := push(greedy, window+2<<20); err != nil {
		t.Fatal(err)
	}
	if err := push(modest, 1000); err != nil {
		t.Errorf("a connection on which little waits: %v", err)
	}
	if err := push(greedy, 1000); !errors.Is(err, &mux.Error{Code: mux.Limit}) {
		t.Errorf("one on which much waits: %v", err)
	}
	if n := budget.Used(); n != 2000 {
		t.Errorf("%d bytes are used, of which 2000 wait", n)
	}
	for _, f := range []*flow{modest, greedy} {
		f.end.flush(f.end.s.End(session.ErrEnded))
	}
	if n := budget.Used(); n != 0 {
		t.Errorf("%d bytes were not given back", n)
	}
}

// A client that gives up the streams whose answers it does not read may send again: nothing else would give it credit.
func TestCreditComesBackWhenAnswersAreGivenUp(t *testing.T) {
	for name, up := range map[string]func(f *flow) bool{
		"reset": func(f *flow) bool { return f.Reset(mux.Cancelled, "") },
		"stop":  func(f *flow) bool { return f.Stop(mux.Cancelled, "") },
	} {
		t.Run(name, func(t *testing.T) {
			l := session.DefaultLimits
			l.Held = 1 << 20
			near, far := pushing(t, l)
			upload, _ := another(t, near.end, far.end)
			near.end.blind = true
			left, flush, err := far.Push(make([]byte, 3<<20), 0)
			if far.Keep(); left == 0 || err != nil {
				t.Fatal(left, err)
			}
			far.end.flush(flush)
			exchange(near.end, far.end)
			window := mux.DefaultSettings.ConnectionWindow
			for upload.sent < window {
				upload.send(64<<10, 0)
				exchange(near.end, far.end)
			}
			upload.send(64<<10, 0)
			if exchange(near.end, far.end); !upload.Waiting() {
				t.Fatal("credit was returned while too much waits")
			}
			near.end.flush(up(near))
			if exchange(near.end, far.end); upload.Waiting() {
				t.Error("what waited is given up, and the other side has no credit for ever")
			}
		})
	}
}

// The bound holds for streams that have nothing waiting yet, too, and not for what can be sent at once.
func TestOtherStreamsAddNothingToTooMuchThatWaits(t *testing.T) {
	l := session.DefaultLimits
	l.Held = 1 << 20
	near, far := pushing(t, l)
	near.end.blind = true
	for range 3 {
		_, flush, err := far.Push(make([]byte, 800<<10), 0)
		if far.Keep(); err != nil {
			t.Fatal(err)
		}
		far.end.flush(flush)
		exchange(near.end, far.end)
	}
	a, b := another(t, near.end, far.end)
	if _, flush, err := b.Push(make([]byte, 1<<20), 0); !errors.Is(err, &mux.Error{Code: mux.Limit}) {
		t.Errorf("a mebibyte more was kept: %v", err)
	} else if far.end.flush(flush); true {
		if exchange(near.end, far.end); !errors.Is(a.broken, &mux.Error{Code: mux.Limit}) {
			t.Errorf("the other side sees %v", a.broken)
		}
	}
	_, c := another(t, near.end, far.end)
	if left, flush, err := c.Push(make([]byte, 1000), 0); left > 0 || err != nil {
		t.Errorf("of what there is credit for %d bytes wait: %v", left, err)
	} else {
		far.end.flush(flush)
	}
}

// Nothing is said of a stream behind its RESET.
func TestNoCreditIsGivenBehindAReset(t *testing.T) {
	near, far := pushing(t, session.DefaultLimits)
	near.end.blind = true
	far.keep = make([]byte, 1<<20)
	far.push(0)
	near.send(200<<10, 0)
	exchange(near.end, far.end)
	far.end.flush(far.Reset(mux.Application, ""))
	last := mux.Type(0)
	far.end.seen.each(far.end.wire, func(h mux.Header) {
		if h.Stream() == far.ID() {
			last = h.Type()
		}
	})
	if last != mux.Reset {
		t.Errorf("the last frame of the stream is %v", last)
	}
}
