//go:build linux

package pool_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/health"
)

// clumsy encodes requests, but for some.
type clumsy struct{ *resp.RequestCodec }

func (c clumsy) Append(b []byte, m *resp.Command) ([]byte, error) {
	switch string(m.Arg(0)) {
	case "PANIC":
		panic("a test")
	case "FAIL":
		return b, errors.New("a test")
	case "NOTHING":
		return b, nil
	}
	return c.RequestCodec.Append(b, m)
}

// A request that cannot be encoded costs its client the connection, and the pool none.
func TestWhatCannotBeEncodedCostsItsClient(t *testing.T) {
	for _, mode := range []pool.Mode{pool.Pipelined(1, 8), pool.Exclusive()} {
		t.Run(mode.String(), func(t *testing.T) {
			onEach(t, func(t *testing.T, p plan) {
				server := numbered(t)
				p.limits, p.encode, p.traffic = few(2), clumsy{resp.Request(resp.Limits{})}, pool.Traffic{Mode: mode}
				a := assemble(t, p, server.addr())
				for range 5 {
					for _, request := range []string{"PANIC x", "FAIL x", "NOTHING x"} {
						other := talk(t, a.addr)
						other.say("GET a").hear()
						bad := talk(t, a.addr).say(request)
						if reply := bad.hear(); !strings.Contains(reply, "EOF") && !strings.Contains(reply, "reset") {
							t.Errorf("%s is answered with %q", request, reply)
						}
						other.say("GET b", "GET c")
						for _, want := range []string{":b", ":c"} {
							if reply := other.hear(); !strings.HasSuffix(reply, want) {
								t.Errorf("another client gets %q", reply)
							}
						}
					}
				}
			})
		})
	}
}

// A connection that a pipeline cannot watch has no place any more.
func TestAConnectionWithoutADescriptorIsClosed(t *testing.T) {
	a := assemble(t, plan{limits: few(1), traffic: pool.Traffic{Retries: -1}, pool: []pool.Option{
		pool.Dialer(func(context.Context, string, string) (net.Conn, error) {
			c, d := net.Pipe()
			d.Close()
			return c, nil
		}),
	}}, "127.0.0.1:1")
	c := talk(t, a.addr)
	for range 5 {
		if reply := c.say("GET a").hear(); !strings.Contains(reply, "descriptor") {
			t.Errorf("it says %q", reply)
		}
	}
}

func TestALateReplyIsAnticipatedByAnother(t *testing.T) {
	for _, mode := range []pool.Mode{pool.Pipelined(1, 64), pool.Exclusive()} {
		t.Run(mode.String(), func(t *testing.T) {
			var pause atomic.Int64
			slow := newFake(t, func(_, _ int, w io.Writer, reply []byte) bool {
				time.Sleep(time.Duration(pause.Load()))
				_, err := w.Write(reply)
				return err == nil
			})
			fast := newFake(t, nil)
			a := assemble(t, plan{
				traffic: pool.Traffic{Mode: mode},
				pool: []pool.Option{pool.WithGuard(pool.Guard{
					Hedge:  &health.HedgeOptions{Min: 2 * time.Millisecond, Max: 2 * time.Millisecond},
					Budget: &health.BudgetOptions{Share: 1, PerSecond: 1000},
				})},
				forward: []pool.ForwardOption[resp.Command]{pool.Idempotent(func(m *resp.Command) bool { return string(m.Arg(0)) == "ECHO" })},
			}, slow.addr(), fast.addr())
			crowd(t, a.addr, 2, 40, 1, nil) // so that the latencies are known
			known := slow.requests.Load() + fast.requests.Load()
			pause.Store(int64(30 * time.Millisecond))
			all := crowd(t, a.addr, 2, 20, 1, nil)
			if all.answered != 40 || all.slowest > 10*time.Second {
				t.Errorf("%d answered, the slowest after %v", all.answered, all.slowest)
			}
			if n := slow.requests.Load() + fast.requests.Load() - known; n <= 40 {
				t.Errorf("%d requests were sent for 40", n)
			}
			eventually(t, "all replies have come", func() bool {
				all := a.up.Members()
				return all[0].InFlight()+all[1].InFlight() == 0
			})
			before := slow.requests.Load() + fast.requests.Load()
			c := talk(t, a.addr)
			for i := range 4 {
				c.say(fmt.Sprint("INCR ", i)).wants(fmt.Sprint(i))
			}
			if n := slow.requests.Load() + fast.requests.Load() - before; n != 4 {
				t.Errorf("%d requests were sent for 4 that may not be served twice", n)
			}
			pause.Store(0)
		})
	}
}

