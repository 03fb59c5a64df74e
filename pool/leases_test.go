//go:build linux

package pool_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// engines are the ways in which requests reach Forward.
var engines = map[string]plan{
	"reactor":   {},
	"goroutine": {engine: tcp.Goroutines()},
	"queue":     {queued: true},
}

func onEach(t *testing.T, f func(t *testing.T, p plan)) {
	for name, p := range engines {
		t.Run(name, func(t *testing.T) { f(t, p) })
	}
}

// connOf is the connection that a reply of a numbered server names.
func connOf(reply string) string {
	conn, _, _ := strings.Cut(reply, ":")
	return conn
}

func TestALeaseKeepsOthersOffAConnection(t *testing.T) {
	onEach(t, func(t *testing.T, p plan) {
		server := numbered(t)
		a := assemble(t, p, server.addr())
		one, two := talk(t, a.addr), talk(t, a.addr)
		one.say("GET a").wants("1:a")
		two.say("GET b").wants("1:b") // shared
		held := connOf(one.say("HOLD c").hear())
		if held == "1" {
			t.Error("a connection is held that others share")
		}
		one.say("HOLD d", "GET e", "HOLD f").wants(held+":d", "1:e", held+":f")
		if other := connOf(two.say("HOLD g").hear()); other == held || other == "1" {
			t.Errorf("connection %s is held by two", other)
		}
		one.say("DONE h", "GET i").wants(held+":h", "1:i")
		three := talk(t, a.addr)
		three.say("WAIT j").wants(held + ":j") // given back
		three.say("HOLD k").wants(held + ":k")
		if n := server.accepted.Load(); n != 3 {
			t.Errorf("there were %d connections", n)
		}
	})
}

// What follows a Release in the same write belongs to the next holding.
func TestAHoldingThatFollowsAnotherIsKept(t *testing.T) {
	server, other := numbered(t), numbered(t) // in turn, unless something is held
	a := assemble(t, plan{}, server.addr(), other.addr())
	c := talk(t, a.addr)
	for range 50 {
		c.say("HOLD a", "DONE b", "HOLD c", "HOLD d")
		c.hear()
		c.hear()
		held := connOf(c.hear())
		c.wants(held + ":d")
		c.say("HOLD e").wants(held + ":e")
		for range 3 {
			c.say("HOLD f", "DONE g").wants(held+":f", held+":g")
			held = connOf(c.say("HOLD h").hear())
		}
		c.say("DONE i").hear()
	}
}

func TestARequestThatWaitsHoldsUpNobody(t *testing.T) {
	onEach(t, func(t *testing.T, p plan) {
		release := make(chan struct{})
		server := newFake(t, nil)
		server.script = func(conn int, args []string, w io.Writer) bool {
			if args[0] == "WAIT" {
				<-release
			}
			return tell(w, conn, args)
		}
		p.traffic.Timeout = 400 * time.Millisecond // which does not apply to it
		a := assemble(t, p, server.addr())
		one, two := talk(t, a.addr), talk(t, a.addr)
		one.say("WAIT a", "GET b")
		for range 20 {
			two.say("GET c")
			if reply := two.hear(); !strings.HasSuffix(reply, ":c") {
				t.Fatal(reply)
			}
			time.Sleep(30 * time.Millisecond)
		}
		close(release)
		for _, want := range []string{":a", ":b"} {
			if reply := one.hear(); !strings.HasSuffix(reply, want) {
				t.Error(reply)
			}
		}
	})
}

func TestATunnelBringsWhatComes(t *testing.T) {
	onEach(t, func(t *testing.T, p plan) {
		publish := make(chan string)
		server := newFake(t, nil)
		server.script = func(conn int, args []string, w io.Writer) bool {
			if args[0] != "LISTEN" {
				return tell(w, conn, args)
			}
			tell(w, conn, args)
			for s := range publish {
				if _, err := w.Write(resp.AppendBulkString(nil, s)); err != nil {
					return false
				}
			}
			return true
		}
		a := assemble(t, p, server.addr())
		c := talk(t, a.addr)
		c.say("LISTEN a")
		if reply := c.hear(); !strings.HasSuffix(reply, ":a") {
			t.Fatal(reply)
		}
		for i := range 10 {
			publish <- fmt.Sprint("news ", i)
			c.wants(fmt.Sprint("news ", i))
		}
		if other := talk(t, a.addr).say("GET b").hear(); !strings.HasSuffix(other, ":b") {
			t.Error(other)
		}
		close(publish)
		c.say("DONE c")
		if reply := c.hear(); !strings.HasSuffix(reply, ":c") {
			t.Error(reply)
		}
		// Whoever comes next must not get what the last one has listened to.
		eventually(t, "the connection is closed", func() bool { return a.closed(pool.ReasonDiscarded) == 1 })
	})
}

