//go:build linux

package pool_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pool"
)

// flood sends requests in bursts until the proxy takes no more. All of a burst is answered or nothing, in order.
func flood(addr string, who int) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil // it has stopped already
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	r := bufio.NewReader(c)
	for i := 0; ; i += 10 {
		var b []byte
		for j := range 10 {
			b = resp.AppendCommand(b, "ECHO", fmt.Sprintf("%d-%d", who, i+j))
		}
		if _, err := c.Write(b); err != nil {
			return nil
		}
		for j := range 10 {
			if _, err := r.ReadString('\n'); err != nil {
				if j != 0 {
					return fmt.Errorf("client %d: %d of 10 requests that were sent together are answered", who, j)
				}
				return nil
			}
			line, err := r.ReadString('\n')
			if want := fmt.Sprintf("%d-%d\r\n", who, i+j); err != nil || line != want {
				return fmt.Errorf("client %d: the reply is %q, %v, want %q", who, line, err, want)
			}
		}
	}
}

// What has been read is answered, whenever the end comes.
func TestTheEndOfAPipelineLosesNothing(t *testing.T) {
	for name, pause := range map[string]time.Duration{"fast": 0, "slow": 2 * time.Millisecond} {
		for _, mode := range []pool.Mode{pool.Pipelined(1, 16), pool.Exclusive()} {
			t.Run(name+"/"+mode.String(), func(t *testing.T) {
				onEach(t, func(t *testing.T, p plan) {
					for i := range 4 {
						server := newFake(t, func(_, _ int, w io.Writer, reply []byte) bool {
							time.Sleep(pause)
							_, err := w.Write(reply)
							return err == nil
						})
						p.traffic, p.behind = pool.Traffic{Mode: mode, Waiting: 32}, i%2*4
						a := assemble(t, p, server.addr())
						var all sync.WaitGroup
						for who := range 8 {
							all.Go(func() {
								if err := flood(a.addr, who); err != nil {
									t.Error(err)
								}
							})
						}
						time.Sleep(time.Duration(i*5) * time.Millisecond)
						if err := a.stop(); err != nil {
							t.Error(err)
						}
						all.Wait()
						server.close()
					}
				})
			})
		}
	}
}

// What is not answered in time is lost, and the pipeline ends all the same.
func TestTheSecondDeadlineEndsAPipeline(t *testing.T) {
	onEach(t, func(t *testing.T, p plan) {
		server := newFake(t, nil)
		server.script = func(int, []string, io.Writer) bool { return true }
		p.traffic.Timeout = -1
		p.pipeline = []pipeline.Option{pipeline.DrainTime(100 * time.Millisecond)}
		a := assemble(t, p, server.addr())
		for _, request := range []string{"GET a", "WAIT b", "HOLD c"} {
			talk(t, a.addr).say(request)
		}
		eventually(t, "they have come", func() bool { return server.requests.Load() == 3 })
		var lost *pipeline.DrainError
		if err := a.stop(); !errors.As(err, &lost) {
			t.Errorf("it ends with %v", err)
		}
		eventually(t, "all connections are closed", func() bool { return server.open() == 0 })
	})
}

// A server that takes less than clients send makes them wait, and nothing is lost or kept without bound.
func TestClientsWaitForSlowServers(t *testing.T) {
	for _, mode := range []pool.Mode{pool.Pipelined(1, 2), pool.Exclusive()} {
		t.Run(mode.String(), func(t *testing.T) {
			onEach(t, func(t *testing.T, p plan) {
				server := newFake(t, func(_, _ int, w io.Writer, reply []byte) bool {
					time.Sleep(50 * time.Microsecond)
					_, err := w.Write(reply)
					return err == nil
				})
				p.traffic, p.limits = pool.Traffic{Mode: mode, Waiting: 4, Patience: 20 * time.Second, Timeout: -1}, few(2)
				a := assemble(t, p, server.addr())
				all := crowd(t, a.addr, 16, 48, 16, nil)
				if all.answered != 16*48 {
					t.Errorf("%d answered, and refused %v", all.answered, all.texts)
				}
			})
		})
	}
}

