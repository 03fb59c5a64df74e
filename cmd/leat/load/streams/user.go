package streams

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/session"
	"github.com/leat-io/leat/sources/muxnet"
)

// A user has one stream, and another one when that has failed.
type user struct {
	r     *run
	i     int
	conn  *muxnet.Conn
	book  *book
	rng   *rand.PCG
	open  atomic.Pointer[muxnet.Stream]
	until atomic.Int64 // when the request in flight is given up, in nanoseconds from the beginning of the run; 0 is none
}

func (u *user) begin(r *run, i int) {
	u.r, u.i = r, i
	u.conn = r.conns[i%len(r.conns)]
	u.book = &r.books[i%len(r.books)]
	u.rng = rand.NewPCG(uint64(i), 1)
}

// pause is the time before a stream is opened behind one that has failed.
const pause = 10 * time.Millisecond

func (u *user) run(ctx context.Context) {
	request, reply := make([]byte, u.r.cfg.Message), make([]byte, u.r.cfg.Message)
	exchange := u.exchange
	if u.r.cfg.Request == "call" {
		exchange = u.call
	}
	defer func() {
		if s := u.open.Load(); s != nil {
			_ = s.Close()
		}
	}()
	for n := int64(0); ; n++ {
		due, ok := u.wait(n)
		if !ok || !u.r.next(due) {
			return
		}
		u.fill(request)
		sent := time.Since(u.r.began)
		got, err := exchange(ctx, request, reply)
		if err != nil && (u.left(err) || errors.Is(err, context.Canceled)) {
			return // it was not done
		}
		if !u.note(request, got, err, due, sent) {
			u.drop()
			time.Sleep(pause)
		}
		if u.conn.Err() != nil {
			return
		}
	}
}

// left says whether an error is that the server takes no more streams, this one among them.
func (u *user) left(err error) bool {
	e, ok := errors.AsType[*mux.Error](err)
	return errors.Is(err, session.ErrLeaving) || ok && e.Code == mux.Refused && u.conn.State().Left
}

// wait waits until request n of this user is due and returns when that was. In a closed loop it is due at once.
func (u *user) wait(n int64) (time.Duration, bool) {
	rate := u.r.cfg.Rate
	if rate == 0 {
		return time.Since(u.r.began), true
	}
	due := time.Duration(float64(n*int64(len(u.r.users))+int64(u.i)) / rate * float64(time.Second))
	for {
		left := due - time.Since(u.r.began)
		if left <= 0 {
			return due, true
		}
		if u.r.stop.Load() || u.r.end > 0 && due >= u.r.end {
			return 0, false
		}
		time.Sleep(min(left, pace)) // so that the end of the run is noticed
	}
}

// fill makes a request that differs from those before: letters where the reply has capitals.
func (u *user) fill(b []byte) {
	for i := range b {
		if i%8 == 0 {
			v := u.rng.Uint64()
			for j := i; j < min(i+8, len(b)); j++ {
				b[j] = byte(v >> (8 * (j - i)))
			}
		}
	}
	if u.r.cfg.Reply == "upper" {
		for i, c := range b {
			b[i] = 'a' + c%26
		}
	}
}

// exchange sends a request and waits for the reply, on the stream of the user.
func (u *user) exchange(ctx context.Context, request, reply []byte) ([]byte, error) {
	s := u.open.Load()
	if s == nil {
		var err error
		if s, err = u.conn.Open(ctx); err != nil {
			return nil, err
		}
		u.open.Store(s)
	}
	u.until.Store(int64(time.Since(u.r.began) + u.r.cfg.Timeout))
	_, err := s.Write(request)
	if err == nil {
		_, err = io.ReadFull(s, reply)
	}
	u.until.Store(0)
	return reply, err
}

// drop resets the stream of the user: what still comes on it is of no use.
func (u *user) drop() {
	if s := u.open.Swap(nil); s != nil {
		s.Reset(mux.Cancelled, "")
	}
}

// call calls a method that is named like the reply.
func (u *user) call(ctx context.Context, request, reply []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), u.r.cfg.Timeout)
	defer cancel()
	return u.conn.Call(ctx, u.r.cfg.Reply, request, reply[:0])
}

// note notes what has come of a request, and says whether that was right.
func (u *user) note(request, reply []byte, err error, due, sent time.Duration) bool {
	r := u.r
	done := time.Since(r.began)
	if r.cfg.Reply == "upper" {
		request = bytes.ToUpper(request)
	}
	right := err == nil && bytes.Equal(reply, request)
	if right && !r.counts(due) {
		return true
	}
	b := u.book
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case right:
		b.ok++
		b.latency.Record(int64(done - due))
		if r.cfg.Rate > 0 {
			b.late.Record(int64(sent - due))
		}
		return true
	case err == nil:
		b.mismatched++
		err = fmt.Errorf("a reply is not what was sent: it begins with %.16q and not with %.16q", reply, request)
	default:
		b.unanswered++
	}
	r.failed.add(err)
	return false
}

// expire resets the stream of a request whose time is over.
func (u *user) expire(now time.Duration) {
	if until := u.until.Load(); until > 0 && int64(now) > until && u.until.CompareAndSwap(until, 0) {
		if s := u.open.Load(); s != nil {
			s.Reset(mux.Deadline, "")
		}
	}
}
