//go:build unix

package tcp_test

import (
	"io"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/sources/tcp"
)

// Something else in the process may take the last descriptor in the moment in which the reserve is spent. Whoever comes next gives
// his up for it: were he served, nobody could be refused any more.
func TestAReserveThatWasLostComesBeforeTheNextConnection(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			s := bound(t, e.engine)
			var none atomic.Bool
			none.Store(true)
			tcp.LoseReserve(s, func(name string) (*os.File, error) {
				if none.Load() {
					return nil, &os.PathError{Op: "open", Path: name, Err: syscall.EMFILE}
				}
				return os.Open(name)
			})
			served(t, s)
			if e.name == "io_uring" && gauge(s, "engine") == "io_uring, 2 loops" {
				t.Skip("the kernel accepts by itself")
			}
			c := mustDial(t, s)
			c.SetDeadline(time.Now().Add(20 * time.Second))
			if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("it read %d, %v, and no end", n, err)
			}
			none.Store(false)
			ask(t, mustDial(t, s), "hello")
			if got := gauge(s, "refused: no descriptors"); got != "1" {
				t.Errorf("%s were refused", got)
			}
		})
	}
}
