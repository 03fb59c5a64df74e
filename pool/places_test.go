//go:build linux

package pool_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/sources/tcp"
)

// databases is a server whose replies name the database that its connection has selected. It takes a while for that, and has none
// of number 13.
func databases(t *testing.T) *fake {
	server := newFake(t, nil)
	selected := make([]atomic.Value, 1<<14)
	server.script = func(conn int, args []string, w io.Writer) bool {
		switch args[0] {
		case "AUTH":
		case "SELECT":
			selected[conn].Store(args[1])
			time.Sleep(5 * time.Millisecond)
			if args[1] == "13" {
				io.WriteString(w, "-ERR there is no such database\r\n")
				return true
			}
		default:
			db, _ := selected[conn].Load().(string)
			_, err := w.Write(resp.AppendBulkString(nil, db+":"+args[len(args)-1]))
			return err == nil
		}
		_, err := io.WriteString(w, "+OK\r\n")
		return err == nil
	}
	return server
}

// Connections that nobody uses give their places to those of other profiles, whether one client has them or all share them.
func TestIdleConnectionsMakeRoomForOtherProfiles(t *testing.T) {
	onEach(t, func(t *testing.T, p plan) {
		server := databases(t)
		p.limits, p.traffic = few(4), pool.Traffic{Greeting: greeting, Welcome: welcome, Patience: 10 * time.Second}
		p.forward = []pool.ForwardOption[resp.Command]{database}
		a := assemble(t, p, server.addr())
		var holders []*dialogue
		for i := range 2 { // as many as may be had by one client each, where one is shared on each of two threads
			c := talk(t, a.addr)
			c.say(fmt.Sprintf("HOLD%d x", i+1), fmt.Sprintf("DONE%d x", i+1)).wants(fmt.Sprintf("%d:x", i+1), fmt.Sprintf("%d:x", i+1))
			holders = append(holders, c)
		}
		c := talk(t, a.addr)
		for db := range 12 {
			c.say(fmt.Sprintf("GET%d a", db), fmt.Sprintf("GET%d b", db)).wants(fmt.Sprintf("%d:a", db), fmt.Sprintf("%d:b", db))
		}
		if n := server.open(); n > 4 {
			t.Errorf("%d connections are open", n)
		}
		holders[0].say("HOLD1 y", "DONE1 z").wants("1:y", "1:z")
	})
}

// The requests of a client are served in their order also when there is no connection to share at first.
func TestSharedRequestsWaitForAPlace(t *testing.T) {
	for _, engine := range []tcp.Option{tcp.Reactor(2), tcp.Goroutines()} {
		server := databases(t)
		a := assemble(t, plan{
			engine: engine, limits: few(2), forward: []pool.ForwardOption[resp.Command]{database},
			traffic: pool.Traffic{Greeting: greeting, Welcome: welcome, Patience: 30 * time.Second},
		}, server.addr())
		var all sync.WaitGroup
		for i := range 6 {
			c := talk(t, a.addr)
			all.Go(func() {
				for n := range 15 {
					db := (i + n/5) % 3
					var said, want []string
					for k := range 4 {
						said = append(said, fmt.Sprintf("GET%d %d", db, k))
						want = append(want, fmt.Sprintf("%d:%d", db, k))
					}
					c.say(said...)
					for _, w := range want {
						if got := c.hear(); got != w {
							t.Errorf("client %d: got %q, want %q", i, got, w)
							return
						}
					}
				}
			})
		}
		all.Wait()
		if n := server.open(); n > 2 {
			t.Errorf("%d connections are open", n)
		}
	}
}

// When all places are in use by others for long, a request that could be shared says so.
func TestSharedRequestsDoNotWaitForEver(t *testing.T) {
	server := newGate(t)
	a := assemble(t, plan{
		limits: few(1), forward: []pool.ForwardOption[resp.Command]{database},
		traffic: pool.Traffic{Patience: 2 * time.Second, Timeout: -1},
	}, server.addr())
	first, second := talk(t, a.addr), talk(t, a.addr)
	first.say("GET1 slow")
	eventually(t, "it has come", func() bool { return len(server.order()) == 1 })
	if reply := second.say("GET2 a").hear(); !strings.Contains(reply, "all of the 1 connections that may be open are in use") {
		t.Errorf("it says %q", reply)
	}
	server.open <- struct{}{}
	first.wants("1:slow")
	second.say("GET2 a").wants("2:a")
}
