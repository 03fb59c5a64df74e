package tcp_test

import (
	"io"
	"testing"

	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage/stagetest"
)

// From the wake of whoever reads the connection to the write of the answer, nothing is allocated.
func TestARequestCostsNoMemory(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s := bound(t, engine)
		served(t, s)
		c := mustDial(t, s)
		b := []byte("hello\n")
		stagetest.Allocs(t, 0, func() {
			c.Write(b)
			if _, err := io.ReadFull(c, b); err != nil {
				t.Error(err)
			}
		})
	})
}
