package pool_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pool"
)

func TestTheLastOneUsedIsUsedNext(t *testing.T) {
	p := start(t, &plant{}, nil, pool.Shards(1))
	defer closeNow(t, p)
	a, b := get(t, p), get(t, p)
	p.Put(a)
	p.Put(b)
	if c := get(t, p); c != b {
		t.Error("the order is not LIFO")
	} else {
		p.Put(c)
	}
	if s := one(t, p); s.Hits != 1 || s.Waits != 2 || s.Opened != 2 || s.Reuse() < .3 || s.Reuse() > .34 {
		t.Errorf("%+v", s)
	}
}

func TestTheOneUnusedForLongestIsUsedNext(t *testing.T) {
	p := start(t, &plant{}, nil, pool.FIFO())
	defer closeNow(t, p)
	a, b := get(t, p), get(t, p)
	p.Put(a)
	p.Put(b)
	if c := get(t, p); c != a {
		t.Error("the order is not FIFO")
	} else {
		p.Put(c)
	}
	if s := one(t, p); s.Hits != 1 {
		t.Errorf("%+v", s)
	}
}

// What makes a connection unfit to be given back, and the reason that is counted.
func TestWhatIsNotFitIsClosed(t *testing.T) {
	answer := func(w *plant, s string) {
		w.mu.Lock()
		far := w.far[0]
		w.mu.Unlock()
		far.Write([]byte(s))
	}
	for name, c := range map[string]struct {
		use  func(w *plant, c *pool.Conn)
		want pool.Reason
	}{
		"a reply is owed":    {func(w *plant, c *pool.Conn) { c.Sent(2); c.Received(1) }, pool.ReasonUnmatched},
		"a reply too many":   {func(w *plant, c *pool.Conn) { c.Received(1) }, pool.ReasonUnmatched},
		"a read has failed":  {func(w *plant, c *pool.Conn) { w.far[0].Close(); c.Read(make([]byte, 1)) }, pool.ReasonError},
		"a write has failed": {func(w *plant, c *pool.Conn) { w.far[0].Close(); c.Write(make([]byte, 1)) }, pool.ReasonError},
		"a deadline has passed": {func(w *plant, c *pool.Conn) {
			c.SetReadDeadline(time.Now().Add(-time.Second))
			c.Read(make([]byte, 1))
		}, pool.ReasonError},
		"something is unread": {func(w *plant, c *pool.Conn) {
			go answer(w, "two")
			c.Reader().ReadByte()
		}, pool.ReasonUnread},
		"it was discarded": {func(w *plant, c *pool.Conn) { c.Discard(pool.ReasonProtocol) }, pool.ReasonProtocol},
		"it was closed":    {func(w *plant, c *pool.Conn) { c.Close() }, pool.ReasonDiscarded},
	} {
		t.Run(name, func(t *testing.T) {
			w := &plant{}
			p := start(t, w, nil)
			defer closeNow(t, p)
			conn := get(t, p)
			c.use(w, conn)
			p.Put(conn)
			if s := one(t, p); s.Closed[c.want] != 1 || s.Idle != 0 || s.InUse != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestWhatIsFitComesBackAsGoodAsNew(t *testing.T) {
	w := &plant{}
	p := start(t, w, nil)
	defer closeNow(t, p)
	c := get(t, p)
	go io.WriteString(w.far[0], "answer\n")
	c.Sent(1)
	if s, err := c.Reader().ReadString('\n'); s != "answer\n" || err != nil {
		t.Fatal(s, err)
	}
	c.Received(1)
	c.SetDeadline(time.Now().Add(-time.Second))
	p.Put(c)
	if d := get(t, p); d != c {
		t.Fatal("it was not kept")
	}
	go io.WriteString(w.far[0], "x")
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Errorf("a deadline of before: %v", err)
	}
	p.Put(c)
}

func TestToGiveBackTwiceIsRefused(t *testing.T) {
	p := start(t, &plant{}, nil)
	defer closeNow(t, p)
	c := get(t, p)
	p.Put(c)
	for name, f := range map[string]func(){"given back": func() { p.Put(c) }, "discarded": func() { c.Close() }} {
		func() {
			defer func() {
				if s, _ := recover().(string); !strings.Contains(s, "a connection to a is "+name+" that is not in use") {
					t.Errorf("%s: %q", name, s)
				}
			}()
			f()
		}()
	}
}

func TestMoreThanMaxIdleAreClosed(t *testing.T) {
	for name, opts := range map[string][]pool.Option{"one shard": {pool.Shards(1)}, "shards": {pool.Shards(4)}, "FIFO": {pool.FIFO()}} {
		t.Run(name, func(t *testing.T) {
			p := start(t, &plant{}, func(l *pool.Limits) { l.MaxIdle = 3 }, opts...)
			defer closeNow(t, p)
			var all []*pool.Conn
			for range 10 {
				all = append(all, get(t, p))
			}
			p.PutN(all)
			if s := one(t, p); s.Idle != 3 || s.Closed[pool.ReasonSurplus] != 7 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestExhaustionFailsAtOnceWhereNobodyMayWait(t *testing.T) {
	p := start(t, &plant{}, func(l *pool.Limits) { l.MaxOpen, l.MaxIdle, l.MaxWaiting = 2, 2, 0 })
	defer closeNow(t, p)
	c, d := get(t, p), get(t, p)
	_, err := p.Get(t.Context())
	var exhausted *pool.ExhaustedError
	if !errors.As(err, &exhausted) || exhausted.Backend != "a" || exhausted.Open != 2 || !errors.Is(err, pool.ErrExhausted) {
		t.Error(err)
	}
	p.PutN([]*pool.Conn{c, d})
	p.Put(get(t, p))
	if s := one(t, p); s.Exhausted != 1 {
		t.Errorf("%+v", s)
	}
}

func TestAContextThatHasEndedGetsNothingThatMustBeWaitedFor(t *testing.T) {
	p := start(t, &plant{}, nil)
	defer closeNow(t, p)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errRefused)
	if _, err := p.Get(ctx); !errors.Is(err, errRefused) {
		t.Error(err)
	}
}

func TestABatchTakesWhatIsIdle(t *testing.T) {
	p := start(t, &plant{}, func(l *pool.Limits) { l.MaxOpen, l.MaxIdle = 4, 4 })
	defer closeNow(t, p)
	var all []*pool.Conn
	for range 3 {
		all = append(all, get(t, p))
	}
	p.PutN(all)
	dst := make([]*pool.Conn, 8)
	n, err := p.GetN(t.Context(), dst)
	if n != 3 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	p.PutN(dst[:n])
	if n, err := p.GetN(t.Context(), nil); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestPrepareMakesFreshOnesReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &plant{}
		fail := true
		p := start(t, w, nil, pool.Prepare(func(ctx context.Context, c *pool.Conn) error {
			if _, ok := ctx.Deadline(); !ok {
				t.Error("there is no deadline")
			}
			if fail {
				fail = false
				return errRefused
			}
			go io.ReadFull(w.far[1], make([]byte, 4))
			_, err := c.Write([]byte("AUTH"))
			return err
		}))
		defer closeNow(t, p)
		if _, err := p.Get(t.Context()); !errors.Is(err, errRefused) {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		p.Put(get(t, p))
		if s := one(t, p); s.Closed[pool.ReasonPrepare] != 1 || s.Idle != 1 || s.Failed != 1 {
			t.Errorf("%+v", s)
		}
	})
}

var _ net.Conn = (*pool.Conn)(nil)
