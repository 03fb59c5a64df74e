package session_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/session"
)

// receiver is a server whose peer is known, with a stream that the peer has opened, in the time of a bubble.
func receiver(t *testing.T, s mux.Settings, c session.Config) (*end, *flow) {
	t.Helper()
	c.Server, c.Settings = true, &s
	e := newEnd(t, c, func(int) int { return 1 }, newWatch())
	e.blind = true
	hear(t, e, mux.AppendSettings(mux.Preface{Low: 1, High: 1}.Append(nil), &mux.DefaultSettings, &mux.DefaultSettings, nil))
	hear(t, e, mux.AppendOpen(nil, 1, 0, &mux.Opening{}))
	return e, e.flows[0]
}

func hear(t *testing.T, e *end, b []byte) {
	t.Helper()
	if n, _, err := e.s.Feed(b); err != nil || n != len(b) {
		t.Fatalf("%d of %d bytes were taken, and %v", n, len(b), err)
	}
	e.flush(e.s.Flush())
}

// said returns the frames of a type that the end has written since it was asked last.
func said(e *end, want mux.Type) (frames [][]byte) {
	b := e.wire
	if len(b) > 8 && string(b[:8]) == "leatmux\n" {
		b = b[mux.PrefaceSize:]
	}
	for ; len(b) > 0; b = b[mux.HeaderSize+mux.ReadHeader(b).Len():] {
		if h := mux.ReadHeader(b); h.Type() == want {
			frames = append(frames, b[:mux.HeaderSize+h.Len()])
		}
	}
	e.wire = nil
	return frames
}

// pong answers the PING that measures the round trip after d.
func pong(t *testing.T, e *end, d time.Duration) {
	t.Helper()
	for _, p := range said(e, mux.Ping) {
		time.Sleep(d)
		hear(t, e, mux.AppendPong(nil, mux.ParsePing(p[mux.HeaderSize:])))
	}
}

// fill sends n bytes on the stream, which are read.
func fill(t *testing.T, e *end, f *flow, n int) {
	t.Helper()
	for n > 0 {
		k := min(n, 16<<10)
		hear(t, e, mux.AppendData(nil, f.ID(), 0, make([]byte, k)))
		f.consume(k)
		n -= k
	}
}

// A window grows while the peer uses it up in a round trip and more of it brings more, as far as the budget goes, and what it has
// grown by is given back.
func TestAWindowGrowsWithinItsBudget(t *testing.T) {
	for name, c := range map[string]struct{ budget, most int }{"much": {1 << 30, 4 << 20}, "little": {200 << 10, 64<<10 + 200<<10}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const trip = 40 * time.Millisecond
				limits, budget := *patient(), session.NewBudget(int64(c.budget))
				limits.StreamWindow, limits.ConnectionWindow = 4<<20, 1<<30
				settings := mux.DefaultSettings
				settings.StreamWindow, settings.ConnectionWindow = 64<<10, 1<<30
				e, f := receiver(t, settings, session.Config{Limits: &limits, Budget: budget})
				pong(t, e, trip)
				if got := e.s.State().RoundTrip; got != trip {
					t.Fatalf("the round trip is %v and not %v", got, trip)
				}
				before := f.Window()
				for range 40 { // a peer that sends a window in each round trip, one half behind the other
					fill(t, e, f, f.Window()/2)
					time.Sleep(trip / 2)
					pong(t, e, 0)
				}
				grown := f.Window()
				if grown <= before || grown > c.most {
					t.Errorf("the window has grown from %d to %d", before, grown)
				}
				if used := budget.Used(); used != int64(grown-before) || used > int64(c.budget) {
					t.Errorf("%d bytes of the budget are used for %d", used, grown-before)
				}
				time.Sleep(time.Minute)
				fill(t, e, f, f.Window()/2)
				if now := f.Window(); now >= grown && grown > before {
					t.Errorf("a window that was not used up is %d still", now)
				}
				e.flush(f.Reset(mux.Cancelled, ""))
				e.flush(e.s.End(session.ErrEnded))
				if used := budget.Used(); used != 0 {
					t.Errorf("%d bytes of the budget were not given back", used)
				}
			})
		})
	}
}

