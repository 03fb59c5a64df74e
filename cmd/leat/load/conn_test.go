package load

import (
	"net"
	"runtime"
	"testing"
	"time"
)

// The schedule may end while its last request is on its way from the backlog into the window; the reader looks at both one after the other.
func TestAConnectionIsNotOverWhileARequestGoesFromTheBacklogIntoTheWindow(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	r := newRun(t.Context(), Config{Rate: 1, Conns: 1, Depth: 1, Message: 1, Protocol: Raw, Duration: time.Hour})
	c := newConn(r, 0, client)
	c.ended.Store(true)
	const n = 100_000
	go func() {
		for i := range int64(n) {
			for c.due.Load() == i {
				runtime.Gosched()
			}
			c.sent.Store(i + 1)
		}
	}()
	for i := range int64(n) {
		if !c.over() {
			t.Fatalf("not over after %d requests were answered", i)
		}
		c.due.Store(i + 1)
		for sent := false; !sent; {
			sent = c.sent.Load() == i+1
			if c.over() {
				t.Fatalf("over with request %d unanswered", i)
			}
			runtime.Gosched()
		}
		c.acked.Store(i + 1)
	}
}
