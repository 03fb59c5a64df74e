package peers_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/internal/peers"
	"github.com/leat-io/leat/stage"
)

// swept runs f beside the sweep of a table whose connections have holds, in virtual time. The limit is that of a first
// message: ten ticks of the clock.
func swept(t *testing.T, f func(t *testing.T, tab *peers.Table, h *peers.Hold, shut <-chan error)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := marks
		l.FirstMessage = limit
		tab := table(l, 10)
		var h peers.Hold
		tab.HoldOf = func(*stage.Conn) *peers.Hold { return &h }
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go tab.Sweep(ctx)
		c, p := connection(tab)
		tab.Add(c)
		f(t, tab, &h, p.shut)
	})
}

const (
	limit = time.Second
	tick  = limit / 10
)

// within reports whether a connection is ended between the two times.
func within(t *testing.T, shut <-chan error, least, most time.Duration) {
	t.Helper()
	began := time.Now()
	select {
	case err := <-shut:
		if took := time.Since(began); took < least || !errors.Is(err, stage.ErrFirstMessage) {
			t.Errorf("ended after %v, not %v: %v", took, least, err)
		}
	case <-time.After(most):
		t.Errorf("not ended after %v", most)
	}
}

func TestTimeInWhichNobodyReadIsNotThePeers(t *testing.T) {
	swept(t, func(t *testing.T, tab *peers.Table, h *peers.Hold, shut <-chan error) {
		time.Sleep(limit / 2)
		h.Begin(tab)
		select {
		case err := <-shut:
			t.Errorf("a connection that nobody reads was ended: %v", err)
		case <-time.After(20 * limit):
		}
		h.End(tab)
		within(t, shut, limit-tick, limit+3*tick) // the peer has its time again, and no more
	})
}

func TestAShortHoldExcusesNobody(t *testing.T) {
	swept(t, func(t *testing.T, tab *peers.Table, h *peers.Hold, shut <-chan error) {
		go func() {
			for range 3 * limit / tick {
				h.Begin(tab)
				time.Sleep(tick - time.Millisecond)
				h.End(tab)
				time.Sleep(time.Millisecond)
			}
		}()
		within(t, shut, limit-tick, limit+3*tick)
		time.Sleep(3 * limit)
	})
}

// Who never stops sending is read all the time, and yet has to come to the end of a message.
func TestOneHoldAfterTheOtherIsNotALongOne(t *testing.T) {
	swept(t, func(t *testing.T, tab *peers.Table, h *peers.Hold, shut <-chan error) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			h.Begin(tab)
			for range 30 * limit / tick {
				time.Sleep(tick / 10)
				h.Again(tab)
			}
			h.End(tab)
		}()
		within(t, shut, limit-tick, limit+3*tick)
		<-done
	})
}

// What a hold earned is not lost when the next one begins.
func TestABriefHoldDoesNotHideALongOne(t *testing.T) {
	swept(t, func(t *testing.T, tab *peers.Table, h *peers.Hold, shut <-chan error) {
		h.Begin(tab)
		time.Sleep(3 * limit)
		h.Again(tab)
		select {
		case err := <-shut:
			t.Errorf("ended during the brief one: %v", err)
		case <-time.After(tick + tick/2):
		}
		h.End(tab)
		within(t, shut, limit-3*tick, limit+3*tick)
	})
}

func TestAPeerThatDoesNotReadIsNotExcused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := marks
		l.Write = limit
		tab := table(l, 10)
		var h peers.Hold
		tab.HoldOf = func(*stage.Conn) *peers.Hold { return &h }
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go tab.Sweep(ctx)
		c, p := connection(tab)
		tab.Add(c)
		h.Begin(tab)
		c.Publish(1)
		c.Settle(0, []byte("for a peer that takes nothing"))
		select {
		case err := <-p.shut:
			if !errors.Is(err, stage.ErrWriteTimeout) {
				t.Error(err)
			}
		case <-time.After(2 * limit):
			t.Error("its time is over")
		}
	})
}