func TestAWindowThatIsNotUsedUpDoesNotGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settings := mux.DefaultSettings
		e, f := receiver(t, settings, session.Config{Budget: session.NewBudget(1 << 30)})
		pong(t, e, 10*time.Millisecond)
		before := f.Window()
		for range 20 {
			fill(t, e, f, before/2)
			time.Sleep(100 * time.Millisecond) // ten round trips for a half
		}
		if f.Window() != before {
			t.Errorf("the window has grown from %d to %d", before, f.Window())
		}
	})
}

// A near and fast peer, whose bytes come in bursts, uses up a window in a round trip now and then, but never for long.
func TestBurstsGrowNoWindow(t *testing.T) {
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) {
			settings := mux.DefaultSettings
			e, f := receiver(t, settings, session.Config{Budget: session.NewBudget(1 << 30)})
			pong(t, e, 50*time.Microsecond)
			before, roll := f.Window(), rand.New(rand.NewPCG(seed, 0))
			for range 2000 { // on average 64 KiB in 32 µs, of which 50 µs have a hundred
				for range roll.IntN(9) {
					fill(t, e, f, 16<<10)
				}
				time.Sleep(time.Duration(roll.IntN(64)) * time.Microsecond)
				pong(t, e, 50*time.Microsecond)
			}
			if f.Window() > 2*before {
				t.Errorf("the window has grown from %d to %d", before, f.Window())
			}
		})
	}
}

func TestRatesComeBackWithTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := receiver(t, mux.DefaultSettings, session.Config{})
		for range 5 {
			for range 10 {
				hear(t, e, mux.AppendPing(nil, 1))
			}
			time.Sleep(time.Second)
		}
		for range 10 {
			hear(t, e, mux.AppendPing(nil, 1))
		}
		if _, _, err := e.s.Feed(mux.AppendPing(nil, 1)); !errors.Is(err, &mux.Error{Code: mux.Limit}) {
			t.Errorf("the eleventh PING in a second led to %v", err)
		}
	})
}

// Each limit of section 10 lets one period's worth pass, and not one more.
func TestEachRateHasItsLimit(t *testing.T) {
	for name, c := range map[string]struct {
		most  int
		frame func(i int) []byte
	}{
		"reset": {200, func(i int) []byte {
			id := uint32(2*i + 3)
			return mux.AppendReset(mux.AppendOpen(nil, id, 0, &mux.Opening{}), id, mux.Cancelled, "")
		}},
		"settings":   {4, func(int) []byte { return mux.AppendSettings(nil, &mux.DefaultSettings, &mux.DefaultSettings, nil) }},
		"empty data": {100, func(int) []byte { return mux.AppendData(nil, 1, 0, nil) }},
		"goaway":     {4, func(int) []byte { return mux.AppendGoAway(nil, 0, mux.None, "") }},
		"priority":   {1000, func(int) []byte { return mux.AppendPriority(nil, 1, 0, 0) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, _ := receiver(t, mux.DefaultSettings, session.Config{})
				for i := range c.most {
					hear(t, e, c.frame(i))
				}
				if _, _, err := e.s.Feed(c.frame(c.most)); !errors.Is(err, &mux.Error{Code: mux.Limit}) {
					t.Errorf("one more than %d led to %v", c.most, err)
				}
			})
		})
	}
}

// A side whose peer takes silence for death says something in each third of that time, and takes silence for death itself.
func TestKeepalive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settings := mux.DefaultSettings
		settings.Keepalive = 12 * time.Second
		e, _ := receiver(t, settings, session.Config{})
		hear(t, e, []byte{8, 0, 0, 9, 0, 0, 0, 0, 1, 0, 5, 0, 0x70, 0x17, 0, 0}) // KEEPALIVE of 6 s
		said(e, mux.Ping)
		begun, last := time.Now(), time.Now()
		for {
			time.Sleep(e.s.Pace())
			flush, err := e.s.Tick(time.Now())
			if e.flush(flush); len(said(e, mux.Ping)) > 0 {
				if gap := time.Since(last); gap > 2*time.Second {
					t.Errorf("nothing was said for %v", gap)
				}
				last = time.Now()
			}
			if err != nil {
				if took := time.Since(begun); took < 12*time.Second || took > 14*time.Second || !errors.Is(err, &mux.Error{Code: mux.Timeout}) {
					t.Errorf("after %v of silence: %v", took, err)
				}
				return
			}
			if time.Since(begun) > time.Minute {
				t.Fatal("silence is not taken for death")
			}
		}
	})
}
