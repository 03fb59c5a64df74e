package pool_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/stage"
)

// A function of the user that panics costs what it was called for, and neither the process nor those who come after.
func TestAPanicOfTheUserIsSurvived(t *testing.T) {
	for name, change := range map[string]func(p *plan, bad func() bool){
		"Greeting": func(p *plan, bad func() bool) {
			p.traffic.Greeting = func(balance.Backend, uint32) ([]byte, int) {
				if bad() {
					panic("a test")
				}
				return resp.AppendCommand(nil, "HELLO"), 1
			}
		},
		"Welcome": func(p *plan, bad func() bool) {
			p.traffic.Greeting = func(balance.Backend, uint32) ([]byte, int) { return resp.AppendCommand(nil, "HELLO"), 1 }
			p.traffic.Welcome = func(any) error {
				if bad() {
					panic("a test")
				}
				return nil
			}
		},
		"Fence.Request": func(p *plan, bad func() bool) {
			p.traffic.Fence = &pool.Fence{Is: fence.Is, Request: func(b, nonce []byte) []byte {
				if bad() {
					panic("a test")
				}
				return fence.Request(b, nonce)
			}}
		},
		"Fence.Is": func(p *plan, bad func() bool) {
			p.traffic.Fence = &pool.Fence{Request: fence.Request, Is: func(reply any, nonce []byte) bool {
				if bad() {
					panic("a test")
				}
				return fence.Is(reply, nonce)
			}}
		},
		"Dialer": func(p *plan, bad func() bool) {
			p.pool = append(p.pool, pool.Dialer(func(ctx context.Context, network, address string) (net.Conn, error) {
				if bad() {
					panic("a test")
				}
				return new(net.Dialer).DialContext(ctx, network, address)
			}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, p plan) {
				server := newFake(t, nil)
				var called atomic.Bool
				change(&p, func() bool { return !called.Swap(true) }) // the first time
				p.traffic.Retries = -1
				a := assemble(t, p, server.addr())
				if reply := talk(t, a.addr).say("GET a").hear(); !strings.HasPrefix(reply, "-ERR") {
					t.Errorf("it says %q", reply)
				}
				eventually(t, "others are served", func() bool { return talk(t, a.addr).say("GET b").hear() == "b" })
			})
		})
	}
}

// Where the answer to a request that was refused cannot be made, its client ends, and nobody else does.
func TestAPanicOfARefusalCostsItsClient(t *testing.T) {
	onEach(t, func(t *testing.T, p plan) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ln.Close() // nobody is there
		n := 0
		p.traffic.Refusal = func(b []byte, err error) []byte {
			if n++; n == 2 {
				panic("a test")
			}
			return refusal(b, err)
		}
		a := assemble(t, p, ln.Addr().String())
		first, second := talk(t, a.addr), talk(t, a.addr)
		if reply := first.say("GET a").hear(); !strings.HasPrefix(reply, "-ERR") {
			t.Errorf("it says %q", reply)
		}
		second.say("GET b", "GET c")
		b := make([]byte, 64)
		if n, err := second.Read(b); err == nil {
			t.Errorf("the client is told %q", b[:n])
		}
		if reply := first.say("GET d").hear(); !strings.HasPrefix(reply, "-ERR") {
			t.Errorf("it says %q", reply)
		}
		if s := a.up.Stats(); s.Panics != 1 || !errors.Is(s.Panicked, stage.ErrPanic) {
			t.Errorf("%d panics are counted: %v", s.Panics, s.Panicked)
		}
	})
}

// Hooks that panic change nothing.
func TestAPanicOfAHookChangesNothing(t *testing.T) {
	server := numbered(t)
	a := assemble(t, plan{pool: []pool.Option{
		pool.OnDial(func(*balance.Member, time.Duration, error) { panic("a test") }),
		pool.OnDone(func(*balance.Member, time.Duration, error) { panic("a test") }),
		pool.OnClose(func(*balance.Member, pool.Reason, time.Duration) { panic("a test") }),
	}}, server.addr())
	c := talk(t, a.addr)
	c.say("GET a").wants("1:a") // the first connection; both at once could come in either order
	c.say("HOLD b", "DONE c").wants("2:b", "2:c")
	if n := a.up.Stats().Panics; n < 4 {
		t.Errorf("%d panics are counted", n)
	}
}
