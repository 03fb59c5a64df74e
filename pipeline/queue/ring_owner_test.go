//go:build !race

package queue

import (
	"runtime"
	"testing"
	"time"
)

// The race detector finds it by itself, and would fail the test. The messages are so large that a Push takes longer than it
// takes the other one to begin.
func TestTwoPushesIntoOneProducerOfARingPanic(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	type page [1 << 16]byte
	q, err := Ring[page](NewConfig(Cap(32)))
	if err != nil {
		t.Fatal(err)
	}
	p := q.Join(nil)
	said := make(chan any, 2)
	stop := make(chan struct{})
	for range 2 {
		go func() {
			defer func() { said <- recover() }()
			src := make([]*page, 32)
			for i := range src {
				src[i] = new(page)
			}
			for {
				select {
				case <-stop:
					return
				default:
					p.Push(src)
				}
			}
		}()
	}
	dst := make([]*page, 32)
	for end := time.Now().Add(30 * time.Second); len(said) == 0 && time.Now().Before(end); {
		q.Wait(time.Now().Add(time.Millisecond))
		q.Pop(dst)
	}
	close(stop)
	if a, b := <-said, <-said; a == nil && b == nil {
		t.Error("nobody panicked")
	}
}
