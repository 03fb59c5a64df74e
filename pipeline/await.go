package pipeline

import (
	"context"
	"sync"
	"time"
)

// forceGrace is how long a lane has, after the drain time, to come back from the batch that it works on. One that does not
// come back is left behind: nothing can end a goroutine from outside.
const forceGrace = 200 * time.Millisecond

// await waits for wg until ctx ends and a moment longer. It reports whether wg is done.
func await(ctx context.Context, wg *sync.WaitGroup) bool {
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
		return true
	case <-ctx.Done():
	}
	select {
	case <-done:
		return true
	case <-time.After(forceGrace):
		return false
	}
}
