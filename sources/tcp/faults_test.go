//go:build unix

package tcp_test

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// sharded answers each line with itself, on lanes of its own, so that answers may come when a connection has gone.
func sharded(s *tcp.Source) *pipeline.Pipeline {
	p := pipeline.New("sharded", pipeline.Log(slog.New(slog.DiscardHandler)))
	text := line.Text(4096)
	p.From(s).Via("decode", codec.Decode(text)).
		Shard("by request", 3, stage.ByRequest, queue.Ring, queue.Cap(64)).
		Via("work", stage.Do(func(*line.Line) {})).
		To("reply", sinks.Reply(text))
	return p
}

// Numbers of descriptors are used again at once, while answers to earlier connections are on their way: none reaches another.
func TestNoAnswerReachesALaterConnection(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s := bound(t, engine)
		stop := start(t, sharded(s))
		var all sync.WaitGroup
		for h := range 8 {
			all.Go(func() {
				for i := range storm(2000) / 2 {
					c, err := dial(s)
					if err != nil {
						t.Error(err)
						return
					}
					name := fmt.Sprintf("hand %d connection %d", h, i)
					c.Write(bytes.Repeat([]byte(name+"\n"), 2+rand.IntN(20)))
					in := bufio.NewScanner(c)
					c.SetDeadline(time.Now().Add(20 * time.Second))
					for range rand.IntN(3) { // and the rest is for nobody
						if !in.Scan() || in.Text() != name {
							t.Errorf("%s got %q, %v", name, in.Text(), in.Err())
							break
						}
						if rand.IntN(2) == 0 {
							break
						}
					}
					c.Close()
				}
			})
		}
		all.Wait()
		eventually(t, s, "all are gone", func() bool { return count(s, "open") == 0 })
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// A queue is full while many connections have said something. All are served when there is room, and no lane is blamed.
func TestManyWaitBehindAFullQueue(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s := bound(t, engine)
		gate, entered, stop := held(t, s, true)
		n := storm(4000)
		var all []client
		for i := range n {
			c := mustDial(t, s)
			fmt.Fprintln(c, "client", i)
			if i%3 == 0 {
				c.CloseWrite()
			}
			all = append(all, c)
		}
		go func() {
			for range entered {
			}
		}()
		eventually(t, s, "all are in", func() bool { return count(s, "accepted") == n })
		close(gate)
		for i, c := range all {
			answered(t, c, fmt.Sprintln("client", i))
			c.Close()
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		close(entered)
	})
}

// stops is how often a source is stopped under load: some times, or as often as LEAT_CYCLES says.
func stops(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("LEAT_CYCLES"))
	if os.Getenv("LEAT_CYCLES") != "" && err != nil {
		t.Fatal(err)
	}
	return max(n, 5)
}

// depth is how many requests a client of that test has under way.
const depth = 50

// Clients are busy when the source stops. What was decoded is answered, in order, and then they see an orderly end.
func TestStopsUnderLoadLoseNothing(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		for range stops(t) {
			s := bound(t, engine)
			p := sharded(s)
			stop := start(t, p)
			var clients sync.WaitGroup
			var answers atomic.Uint64
			for range 12 {
				c := mustDial(t, s)
				clients.Go(func() {
					in := bufio.NewScanner(c)
					n := 0
					send := func() {
						var b []byte
						for i := range depth {
							b = fmt.Appendln(b, n+i)
						}
						c.Write(b)
					}
					for send(); in.Scan(); {
						if in.Text() != fmt.Sprint(n) {
							t.Errorf("answer %d is %q", n, in.Text())
							break
						}
						if n++; n%depth == 0 {
							send()
						}
					}
					if in.Err() != nil {
						t.Errorf("after %d answers: %v", n, in.Err())
					}
					answers.Add(uint64(n))
					c.Close()
				})
			}
			time.Sleep(time.Duration(20+rand.IntN(30)) * time.Millisecond)
			if err := stop(); err != nil {
				t.Error(err)
			}
			clients.Wait()
			if in, out := p.Stats().Node("decode").Out, answers.Load(); in != out || in == 0 {
				t.Fatalf("%d lines were decoded and %d answered", in, out)
			}
		}
	})
}

// The kernel lets a close wait for a peer that does not read. Others are served meanwhile, and the end waits for it.
func TestACloseThatWaitsStopsNobody(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		const size = 8 << 20
		l := stage.DefaultLimits
		l.OutHard, l.Write = 2*size, 200*time.Millisecond
		s := bound(t, engine, tcp.Limits(l), tcp.Linger(2*time.Second))
		p := pipeline.New("linger", pipeline.Log(slog.New(slog.DiscardHandler)))
		text := line.Text(size + 4096)
		p.From(s).Via("decode", codec.Decode(text)).Via("answer", stage.Do(func(l *line.Line) {
			if string(l.Text) == "much" {
				l.Text = make([]byte, size)
			}
		})).To("reply", sinks.Reply(text))
		stop := start(t, p)
		for range 4 {
			fmt.Fprintln(mustDial(t, s), "much")
		}
		c := mustDial(t, s)
		eventually(t, s, "a close waits", closing)
		meanwhile := 0
		for range 100 {
			before := closing()
			ask(t, c, "hello")
			if before && closing() {
				meanwhile++
			}
		}
		if meanwhile == 0 {
			t.Error("no request was answered while a close waited")
		}
		c.Close()
		if err := stop(); err != nil {
			t.Error(err)
		}
		if closing() {
			t.Error("a close still waits behind the end")
		}
	})
}

// closing says whether a goroutine is inside close(2).
func closing() bool {
	b := make([]byte, 1<<20)
	return strings.Contains(string(b[:runtime.Stack(b, true)]), "syscall.Close(")
}