// What clients send to a server that takes nothing is bounded in bytes as well.
func TestLargeRequestsThatWaitAreBounded(t *testing.T) {
	for _, mode := range []pool.Mode{pool.Pipelined(1, 1024), pool.Exclusive()} {
		t.Run(mode.String(), func(t *testing.T) {
			onEach(t, func(t *testing.T, p plan) {
				const clients, requests, size, bound = 4, 40, 32 << 10, 256 << 10
				server := newGate(t)
				p.traffic, p.limits = pool.Traffic{Mode: mode, Stored: bound, Timeout: -1, Patience: time.Minute}, few(2)
				a := assemble(t, p, server.addr())
				var all sync.WaitGroup
				defer all.Wait()
				for range clients {
					c := talk(t, a.addr)
					c.say("GET slow")
					all.Go(func() {
						b := resp.AppendCommand(nil, "ECHO", strings.Repeat("x", size))
						for range requests {
							if _, err := c.Write(b); err != nil {
								t.Error(err)
							}
						}
					})
					all.Go(func() {
						c.hear()
						for range requests {
							if n := len(c.hear()); n < size {
								t.Errorf("an answer has %d bytes", n)
								return
							}
						}
					})
				}
				kept := func() int { return kept(t, a.up) }
				eventually(t, "much is kept", func() bool { return kept() > bound/2 })
				time.Sleep(50 * time.Millisecond) // nothing tells that no more will come
				if n, most := kept(), bound+clients*2*size; n > most {
					t.Errorf("%d bytes are kept, want at most %d", n, most)
				}
				for range clients {
					server.open <- struct{}{}
				}
				all.Wait()
				eventually(t, "nothing is kept", func() bool { return kept() == 0 })
			})
		})
	}
}

// kept is how many bytes of requests a pool says it keeps.
func kept(t *testing.T, up *pool.Pool) int {
	for _, g := range up.Replies().Gauges() {
		if g.Name == "bytes kept" {
			n, err := strconv.Atoi(g.Value)
			if err != nil {
				t.Error(err)
			}
			return n
		}
	}
	t.Error("nothing says how many bytes are kept")
	return 0
}

// A queue behind the replies that is full holds up the reading of replies, and nothing is lost.
func TestRepliesWaitForAFullQueue(t *testing.T) {
	server := newFake(t, nil)
	a := assemble(t, plan{behind: 2, slow: func() { time.Sleep(20 * time.Microsecond) }}, server.addr())
	if all := crowd(t, a.addr, 8, 100, 20, nil); all.answered != 8*100 {
		t.Errorf("%d answered, and refused %v", all.answered, all.texts)
	}
}

// A connection of great age is replaced while it is used, and the requests of each client stay in order.
func TestConnectionsAreReplacedUnderLoad(t *testing.T) {
	server := newFake(t, nil)
	a := assemble(t, plan{limits: func(l *pool.Limits) { l.MaxLifetime = 30 * time.Millisecond }}, server.addr())
	done := make(chan struct{})
	time.AfterFunc(500*time.Millisecond, func() { close(done) })
	all := crowd(t, a.addr, 8, 1<<30, 8, done)
	if all.refused > 0 || a.closed(pool.ReasonLifetime) < 3 {
		t.Errorf("refused %v, closed %d", all.texts, a.closed(pool.ReasonLifetime))
	}
	eventually(t, "the old ones are closed", func() bool { return server.open() <= 2 })
}

// A connection that is being replaced is given up like any other when its server stops answering.
func TestAStalledServerIsNotWaitedForByTheReplacement(t *testing.T) {
	server := newFake(t, nil)
	server.script = func(conn int, args []string, w io.Writer) bool { return conn == 1 || tell(w, conn, args) }
	a := assemble(t, plan{
		limits:  func(l *pool.Limits) { l.MaxLifetime = 20 * time.Millisecond; l.LifetimeJitter = 0 },
		traffic: pool.Traffic{Timeout: 300 * time.Millisecond},
	}, server.addr())
	c, d := talk(t, a.addr), talk(t, a.addr)
	c.say("GET a")
	eventually(t, "there is another one", func() bool { return server.accepted.Load() == 2 })
	d.say("GET b")
	if reply := c.hear(); !strings.Contains(reply, "no reply within") {
		t.Errorf("it says %q", reply)
	}
	d.wants("2:b")
}

// The same, at the end.
func TestAConnectionThatIsBeingReplacedIsClosedAtTheEnd(t *testing.T) {
	server := newFake(t, nil)
	server.script = func(conn int, args []string, w io.Writer) bool { return conn == 1 || tell(w, conn, args) }
	a := assemble(t, plan{
		limits:   func(l *pool.Limits) { l.MaxLifetime = 20 * time.Millisecond; l.LifetimeJitter = 0 },
		traffic:  pool.Traffic{Timeout: -1},
		pipeline: []pipeline.Option{pipeline.DrainTime(100 * time.Millisecond)},
	}, server.addr())
	talk(t, a.addr).say("GET a")
	eventually(t, "there is another one", func() bool { return server.accepted.Load() == 2 })
	if err := a.stop(); err == nil {
		t.Error("nothing is lost")
	}
	eventually(t, "all connections are closed", func() bool { return server.open() == 0 })
}
