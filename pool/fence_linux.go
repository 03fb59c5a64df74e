package pool

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/leat-io/leat/stage"
)

// Fences tell when a server has sent a reply too many or too few on a shared connection, where it would go to the client behind.
// Behind every few requests goes one of the pool's own, to which the reply is a number that nobody else knows. Replies are
// passed on when the number has come where it should; what was read before it waits.
type fences struct {
	secret  [fenceSecret]byte // in hexadecimal digits
	count   uint32            // that have been put behind requests
	bare    int               // requests behind the latest one
	every   int               // the most of those
	claimed int               // of the requests in flight, whose replies wait for the fence
	reach   int               // bytes of those
	held    []byte            // that were read and have no fence behind them
}

const (
	fenceSecret = 16
	fenceNumber = 8
	// fenceEvery is the most requests between two fences: what they cost is spread over as many, and as many replies wait.
	fenceEvery = 64
	// fenceHeld is how many bytes of replies may wait before there are more fences, down to one behind each request.
	fenceHeld = 256 << 10
	// mostHeld bounds what waits on one connection, like what package codec keeps undecoded.
	mostHeld = 1 << 30
)

var errHeld = fmt.Errorf("more than %d bytes of replies have come without the one that would show whose they are", mostHeld)

func newFences() *fences {
	var b [fenceSecret / 2]byte
	_, _ = rand.Read(b[:]) // it never fails
	f := &fences{every: fenceEvery}
	hex.Encode(f.secret[:], b[:])
	return f
}

// nonce is the number of a fence.
func (f *fences) nonce(n uint32) (b [fenceSecret + fenceNumber]byte) {
	copy(b[:], f.secret[:])
	hex.Encode(b[fenceSecret:], []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	return b
}

// fence puts a fence behind the requests that have none.
func (l *link) fence() {
	f, st := l.fences, l.desk.station
	if f == nil || f.bare == 0 {
		return
	}
	f.bare = 0
	f.count++
	nonce := f.nonce(f.count)
	before := len(l.out)
	if err := l.appendFence(nonce[:]); err != nil {
		l.Fail(err)
		return
	}
	*l.fifo.push() = entry{fence: f.count, n: len(l.out) - before, began: st.now}
	st.pending.Add(1)
	st.waiting++
	st.stored += len(l.out) - before
	l.admit()
}

// appendFence appends the request. A panic of the user's function costs the connection.
func (l *link) appendFence(nonce []byte) (err error) {
	f := l.desk.station.forwarding
	defer f.pool.caught("Fence.Request", &err)
	l.out = f.Fence.Request(l.out, nonce)
	return nil
}

// pass takes what has been read and returns what can be decoded now: everything up to the last fence. It is good until the next
// call, unless own is true: then it is memory of its own.
func (f *fences) pass(b []byte) (ready []byte, own bool) {
	if len(f.held) == 0 {
		end := f.end(b, 0)
		f.held = append(f.held, b[end:]...)
		return b[:end], false
	}
	from := max(0, len(f.held)-fenceSecret-fenceNumber-1)
	f.held = append(f.held, b...)
	end := f.end(f.held, from)
	if end == 0 {
		if len(f.held) > fenceHeld {
			f.every = max(1, f.every/2)
		}
		return nil, false
	}
	all := f.held
	if end < fenceHeld/4 {
		f.every = min(2*f.every, fenceEvery)
	}
	f.held = append([]byte(nil), all[end:]...)
	return all[:end:end], true
}

// end finds the end of the last fence in b, which does not begin before from.
func (f *fences) end(b []byte, from int) int {
	for tail := b[from:]; ; {
		i := bytes.LastIndex(tail, f.secret[:])
		if i < 0 {
			return 0
		}
		if end := from + i + fenceSecret + fenceNumber + len("\r\n"); end <= len(b) {
			return end
		}
		tail = tail[:i]
	}
}

// verified lets go of the requests whose replies have been passed on, and of the fence behind them.
func (l *link) verified() {
	n := l.fences.claimed
	l.fences.claimed, l.fences.reach = 0, 0
	for range n {
		e := l.pop()
		if e.twin != nil {
			e.twin.left--
		}
		l.answered(&e)
	}
	l.pop()
	if l.fifo.len() == 0 {
		l.emptied()
	}
}

// tentative is Claim of a link with fences.
func (l *link) tentative(ln *stage.Lane, h *stage.Head, s *stage.Slab, m any) stage.Claim {
	f := l.fences
	if f.claimed >= l.flying {
		return stage.Foreign
	}
	e := l.fifo.at(f.claimed)
	if l.head+f.reach+e.n > l.sent {
		return stage.Foreign
	}
	if e.fence != 0 {
		if nonce := f.nonce(e.fence); !l.desk.station.forwarding.Fence.Is(m, nonce[:]) {
			return stage.Foreign
		}
		l.verified()
		return stage.Certain
	}
	f.claimed++
	f.reach += e.n
	if t := e.twin; t != nil {
		if t.answered {
			return stage.Unused
		}
		t.answered, e.first = true, true
	}
	if !e.give(ln, h, s, m) {
		return stage.Unused
	}
	return stage.Tentative
}

// Unclaim implements stage.Answering.
func (l *link) Unclaim(ln *stage.Lane, heads []*stage.Head) {
	st := l.desk.station
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, h := range heads {
		_ = ln.Take(h) // the request still has it
	}
	for i := range l.fences.claimed {
		if e := l.fifo.at(i); e.first {
			e.twin.answered, e.first = false, false
		}
	}
	l.fences.claimed, l.fences.reach = 0, 0
}
