//go:build unix

package tcp_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// storm is how many bad connections a test makes: fewer where the race detector or leakcheck slows everything down.
func storm(n int) int {
	if raceEnabled || stage.Leakcheck {
		return n / 10
	}
	return n
}

// descriptors are those that the process has open, where it can be asked.
func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		if runtime.GOOS == "linux" {
			t.Fatal(err)
		}
		return 0
	}
	return len(all)
}

// weather runs n bad clients against a source while good ones are served, until over returns. Afterwards nothing of the bad
// ones is left.
func weather(t *testing.T, s *tcp.Source, n int, bad func(i int) error, over func()) {
	t.Helper()
	p := echo(s, 0)
	stop := start(t, p)
	ask(t, mustDial(t, s), "hello")
	before := descriptors(t)

	calm := make(chan struct{})
	var fair sync.WaitGroup
	for range 4 {
		c := mustDial(t, s)
		fair.Go(func() {
			defer c.Close()
			for i := 0; ; i++ {
				select {
				case <-calm:
					if i > 0 {
						return
					}
				default:
				}
				want := fmt.Sprintf("good %d\n", i)
				b := make([]byte, len(want))
				c.SetDeadline(time.Now().Add(20 * time.Second))
				io.WriteString(c, want)
				if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
					t.Errorf("a good client got %q, %v", b, err)
					return
				}
			}
		})
	}
	var raging sync.WaitGroup
	const hands = 16
	for h := range hands {
		raging.Go(func() {
			for i := h; i < n; i += hands {
				if err := bad(i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	raging.Wait()
	eventually(t, s, "all have been accepted", func() bool { return count(s, "accepted") >= n+5 })
	over()
	close(calm)
	fair.Wait()
	eventually(t, s, "the bad ones are gone", func() bool { return count(s, "open") <= 1 })
	eventually(t, s, "their descriptors are closed", func() bool { return descriptors(t) <= before })
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestAStormOfResetsIsWeathered(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		n := storm(5000)
		s := bound(t, engine)
		weather(t, s, n, func(i int) error {
			c, err := dial(s)
			if err != nil {
				return err
			}
			fmt.Fprintln(c, "a request whose answer nobody waits for")
			if i%2 == 0 {
				fmt.Fprint(c, "half a li")
			}
			return c.Close()
		}, func() {})
		if reset, done := count(s, "closed: reset"), count(s, "closed: done"); reset < n/2 || reset+done != n+4 { // with the four good ones
			t.Errorf("of %d connections that were reset, %d count so, and %d as done", n, reset, done)
		}
	})
}

func TestAStormOfGarbageIsWeathered(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		n := storm(10_000)
		s := bound(t, engine)
		long := bytes.Repeat([]byte{0xff}, 8<<10) // longer than a line may be
		weather(t, s, n, func(i int) error {
			c, err := dial(s)
			if err != nil {
				return err
			}
			defer c.Close()
			b := long
			if i%4 != 0 {
				b = make([]byte, rand.IntN(200))
				for j := range b {
					b[j] = byte(rand.Uint32())
				}
			}
			c.SetDeadline(time.Now().Add(20 * time.Second))
			c.Write(b)
			if i%4 == 0 {
				io.Copy(io.Discard, c) // until it is refused
			}
			return nil
		}, func() {})
		if got, want := count(s, "closed: malformed"), (n+3)/4; got != want {
			t.Errorf("%d connections count as malformed, not %d", got, want)
		}
	})
}

func TestHalfOpenConnectionsGoWhenTheirTimeIsOver(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		n := storm(5000)
		var lim syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil || int64(lim.Cur) < int64(2*n+100) {
			t.Skipf("there is no room for %d descriptors: %v, %v", 2*n+100, lim.Cur, err)
		}
		l := stage.DefaultLimits
		l.FirstMessage = 500 * time.Millisecond
		s := bound(t, engine, tcp.Limits(l))
		var mu sync.Mutex
		var all []net.Conn
		weather(t, s, n, func(i int) error {
			c, err := dial(s)
			if err != nil {
				return err
			}
			mu.Lock()
			all = append(all, c)
			mu.Unlock()
			if i%2 == 0 {
				fmt.Fprint(c, "half a li")
			}
			return nil
		}, func() {
			eventually(t, s, "their time is over", func() bool { return count(s, "closed: first message") == n })
			for _, c := range all {
				c.Close()
			}
		})
	})
}

// Who has said everything still gets everything, however slowly it reads, and also behind the high mark of its output.
func TestAHalfClosedClientGetsAllAnswers(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		const requests, size = 40, 256 << 10
		l := stage.DefaultLimits
		l.OutHard = requests * size * 2
		for _, s := range []*tcp.Source{tcp.Listen("127.0.0.1:0", engine, tcp.Limits(l), tcp.SendBuffer(64<<10)), tcp.Listen(unixAddress(t), engine, tcp.Limits(l))} {
			if err := s.Bind(); err != nil {
				t.Fatal(err)
			}
			stop := start(t, echo(s, size))
			c, err := net.Dial(s.Addr().Network(), s.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			c.Write(bytes.Repeat([]byte("more\n"), requests))
			c.(interface{ CloseWrite() error }).CloseWrite()
			eventually(t, s, "it is in", func() bool { return count(s, "open") == 1 })
			time.Sleep(20 * time.Millisecond) // for the output to pile up
			c.SetDeadline(time.Now().Add(20 * time.Second))
			if n, err := io.Copy(io.Discard, c); n != requests*(size+1) || err != nil {
				t.Errorf("%s: %d bytes of %d came, %v", s, n, requests*(size+1), err)
			}
			c.Close()
			eventually(t, s, "it counts as done", func() bool { return count(s, "closed: done") == 1 })
			if err := stop(); err != nil {
				t.Error(err)
			}
		}
	})
}
