package session_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/session"
)

// One side is frames that were made up, of which most are legal. What each leads to is what the tables of the specification say, and
// nothing else.
func TestASessionHoldsItsPeerToTheTables(t *testing.T) {
	seen := newWatch()
	legal, all := 0, 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 3))
		l, a := provoke(t, r.IntN, 400, seen)
		legal, all = legal+l, all+a
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%d of %d frames were legal%s", legal, all, seen.table())
	if legal*2 < all {
		t.Errorf("only %d of %d frames were legal", legal, all)
	}
	for typ := mux.Data; typ <= mux.Priority; typ++ {
		for c, n := range seen.count[typ][:connection] {
			if n == 0 {
				t.Errorf("no %v has come to a stream that is %s", typ, conditionNames[c])
			}
		}
	}
}

func FuzzPeer(f *testing.F) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 4))
		b := make([]byte, 3000)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { provoke(t, told(&b), 300, newWatch()) })
}

// FuzzFeed feeds bytes that mean nothing, behind a preface and SETTINGS.
func FuzzFeed(f *testing.F) {
	f.Add(mux.AppendData(mux.AppendOpen(nil, 1, 0, &mux.Opening{}), 1, mux.Fin, []byte("hello")))
	f.Add(mux.AppendGoAway(mux.AppendReset(mux.AppendOpen(nil, 3, mux.Fin, &mux.Opening{}), 3, mux.Cancelled, ""), 2, 0, ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, _ := greeted(t, func(int) int { return 1 }, newWatch())
		e.blind = true
		_, need, err := e.s.Feed(b)
		if err == nil && need > mux.DefaultSettings.MaxFrame+mux.HeaderSize {
			t.Errorf("%d bytes are wanted for one frame", need)
		}
		e.flush(e.s.Flush())
		torn, _ := greeted(t, func(int) int { return 1 }, newWatch())
		torn.blind = true
		var tornErr error
		given := 0
		for have := range len(b) + 1 { // a byte more each time
			if tornErr == nil {
				var used int
				used, _, tornErr = torn.s.Feed(b[given:have])
				given += used
			}
		}
		torn.flush(torn.s.Flush())
		if !bytes.Equal(torn.wire, e.wire) || fmt.Sprint(tornErr) != fmt.Sprint(err) {
			t.Errorf("%x and %v at once, and %x and %v byte by byte", e.wire, err, torn.wire, tornErr)
		}
	})
}

// greeted is a server that knows its peer, and that peer.
func greeted(t testing.TB, roll dice, seen *watch) (*end, *peer) {
	s := mux.DefaultSettings
	s.StreamWindow, s.ConnectionWindow, s.MaxStreams = 1<<30, 1<<30, 1<<20
	e := newEnd(t, session.Config{Server: true, Settings: &s, Limits: patient(), Budget: session.NewBudget(1 << 30)}, roll, seen)
	p := &peer{roll: roll, seen: seen, next: 1, credit: map[uint32]uint64{0: uint64(mux.DefaultSettings.ConnectionWindow)}}
	hello := mux.Preface{Low: 1, High: 1}.Append(nil)
	if _, _, err := e.s.Feed(mux.AppendSettings(hello, &mux.DefaultSettings, &mux.DefaultSettings, nil)); err != nil {
		t.Fatal(err)
	}
	e.flush(e.s.Flush())
	return e, p
}

// A peer makes frames up.
type peer struct {
	roll   dice
	seen   *watch
	next   uint32 // number of the next stream
	latest uint32
	credit map[uint32]uint64 // the latest totals
}

// provoke feeds frames until one is an error of the connection, and says how many of how many were none.
func provoke(t testing.TB, roll dice, steps int, seen *watch) (legal, all int) {
	run := newWatch()
	e, p := greeted(t, roll, run)
	for range steps {
		if roll(4) == 0 {
			step(e, &end{}, roll)
			e.wire = nil
			continue
		}
		frame, want := p.frame()
		all++
		if want == mux.None {
			legal++
		}
		e.feed(&end{wire: frame}, len(frame))
		if !answered(t, e, frame, want) {
			break
		}
	}
	for typ, row := range run.count {
		for c, n := range row {
			seen.count[typ][c] += n
		}
	}
	for _, f := range e.flows {
		if f.unread > 0 {
			f.consume(f.unread)
		}
		f.serve()
	}
	e.flush(e.s.End(session.ErrEnded))
	if s := e.s.State(); s.Ours != 0 || s.Theirs != 0 || s.Held != 0 {
		t.Errorf("in the end there are %d and %d streams and %d bytes", s.Ours, s.Theirs, s.Held)
	}
	return legal, all
}

