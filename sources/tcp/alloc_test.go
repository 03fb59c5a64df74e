package tcp_test

import (
	"io"
	"testing"

	"github.com/leat-io/leat/stage/stagetest"
)

// From the wake of a connection's goroutine to the write of the answer, nothing is allocated.
func TestARequestCostsNoMemory(t *testing.T) {
	s := bound(t)
	served(t, s)
	c := mustDial(t, s)
	b := []byte("hello\n")
	stagetest.Allocs(t, 0, func() {
		c.Write(b)
		if _, err := io.ReadFull(c, b); err != nil {
			t.Error(err)
		}
	})
}
