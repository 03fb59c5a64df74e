//go:build linux

package pool_test

import (
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
)

func upstream(t testing.TB, traffic pool.Traffic, addrs ...string) *pool.Pool {
	t.Helper()
	if traffic.Refusal == nil {
		traffic.Refusal = refusal
	}
	limits := pool.DefaultLimits
	limits.Backoff, limits.MaxBackoff = 5*time.Millisecond, 50*time.Millisecond
	up, err := pool.New(servers(addrs...), balance.RoundRobin(), pool.WithTraffic(traffic), pool.WithLimits(limits))
	if err != nil {
		t.Fatal(err)
	}
	return up
}

// Whatever a server does wrong, nobody gets what was meant for another, and everybody gets something.
func TestNobodyGetsTheReplyOfAnother(t *testing.T) {
	for name, misdeed := range map[string]func(conn, i int, w io.Writer, reply []byte) bool{
		"garbage": func(_, i int, w io.Writer, reply []byte) bool {
			if i%100 == 50 {
				reply = []byte("?what\r\n")
			}
			_, err := w.Write(reply)
			return err == nil
		},
		"an end in the middle of a reply": func(_, i int, w io.Writer, reply []byte) bool {
			if i%100 == 50 {
				w.Write(reply[:len(reply)/2])
				return false
			}
			_, err := w.Write(reply)
			return err == nil
		},
		"an end between replies": func(_, i int, w io.Writer, reply []byte) bool {
			_, err := w.Write(reply)
			return err == nil && i%100 != 50
		},
		"a reset": func(_, i int, w io.Writer, reply []byte) bool {
			if i%100 == 50 {
				w.(*net.TCPConn).SetLinger(0)
				return false
			}
			_, err := w.Write(reply)
			return err == nil
		},
	} {
		for _, mode := range []pool.Mode{pool.Pipelined(1, 64), pool.Exclusive()} {
			t.Run(name+"/"+mode.String(), func(t *testing.T) {
				t.Parallel()
				bad, good := newFake(t, misdeed), newFake(t, nil)
				addr := proxy(t, upstream(t, pool.Traffic{Mode: mode}, bad.addr(), good.addr()))
				all := crowd(t, addr, 16, 600, 4, nil)
				if all.answered+all.refused != 16*600 || all.answered == 0 {
					t.Errorf("%d answered and %d refused", all.answered, all.refused)
				}
				t.Logf("%d answered, %d refused: %v", all.answered, all.refused, all.texts)
			})
		}
	}
}

// A reply that never comes ends the connection when it is late.
func TestAReplyThatNeverComesIsGivenUp(t *testing.T) {
	missing := newFake(t, func(_, i int, w io.Writer, reply []byte) bool {
		if i == 30 {
			return true
		}
		_, err := w.Write(reply)
		return err == nil
	})
	addr := proxy(t, upstream(t, pool.Traffic{Timeout: 200 * time.Millisecond}, missing.addr()))
	all := crowd(t, addr, 1, 100, 1, nil)
	if all.answered+all.refused != 100 || all.refused == 0 {
		t.Errorf("%d answered and %d refused", all.answered, all.refused)
	}
	for text := range all.texts {
		if !strings.Contains(text, "no reply within") {
			t.Errorf("it is refused with %s", text)
		}
	}
}

// What may be served twice is not refused as long as one server is well.
func TestIdempotentRequestsSurviveTheirServer(t *testing.T) {
	for name, traffic := range map[string]pool.Traffic{"pipelined": {}, "exclusive": {Mode: pool.Exclusive()}} {
		t.Run(name, func(t *testing.T) {
			flaky := newFake(t, func(_, i int, w io.Writer, reply []byte) bool {
				if i == 100 {
					w.Write(reply[:1])
					return false
				}
				_, err := w.Write(reply)
				return err == nil
			})
			addr := proxyOf(t, upstream(t, traffic, flaky.addr(), newFake(t, nil).addr()), idempotent)
			all := crowd(t, addr, 16, 1000, 2, nil)
			if all.answered != 16_000 {
				t.Errorf("%d answered, and refused %v", all.answered, all.texts)
			}
		})
	}
}

// Nothing that may have been served is sent again unless that does no harm.
func TestWhatMayHaveBeenServedIsNotSentAgain(t *testing.T) {
	var mu sync.Mutex
	var got []string
	counting := newFake(t, func(_, i int, w io.Writer, reply []byte) bool {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, string(reply))
		return false // served, and not answered
	})
	good := newFake(t, nil)
	addr := proxy(t, upstream(t, pool.Traffic{}, counting.addr(), good.addr()))
	all := crowd(t, addr, 1, 10, 1, nil)
	if all.answered != 5 || all.refused != 5 || good.requests.Load() != 5 {
		t.Errorf("%d answered, %d refused, %d at the other server", all.answered, all.refused, good.requests.Load())
	}
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(got)
	if len(got) != 5 || len(slices.Compact(got)) != 5 {
		t.Errorf("the server has got %q", got)
	}
}

func TestAllServersDownIsAnErrorAtOnce(t *testing.T) {
	down := newFake(t, nil)
	down.close()
	addr := proxy(t, upstream(t, pool.Traffic{}, down.addr()))
	all := crowd(t, addr, 4, 50, 1, nil)
	if all.refused != 200 || all.slowest > 5*time.Second {
		t.Errorf("%d refused, the slowest after %v", all.refused, all.slowest)
	}
	for text := range all.texts {
		if !strings.Contains(text, "refused") || !strings.Contains(text, "redis0") {
			t.Errorf("it says %s", text)
		}
	}
}

// Servers that are killed, stopped and started again under load cost nobody an answer when the others are well and the
// requests may be served twice.
func TestServersComeAndGoUnderLoad(t *testing.T) {
	stays, goes := redistest.TCP(t), redistest.TCP(t)
	up := upstream(t, pool.Traffic{Timeout: time.Second}, stays.Address, goes.Address)
	addr := proxyOf(t, up, idempotent)
	done, all := make(chan struct{}), make(chan seen)
	go func() { all <- crowd(t, addr, 16, 1<<30, 4, done) }()
	served := func(what string) {
		t.Helper()
		for range 1000 {
			if busy := connected(t, goes.Address); busy {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("%s, the server gets no requests", what)
	}
	served("at first")
	goes.Kill()
	time.Sleep(200 * time.Millisecond)
	goes.Restart()
	served("started again")
	syscall.Kill(goes.Pid(), syscall.SIGSTOP)
	time.Sleep(2 * time.Second)
	syscall.Kill(goes.Pid(), syscall.SIGCONT)
	served("continued")
	close(done)
	if s := <-all; s.refused > 0 || s.answered == 0 {
		t.Errorf("%d answered, and refused %v", s.answered, s.texts)
	}
}

// connected says whether a redis-server has served requests lately.
func connected(t testing.TB, addr string) bool {
	ask := func() string {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return ""
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(time.Second))
		c.Write(resp.AppendCommand(nil, "INFO", "commandstats"))
		b := make([]byte, 16<<10)
		n, _ := c.Read(b)
		_, after, _ := strings.Cut(string(b[:n]), "cmdstat_echo:calls=")
		calls, _, _ := strings.Cut(after, ",")
		return calls
	}
	first := ask()
	time.Sleep(20 * time.Millisecond)
	second := ask()
	return second != "" && second != first
}
