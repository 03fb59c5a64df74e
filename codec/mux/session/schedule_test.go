package session_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/session"
)

// A line of streams, all of which have more to send than is taken.
type queue struct {
	t     *testing.T
	e     *end
	taken map[uint32]int
}

const plenty = 16 << 20

func newQueue(t *testing.T, p session.Policy) *queue {
	s := mux.DefaultSettings
	e := newEnd(t, session.Config{Settings: &s, Policy: p, Limits: patient()}, func(int) int { return 1 }, newWatch())
	theirs := s
	theirs.StreamWindow, theirs.ConnectionWindow = 1<<30, 1<<30
	if _, _, err := e.s.Feed(mux.AppendSettings(mux.Preface{Low: 1, High: 1}.Append(nil), &theirs, &mux.DefaultSettings, nil)); err != nil {
		t.Fatal(err)
	}
	e.flush(e.s.Flush())
	return &queue{t, e, map[uint32]int{}}
}

// add opens a stream that has plenty to send. Nothing is taken before take.
func (q *queue) add(class uint8, weight uint16) *flow {
	f := &flow{end: q.e}
	f.Side = f
	if _, err := q.e.s.Open(&f.Stream, &mux.Opening{Class: class, Weight: weight}, false); err != nil {
		q.t.Fatal(err)
	}
	if _, _, err := f.Send(make([]byte, plenty), 0); err != nil {
		q.t.Fatal(err)
	}
	return f
}

// take takes about n bytes of DATA and counts those of each stream.
func (q *queue) take(n int) map[uint32]int {
	clear(q.taken)
	for n > 0 {
		b := q.e.s.Take(nil)
		if b == nil {
			q.t.Fatal("there is nothing to take")
		}
		for ; len(b) > 0; b = b[mux.HeaderSize+mux.ReadHeader(b).Len():] {
			if h := mux.ReadHeader(b); h.Type() == mux.Data {
				q.taken[h.Stream()] += h.Len()
				n -= h.Len()
			}
		}
	}
	return q.taken
}

func TestStreamsOfAClassShareByWeight(t *testing.T) {
	for _, p := range []session.Policy{session.DRR, session.Fair} {
		t.Run(fmt.Sprint(p), func(t *testing.T) {
			q := newQueue(t, p)
			weights := map[*flow]uint16{}
			sum := 0
			for _, w := range []uint16{64, 32, 0, 4, 1} { // 0 stands for 16
				f := q.add(3, w)
				if weights[f] = w; w == 0 {
					weights[f] = mux.DefaultWeight
				}
				sum += int(weights[f])
			}
			q.take(1 << 20) // what was gathered while they came
			const all = 8 << 20
			got := q.take(all)
			for f, w := range weights {
				want := float64(all) * float64(w) / float64(sum)
				if share := float64(got[f.ID()]); math.Abs(share-want) > want/20+float64(16<<10) {
					t.Errorf("weight %d: %.0f bytes and not %.0f", w, share, want)
				}
			}
		})
	}
}

func TestALowerClassGoesFirst(t *testing.T) {
	for _, p := range []session.Policy{session.DRR, session.Fair, session.Strict} {
		t.Run(fmt.Sprint(p), func(t *testing.T) {
			q := newQueue(t, p)
			last, first := q.add(7, 60_000), q.add(0, 1)
			q.take(1 << 20)
			if got := q.take(4 << 20); got[last.ID()] > 0 || got[first.ID()] < 4<<20 {
				t.Errorf("class 7 has sent %d bytes and class 0 %d", got[last.ID()], got[first.ID()])
			}
		})
	}
}

func TestWhoCameFirstIsServedToTheEnd(t *testing.T) {
	for p, first := range map[session.Policy]int{session.FIFO: 0, session.Strict: 1} {
		t.Run(fmt.Sprint(p), func(t *testing.T) {
			q := newQueue(t, p)
			flows := []*flow{q.add(5, 1), q.add(2, 1), q.add(2, 60_000)}
			q.take(1 << 20)
			if got := q.take(4 << 20); len(got) != 1 || got[flows[first].ID()] == 0 {
				t.Errorf("%v has sent, and not stream %d alone", got, flows[first].ID())
			}
		})
	}
}

// A stream that is preferred while it waits is served as if it had always been so, and so is one that the other side asks it of.
func TestPrioritiesChangeWhileStreamsWait(t *testing.T) {
	for _, p := range []session.Policy{session.DRR, session.Fair, session.Strict} {
		t.Run(fmt.Sprint(p), func(t *testing.T) {
			q := newQueue(t, p)
			a, b := q.add(4, 16), q.add(4, 16)
			q.take(1 << 20)
			b.Prefer(1, 16, false)
			if got := q.take(1 << 20); got[a.ID()] > 0 {
				t.Errorf("the class behind has sent %d bytes", got[a.ID()])
			}
			if _, _, err := q.e.s.Feed(mux.AppendPriority(nil, a.ID(), 0, 16)); err != nil {
				t.Fatal(err)
			}
			if got := q.take(1 << 20); got[b.ID()] > 0 {
				t.Errorf("the class behind has sent %d bytes, when the other side has asked", got[b.ID()])
			}
		})
	}
}
