//go:build linux

package pool_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
)

// idempotent says that all requests may be served twice.
var idempotent = pool.Idempotent(func(*resp.Command) bool { return true })

// proxy runs a proxy before up, and returns its address.
func proxy(t testing.TB, up *pool.Pool, opts ...tcp.Option) string {
	t.Helper()
	return proxyWith(t, up, opts)
}

// proxyOf is proxy with options of Forward.
func proxyOf(t testing.TB, up *pool.Pool, opts ...pool.ForwardOption[resp.Command]) string {
	t.Helper()
	return proxyWith(t, up, nil, opts...)
}

func proxyWith(t testing.TB, up *pool.Pool, opts []tcp.Option, fwd ...pool.ForwardOption[resp.Command]) string {
	t.Helper()
	requests, replies := resp.Request(resp.Limits{}), resp.Reply(resp.Limits{})
	src := tcp.Listen("127.0.0.1:0", opts...)
	p := pipeline.New("proxy")
	p.From(src).Via("decode", codec.Decode(requests)).To("forward", up.Forward(requests, fwd...))
	p.From(up.Replies()).Via("decode replies", codec.Decode(replies)).To("reply", sinks.Reply(replies))
	if err := src.Bind(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return src.Addr().String()
}

var refusal = func(b []byte, err error) []byte { return resp.AppendError(b, "ERR "+err.Error()) }

func servers(addrs ...string) (all []balance.Backend) {
	for i, a := range addrs {
		all = append(all, balance.Backend{Name: fmt.Sprint("redis", i), Address: a})
	}
	return all
}

func TestRepliesComeInTheOrderOfTheRequests(t *testing.T) {
	server := redistest.TCP(t).Address
	for _, mode := range []pool.Mode{pool.Pipelined(1, 1024), pool.Pipelined(3, 4), pool.Exclusive(), pool.None()} {
		for name, engine := range map[string]tcp.Option{"reactor": tcp.Reactor(2), "goroutine": tcp.Goroutines()} {
			t.Run(mode.String()+"/"+name, func(t *testing.T) {
				up, err := pool.New(servers(server), balance.RoundRobin(), pool.WithTraffic(pool.Traffic{Mode: mode, Refusal: refusal}))
				if err != nil {
					t.Fatal(err)
				}
				addr := proxy(t, up, engine)
				done := make(chan error, 20)
				for i := range cap(done) {
					go func() { done <- counting(addr, i, 500) }()
				}
				for range cap(done) {
					if err := <-done; err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

// counting increments a counter of its own many times in one go.
func counting(addr string, client, n int) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	key := fmt.Sprint("counter", client)
	var b []byte
	b = resp.AppendCommand(b, "DEL", key)
	for range n {
		b = resp.AppendCommand(b, "INCR", key)
	}
	go c.Write(b)
	r := bufio.NewReader(c)
	r.ReadString('\n')
	for i := range n {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		if line != fmt.Sprintf(":%d\r\n", i+1) {
			return fmt.Errorf("client %d: reply %d is %q", client, i+1, line)
		}
	}
	return nil
}
