//go:build unix

package tcp_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The process is stopped for longer than a connection may be idle, in the middle of its work, while its peers go on to send.
// That is no fault of theirs, and of no stage: nobody is closed, all is answered, and nothing is blamed.
func TestAProcessThatIsSuspendedBlamesNobody(t *testing.T) {
	const idle = 400 * time.Millisecond
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel() // it mostly waits
			server := startChild(t, e.name, idle)
			var all []net.Conn
			for range 8 {
				c, err := net.Dial("tcp", server.addr)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				ask(t, c, "hello")
				all = append(all, c)
			}
			for round := range 3 {
				for _, c := range all[:len(all)/2] { // the others are at rest
					fmt.Fprintln(c, "slowly")
				}
				time.Sleep(10 * time.Millisecond)
				if err := server.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * idle)
				for _, c := range all {
					fmt.Fprintln(c, "round", round)
				}
				if err := server.cmd.Process.Signal(syscall.SIGCONT); err != nil {
					t.Fatal(err)
				}
				for i, c := range all {
					want := fmt.Sprintf("round %d\n", round)
					if i < len(all)/2 {
						want = "slowly\n" + want
					}
					b := make([]byte, len(want))
					c.SetDeadline(time.Now().Add(20 * time.Second))
					if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
						t.Fatalf("%q, %v, not %q", b, err, want)
					}
				}
			}
			for _, c := range all {
				c.Close()
			}
			if logged := server.end(); strings.Contains(logged, "has not turned") {
				t.Error(logged)
			}
		})
	}
}
