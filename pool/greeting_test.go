//go:build linux

package pool_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
)

// greeting selects the database that is the profile.
func greeting(_ balance.Backend, profile uint32) ([]byte, int) {
	b := resp.AppendCommand(nil, "AUTH", "secret")
	return resp.AppendCommand(b, "SELECT", fmt.Sprint(profile)), 2
}

func welcome(reply any) error {
	if v := reply.(*resp.Message).Value(); v.IsError() {
		return errors.New(string(v.Raw()[1 : len(v.Raw())-2]))
	}
	return nil
}

// database is the profile of a request: the digits of its name.
var database = pool.Profile(func(m *resp.Command) uint32 {
	var n uint32
	for _, c := range m.Arg(0) {
		if c >= '0' && c <= '9' {
			n = 10*n + uint32(c-'0')
		}
	}
	return n
})

func TestAConnectionIsGreetedForItsProfile(t *testing.T) {
	onEach(t, func(t *testing.T, p plan) {
		server := databases(t)
		p.traffic = pool.Traffic{Greeting: greeting, Welcome: welcome}
		p.forward = []pool.ForwardOption[resp.Command]{database}
		a := assemble(t, p, server.addr())
		c := talk(t, a.addr)
		c.say("GET0 a", "GET7 b", "GET0 c", "GET3 d", "GET7 e").wants("0:a", "7:b", "0:c", "3:d", "7:e")
		before := server.requests.Load()
		for range 3 {
			if reply := c.say("GET13 f").hear(); !strings.Contains(reply, "does not accept the greeting") || !strings.Contains(reply, "no such database") {
				t.Errorf("it says %s", reply)
			}
		}
		// What waited for the greeting must not reach a server that has refused it.
		if n := server.requests.Load() - before; n%2 != 0 {
			t.Errorf("%d requests have come where greetings alone were to", n)
		}
		c.say("GET0 g").wants("0:g")
		if n := a.closed(pool.ReasonPrepare); n == 0 {
			t.Error("no connection was closed because of its greeting")
		}
	})
}

func TestAGreetingThatIsNotAnsweredIsGivenUp(t *testing.T) {
	server := newFake(t, nil)
	server.script = func(int, []string, io.Writer) bool { return true }
	a := assemble(t, plan{traffic: pool.Traffic{Greeting: greeting, Welcome: welcome, Timeout: 50 * time.Millisecond, Retries: -1}}, server.addr())
	c := talk(t, a.addr)
	for _, request := range []string{"GET a", "WAIT b", "HOLD c"} {
		if reply := c.say(request).hear(); !strings.Contains(reply, "no reply within") {
			t.Errorf("%s: %s", request, reply)
		}
	}
	if n := server.requests.Load(); n > 6 {
		t.Errorf("%d requests have come", n)
	}
}

// A pipeline has its connections before anybody needs them.
func TestTheFloorOfAPipelineIsKept(t *testing.T) {
	for name, mode := range map[string]pool.Mode{"pipelined": pool.Pipelined(2, 64), "exclusive": pool.Exclusive()} {
		t.Run(name, func(t *testing.T) {
			server := newFake(t, nil)
			a := assemble(t, plan{traffic: pool.Traffic{Mode: mode}, limits: func(l *pool.Limits) {
				l.MinIdle, l.IdleTimeout = 2, 50*time.Millisecond
			}}, server.addr())
			talk(t, a.addr).say("GET a").wants("a")
			eventually(t, "there are two", func() bool { return server.open() >= 2 })
			server.cut()
			eventually(t, "there are two again", func() bool { return server.accepted.Load() >= 4 && server.open() >= 2 })
		})
	}
}

func TestWhatIsIdleForLongIsClosed(t *testing.T) {
	for name, mode := range map[string]pool.Mode{"pipelined": pool.Pipelined(1, 64), "exclusive": pool.Exclusive()} {
		t.Run(name, func(t *testing.T) {
			server := newFake(t, nil)
			a := assemble(t, plan{traffic: pool.Traffic{Mode: mode}, limits: func(l *pool.Limits) { l.IdleTimeout = 20 * time.Millisecond }}, server.addr())
			c := talk(t, a.addr)
			for i := range 2 {
				c.say("GET a").wants("a")
				eventually(t, "it is closed", func() bool { return server.open() == 0 && a.closed(pool.ReasonIdle) == i+1 })
			}
		})
	}
}

// A server that speaks without having been asked is not trusted.
func TestWhatComesUnaskedCostsAnIdleConnection(t *testing.T) {
	for name, mode := range map[string]pool.Mode{"pipelined": pool.Pipelined(1, 64), "exclusive": pool.Exclusive()} {
		for what, bytes := range map[string]string{"a reply": "+OK\r\n", "half of one": "$100\r\nabc", "garbage": "?\r\n"} {
			t.Run(name+"/"+what, func(t *testing.T) {
				server := newFake(t, nil)
				server.script = func(conn int, args []string, w io.Writer) bool {
					if !tell(w, conn, args) {
						return false
					}
					if args[1] == "odd" {
						time.Sleep(20 * time.Millisecond)
						io.WriteString(w, bytes)
					}
					return true
				}
				a := assemble(t, plan{traffic: pool.Traffic{Mode: mode, Timeout: 300 * time.Millisecond}}, server.addr())
				c := talk(t, a.addr)
				c.say("GET odd").wants("1:odd")
				eventually(t, "the connection is closed", func() bool { return a.closed(pool.ReasonProtocol)+a.closed(pool.ReasonUnread) == 1 })
				c.say("GET a").wants("2:a")
			})
		}
	}
}

// Pushes of a server that speaks RESP3 go to nobody on connections that clients share.
func TestPushesOnSharedConnectionsAreDropped(t *testing.T) {
	server := newFake(t, nil)
	server.script = func(conn int, args []string, w io.Writer) bool {
		io.WriteString(w, ">2\r\n+invalidate\r\n+x\r\n")
		if !tell(w, conn, args) {
			return false
		}
		_, err := io.WriteString(w, ">1\r\n+later\r\n")
		return err == nil
	}
	a := assemble(t, plan{}, server.addr())
	c := talk(t, a.addr)
	for i := range 50 {
		c.say(fmt.Sprint("GET ", i)).wants(fmt.Sprint("1:", i))
	}
}