// What a client asks behind a request that goes through a tunnel must not be answered before the server has said what it has
// to say because of that.
func TestATunnelIsSettledByTheReplyThatSaysSo(t *testing.T) {
	onEach(t, func(t *testing.T, p plan) {
		var silent atomic.Bool
		server := newFake(t, nil)
		server.script = func(conn int, args []string, w io.Writer) bool {
			if args[0] != "LISTEN" {
				return tell(w, conn, args)
			}
			if silent.Load() {
				return true
			}
			var b []byte
			for _, word := range []string{"one", "two", "end"} {
				b = resp.AppendBulkString(b, word)
			}
			time.Sleep(10 * time.Millisecond) // in which what is behind it could overtake it
			_, err := w.Write(b)
			return err == nil
		}
		p.traffic.Settles = func(reply, _ any) bool { return string(reply.(*resp.Message).Value().Str()) == "end" }
		p.traffic.Timeout = 200 * time.Millisecond
		a := assemble(t, p, server.addr())
		c := talk(t, a.addr)
		for range 3 {
			c.say("LISTEN a", "GET b")
			for _, want := range []string{"one", "two", "end", ":b"} {
				if reply := c.hear(); !strings.HasSuffix(reply, want) {
					t.Fatalf("got %q, want %q", reply, want)
				}
			}
		}
		silent.Store(true)
		if reply := c.say("LISTEN a").hear(); !strings.Contains(reply, "no reply within") {
			t.Errorf("got %q of a server that is silent", reply)
		}
		eventually(t, "the connection is closed", func() bool { return a.closed(pool.ReasonStalled) == 1 })
	})
}

// A client that ends takes with it what it holds and what it waits for alone.
func TestTheEndOfAClientClosesWhatItHas(t *testing.T) {
	onEach(t, func(t *testing.T, p plan) {
		server := newFake(t, nil)
		server.script = func(conn int, args []string, w io.Writer) bool {
			return args[0] == "WAIT" || tell(w, conn, args)
		}
		p.traffic.Timeout = 100 * time.Millisecond // in which it becomes clear that a client which is silent has gone
		a := assemble(t, p, server.addr())
		talk(t, a.addr).say("GET a").hear()
		holding, waiting, listening := talk(t, a.addr), talk(t, a.addr), talk(t, a.addr)
		holding.say("HOLD b").hear()
		waiting.say("WAIT c")
		listening.say("LISTEN d").hear()
		eventually(t, "all requests have come", func() bool { return server.requests.Load() == 4 })
		holding.Close()
		listening.Close()
		eventually(t, "what was held is closed", func() bool { return server.open() == 2 })
		waiting.Close()
		eventually(t, "what was waited for is closed", func() bool { return server.open() == 1 })
		eventually(t, "three are counted as closed for their clients", func() bool { return a.closed(pool.ReasonClient) == 3 })
	})
}

// A client that is not read, because it has sent more than may be in flight, is still seen to go: what then happens must not be
// taken for it.
func TestWhatIsWaitedForIsLeftToOthersWhenTheClientGoes(t *testing.T) {
	server := newFake(t, nil)
	server.script = func(conn int, args []string, w io.Writer) bool {
		return args[0] == "WAIT" || tell(w, conn, args)
	}
	limits := stage.DefaultLimits
	limits.InFlight = 1
	a := assemble(t, plan{source: []tcp.Option{tcp.Limits(limits)}, traffic: pool.Traffic{Timeout: -1}}, server.addr())
	c := talk(t, a.addr).say("WAIT a", "GET b")
	eventually(t, "it waits", func() bool { return server.requests.Load() == 1 })
	c.Close()
	eventually(t, "nobody waits for it", func() bool { return a.closed(pool.ReasonClient) == 1 })
}

// Requests that belong together are served together or not at all: when one cannot be, its client is told and ended, also when
// the server is well again by the next one.
func TestAHoldingThatCannotBeginEndsItsClient(t *testing.T) {
	onEach(t, func(t *testing.T, p plan) {
		down := newFake(t, nil)
		down.close()
		a := assemble(t, p, down.addr())
		c := talk(t, a.addr)
		if reply := c.say("HOLD a").hear(); !strings.HasPrefix(reply, "-ERR ") {
			t.Errorf("it hears %q", reply)
		}
		if reply := c.hear(); reply != io.EOF.Error() {
			t.Errorf("it goes on with %q", reply)
		}
		ln, err := net.Listen("tcp", down.addr())
		if err != nil {
			t.Skipf("another program has taken the port: %v", err)
		}
		back := serveFake(t, ln, nil)
		eventually(t, "others are served", func() bool { return talk(t, a.addr).say("GET b").hear() == "b" })
		if n := back.requests.Load(); n == 0 {
			t.Error("the server has served nobody")
		}
	})
}

// Nobody can say when something will happen, so a stop does not wait for it.
func TestAStopEndsWhatWaitsForSomethingToHappen(t *testing.T) {
	onEach(t, func(t *testing.T, p plan) {
		server := newFake(t, nil)
		server.script = func(conn int, args []string, w io.Writer) bool {
			return args[0] == "WAIT" || tell(w, conn, args)
		}
		p.traffic.Timeout = -1
		a := assemble(t, p, server.addr())
		c := talk(t, a.addr).say("WAIT a")
		eventually(t, "it waits", func() bool { return server.requests.Load() == 1 })
		if err := a.stop(); err != nil {
			t.Error(err)
		}
		if reply := c.hear(); !strings.Contains(reply, "the pool has stopped") {
			t.Errorf("it hears %q", reply)
		}
	})
}