// answered compares what a frame has led to, and says whether the connection goes on.
func answered(t testing.TB, e *end, frame []byte, want mux.Code) bool {
	h := mux.ReadHeader(frame)
	if want == mux.None {
		if e.failed != nil {
			t.Fatalf("%v, a legal frame, has led to %v", h, e.failed)
		}
		return true
	}
	if we, ok := errors.AsType[*mux.Error](e.failed); !ok || we.Code != want {
		t.Fatalf("%v has led to %v and not %v", h, e.failed, want)
	}
	e.wire = nil
	e.flush(e.s.End(e.failed))
	for b := e.wire; len(b) > 0; b = b[mux.HeaderSize+mux.ReadHeader(b).Len():] {
		if g := mux.ReadHeader(b); g.Type() == mux.GoAway && binary.LittleEndian.Uint32(b[mux.HeaderSize+4:]) == uint32(want) {
			return false
		}
	}
	t.Errorf("%v was not answered with GOAWAY: % x", h, e.wire)
	return false
}

// frame makes a frame up, and says which error of the connection it is.
func (p *peer) frame() ([]byte, mux.Code) {
	n := p.roll(1000)
	switch {
	case n < 980:
		id, is := p.stream()
		if id == 0 {
			id, p.latest = p.next, p.next
			p.next += 2 * uint32(1+p.roll(3))
			return mux.AppendOpen(nil, id, mux.Flags(p.roll(8)/7), &mux.Opening{Class: uint8(p.roll(8))}), mux.None
		}
		b := p.on(id, is)
		if is == idle {
			return b, mux.Protocol
		}
		return b, mux.None
	case n < 992: // an OPEN of what is or was open, or of this side's
		id, is := p.stream()
		if is == idle {
			id = 2
		}
		return mux.AppendOpen(nil, id, 0, &mux.Opening{}), mux.Protocol
	case n < 994:
		return mux.AppendCredit(nil, 0, p.credit[0]-1), mux.BadCredit
	case n < 996:
		return mux.AppendCredit(nil, uint32(p.roll(2)), mux.MostTotal+1), mux.BadCredit
	case n < 998:
		return mux.NewHeader(p.roll(100), mux.Type(10+p.roll(6)), 0, uint32(p.roll(3))).Append(nil), mux.Protocol
	}
	return mux.NewHeader(mux.DefaultSettings.MaxFrame+1+p.roll(1000), mux.Data, 0, 1).Append(nil), mux.TooLarge
}

// stream picks a condition and a stream that is in it, an idle one seldom, which ends the connection. 0 says that one is to be opened.
func (p *peer) stream() (id uint32, is int) {
	if p.roll(4) == 0 {
		return 0, idle
	}
	if is = p.roll(4) + opened; p.roll(100) == 0 {
		is = idle
	}
	at := p.seen.sides[1]
	top := int(p.next) + 40
	from := p.roll(top)
	for i := range top {
		id = uint32((from+i)%top) + 1
		if is == idle && id&1 == 1 && id <= p.latest || id&1 == 0 && at[id] == idle && is != idle {
			continue
		}
		if is == closed && id&1 == 1 && id <= p.latest && at[id] == idle { // left out by an opener: as good as closed
			return id, closed
		}
		if at[id] == is {
			return id, is
		}
	}
	return 0, idle
}

// on makes a frame on a stream up.
func (p *peer) on(id uint32, is int) []byte {
	switch p.roll(8) {
	case 0:
		return mux.AppendReset(nil, id, mux.Code(p.roll(300)), "no")
	case 1:
		return mux.AppendStop(nil, id, mux.Code(p.roll(300)), "no")
	case 2:
		return mux.AppendPriority(nil, id, uint8(p.roll(8)), uint16(p.roll(100)))
	case 3:
		p.credit[id] = max(p.credit[id], uint64(mux.DefaultSettings.StreamWindow)) + uint64(p.roll(100_000))
		return mux.AppendCredit(nil, id, p.credit[id])
	}
	f := mux.Flags(0)
	if p.roll(3) == 0 {
		f = mux.Fin
	}
	b := make([]byte, p.roll(300))
	for i := range b {
		b[i] = content(p.sent(id) + i)
	}
	if is == opened || is == local {
		p.credit[id|1<<31] += uint64(len(b))
	}
	return mux.AppendData(nil, id, f, b)
}

// sent is how many bytes were sent on a stream that takes them.
func (p *peer) sent(id uint32) int { return int(p.credit[id|1<<31]) }
