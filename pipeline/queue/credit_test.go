package queue

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Producers claim more than there is all the time, so that announcements and releases meet in every possible way. Only
// claimants sleep: when one is forgotten and the others are done, the bubble comes to rest.
func TestNobodyWhoIsShortIsForgotten(t *testing.T) {
	const each, rounds, claimants = 40, 1500, 3
	for range rounds {
		synctest.Test(t, func(t *testing.T) {
			var c credit
			c.init(1 + rand.IntN(4))
			gone := make(chan struct{})
			defer time.AfterFunc(time.Hour, func() { close(gone) }).Stop()
			var wg sync.WaitGroup
			taken := make(chan int, claimants*each)
			for range claimants {
				var cl claimant
				room := make(chan struct{}, 1)
				c.join(&cl, func() {
					select {
					case room <- struct{}{}:
					default:
					}
				})
				wg.Go(func() {
					for left := each; left > 0; {
						want := min(left, 1+rand.IntN(5))
						k := c.claim(&cl, want)
						if k > 0 {
							taken <- k
						}
						if left -= k; k == want {
							continue
						}
						select {
						case <-room:
						case <-gone:
							t.Errorf("forgotten with %d of %d to go, capacity %d, %d used", left, each, c.cap, c.used())
							return
						}
					}
				})
			}
			go func() { wg.Wait(); close(taken) }()
			for k := range taken {
				for range rand.IntN(3) {
					runtime.Gosched()
				}
				c.release(k)
			}
			if n := c.used(); n != 0 {
				t.Errorf("%d used at the end", n)
			}
		})
		if t.Failed() {
			return
		}
	}
}

func TestACreditIsNeverOverdrawn(t *testing.T) {
	for _, capacity := range []int{1, 2, 3, 1000} {
		t.Run(fmt.Sprint(capacity), func(t *testing.T) {
			var c credit
			c.init(capacity)
			var wg sync.WaitGroup
			var held atomic.Int64
			for range 4 {
				var cl claimant
				c.join(&cl, nil)
				wg.Go(func() {
					for range 5000 {
						k := c.claim(&cl, 1+rand.IntN(capacity+1))
						if n := held.Add(int64(k)); n > c.cap {
							t.Errorf("%d claimed of %d", n, c.cap)
						}
						held.Add(-int64(k))
						c.release(k)
					}
				})
			}
			wg.Wait()
			if n := c.used(); n != 0 {
				t.Errorf("%d used at the end", n)
			}
		})
	}
}
