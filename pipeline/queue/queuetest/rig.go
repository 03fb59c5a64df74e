package queuetest

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pipeline/queue"
)

// patience is how long a bubble may be idle, in virtual time, before what runs in it counts as stalled. No check sleeps as
// long in sum.
const patience = time.Hour

// A rig is one queue under test with a watchdog, in a bubble. When everything in the bubble has come to rest, virtual time
// jumps to the watchdog, which fails the test and lets everybody go.
type rig struct {
	testing.TB
	queue.Queue[Message]
	queue.Config
	laned  bool       // the queue is [queue.Laned]
	rand   *rand.Rand // the test goroutine's
	gone   chan struct{}
	leave  sync.Once
	closed sync.Once
	wg     sync.WaitGroup // of producers
}

// inBubble runs f with a rig around a queue as cfg wants it.
func inBubble(t testing.TB, mk queue.Maker[Message], cfg queue.Config, f func(r *rig)) {
	t.Helper()
	if cfg.Batch == 0 {
		cfg.Batch = queue.DefaultBatch
	}
	if cfg.Producers == 0 {
		cfg.Producers = 1
	}
	bubble(t, func(t testing.TB) {
		t.Helper()
		q, err := mk(cfg)
		if err != nil {
			t.Fatalf("%+v: %v", cfg, err)
		}
		seed := rand.Uint64()
		r := &rig{TB: t, Queue: q, Config: cfg, rand: rand.New(rand.NewPCG(seed, 0)), gone: make(chan struct{})}
		_, r.laned = q.(queue.Laned)
		watchdog := time.AfterFunc(patience, func() {
			t.Errorf("%+v, seed %#x: everybody waits; %d messages are queued", cfg, seed, q.Len())
			r.stop()
			r.Close()
		})
		defer func() { // also after Fatalf; Close comes when nobody pushes any more
			r.stop()
			r.wg.Wait()
			watchdog.Stop()
			r.Close()
		}()
		f(r)
	})
}

// capacity is how many messages the queue holds for so many producers.
func (r *rig) capacity(producers int) int {
	if r.laned {
		return r.Cap * producers
	}
	return r.Cap
}

// stop lets everybody go who waits for room.
func (r *rig) stop() { r.leave.Do(func() { close(r.gone) }) }

// Close closes the queue once.
func (r *rig) Close() { r.closed.Do(r.Queue.Close) }

// eventually is a deadline that a stalled consumer reaches some time after the watchdog has told why.
func (r *rig) eventually() time.Time { return time.Now().Add(2 * patience) }

// bubble is synctest.Test, or what stands in for it in the suite's own tests.
func bubble(t testing.TB, f func(testing.TB)) {
	t.Helper()
	switch t := t.(type) {
	case *testing.T:
		synctest.Test(t, func(t *testing.T) { f(t) })
	case interface{ Bubble(func(testing.TB)) }:
		t.Bubble(f)
	default:
		t.Fatalf("queuetest needs a *testing.T, not a %T", t)
	}
}

// nap lets everybody else come to rest, one time in n.
func nap(rnd *rand.Rand, n int) {
	if rnd.IntN(n) == 0 {
		time.Sleep(time.Microsecond)
	}
}
