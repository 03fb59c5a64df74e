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
	cfg, err := Config{Address: "pipe", Rate: 1, Duration: time.Hour}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	c := newConn(newRun(t.Context(), cfg), 0, dialed{nc: client})
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