func TestRetriesEnd(t *testing.T) {
	server := newFake(t, func(_, _ int, _ io.Writer, _ []byte) bool { return false })
	a := assemble(t, plan{traffic: pool.Traffic{Retries: 3}, forward: []pool.ForwardOption[resp.Command]{idempotent}}, server.addr())
	if reply := talk(t, a.addr).say("GET a").hear(); !strings.Contains(reply, "the connection was lost") {
		t.Errorf("it says %q", reply)
	}
	if n := server.requests.Load(); n != 4 {
		t.Errorf("it was sent %d times", n)
	}
}

// Requests and replies may be larger than what the kernel takes at once.
func TestLargeRequestsAndReplies(t *testing.T) {
	for name, traffic := range map[string]pool.Traffic{
		"pipelined":   {Mode: pool.Pipelined(1, 16)},
		"with fences": {Mode: pool.Pipelined(1, 16), Fence: fence},
		"exclusive":   {Mode: pool.Exclusive()},
	} {
		t.Run(name, func(t *testing.T) {
			server := newFake(t, nil)
			traffic.Timeout = time.Minute
			a := assemble(t, plan{traffic: traffic}, server.addr())
			var all sync.WaitGroup
			for i := range 4 {
				c := talk(t, a.addr)
				all.Go(func() {
					value := strings.Repeat(string(rune('a'+i)), 1<<20)
					for range 2 {
						go c.say("ECHO "+value, "ECHO x")
						if c.hear() != value || c.hear() != "x" {
							t.Error("a large value does not come back")
						}
					}
				})
			}
			all.Wait()
		})
	}
}

// A client that takes no replies is closed when too much waits for it, and delays nobody.
func TestASlowClientDelaysNobody(t *testing.T) {
	server := newFake(t, nil)
	a := assemble(t, plan{}, server.addr())
	slow, fast := talk(t, a.addr), talk(t, a.addr)
	go func() {
		b := resp.AppendCommand(nil, "ECHO", strings.Repeat("x", 64<<10))
		for range 4000 {
			if _, err := slow.Write(b); err != nil {
				return
			}
		}
	}()
	for i := range 200 {
		fast.say(fmt.Sprint("GET ", i)).wants(fmt.Sprint(i))
		time.Sleep(time.Millisecond)
	}
	slow.Close()
}

// A server whose kernel accepts and which does nothing is given up.
func TestAServerThatAcceptsAndDoesNothing(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	good := newFake(t, nil)
	a := assemble(t, plan{traffic: pool.Traffic{Timeout: 500 * time.Millisecond}, forward: []pool.ForwardOption[resp.Command]{idempotent}}, ln.Addr().String(), good.addr())
	if all := crowd(t, a.addr, 4, 10, 1, nil); all.answered != 40 {
		t.Errorf("%d answered, and refused %v", all.answered, all.texts)
	}
}

// When a backend is taken away what is in flight there is answered, and its connections are closed.
func TestWhatIsInFlightAtARemovedBackendIsAnswered(t *testing.T) {
	for _, mode := range []pool.Mode{pool.Pipelined(1, 16), pool.Exclusive()} {
		t.Run(mode.String(), func(t *testing.T) {
			one, two := newFake(t, nil), newFake(t, nil)
			a := assemble(t, plan{traffic: pool.Traffic{Mode: mode}}, one.addr(), two.addr())
			done := make(chan struct{})
			go func() {
				defer close(done)
				for i := range 10 {
					time.Sleep(20 * time.Millisecond)
					if err := a.up.Apply(servers([]string{one.addr(), two.addr()}[:1+i%2]...)); err != nil {
						t.Error(err)
					}
				}
				if err := a.up.Apply(servers(one.addr())); err != nil {
					t.Error(err)
				}
			}()
			if all := crowd(t, a.addr, 8, 1<<30, 4, done); all.refused > 0 {
				t.Errorf("refused %v", all.texts)
			}
			eventually(t, "the removed backend has no connections", func() bool { return two.open() == 0 })
		})
	}
}
