//go:build unix

package tcp_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// fewDescriptors is how many the server has.
const fewDescriptors = 40

// Whoever comes when there are no descriptors sees an end at once; those who are in are served, and so is the next one when
// somebody has gone.
func TestAProcessWithoutDescriptorsGoesOn(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Setenv(childLimit, fmt.Sprint(fewDescriptors)) // from the start on, because io_uring goes by the limit of then
			withoutDescriptors(t, startChild(t, e.name, time.Minute))
		})
	}
}

func withoutDescriptors(t *testing.T, server *child) {
	const clients = 3 * fewDescriptors
	var inside []net.Conn
	for range clients {
		c, err := net.Dial("tcp", server.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(20 * time.Second))
		b := make([]byte, 6)
		fmt.Fprintln(c, "hello") // before its connection is accepted or refused
		switch n, err := io.ReadFull(c, b); {
		case err == nil:
			inside = append(inside, c)
		case n > 0 || err != io.EOF:
			t.Fatalf("a client that was not served got %q, %v", b[:n], err)
		}
	}
	if n := len(inside); n < 5 || n >= fewDescriptors {
		t.Errorf("%d clients are served with %d descriptors", n, fewDescriptors)
	}
	open, shed, refused := server.figures()
	if open != len(inside)+1 || shed != clients-len(inside) || refused != shed {
		t.Errorf("%d connections are open, %d and %d were refused; %d of %d clients are in", open, shed, refused, len(inside), clients)
	}
	for _, c := range inside {
		ask(t, c, "still here")
	}
	for _, c := range inside[:4] {
		c.Close()
	}
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		if now, _, _ := server.figures(); now == open-4 {
			break
		}
		if time.Since(began) > 20*time.Second {
			t.Fatal("those who have gone are kept")
		}
	}
	for range 4 {
		c, err := net.Dial("tcp", server.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ask(t, c, "there is room again")
	}
	for _, c := range inside {
		c.Close()
	}
	logged := server.end()
	if n := strings.Count(logged, "connections are refused: too many open files; raise the limit"); n < 1 || n > clients/4 {
		t.Errorf("%d refusals were logged of %d: %s", n, shed, logged)
	}
}

// Nobody can be accepted, not even to be refused: who has connected waits, the error is logged now and then, and those who are
// in are served. When there are descriptors again the others are served too.
func TestWhoCannotBeAcceptedWaits(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			if e.name == "io_uring" {
				t.Skip("io_uring goes by the limit of descriptors that held when it began to accept, which is changed here")
			}
			t.Parallel() // it mostly waits
			server := startChild(t, e.name, time.Minute)
			inside, err := net.Dial("tcp", server.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer inside.Close()
			ask(t, inside, "hello")
			server.limit(3) // fewer than are open already
			var outside []net.Conn
			for range 20 {
				c, err := net.Dial("tcp", server.addr)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				outside = append(outside, c)
			}
			for range 100 {
				ask(t, inside, "still here")
				time.Sleep(5 * time.Millisecond)
			}
			server.limit(fewDescriptors + 20)
			for _, c := range outside {
				ask(t, c, "there is room again")
				c.Close()
			}
			inside.Close()
			if _, _, refused := server.figures(); refused != 0 {
				t.Errorf("%d were refused", refused)
			}
			logged := server.end()
			if n := strings.Count(logged, "connections wait in the backlog: accept: too many open files"); n < 1 || n > 20 {
				t.Errorf("the error was logged %d times: %s", n, logged)
			}
		})
	}
}
