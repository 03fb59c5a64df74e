package pool

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"sync"
	"testing"

	"github.com/leat-io/leat/pool/balance"
)

// idleConn stands for a connection on which nothing happens.
type idleConn struct{ net.Conn }

func (idleConn) Close() error { return nil }

func benchPool(b testing.TB, open int, opts ...Option) *Pool {
	l := DefaultLimits
	l.MaxOpen, l.MaxIdle, l.MinIdle = open, open, open
	opts = append([]Option{WithLimits(l), Dialer(func(context.Context, string, string) (net.Conn, error) { return idleConn{}, nil })}, opts...)
	p, err := New([]balance.Backend{{Name: "b", Address: "127.0.0.1:1"}}, balance.RoundRobin(), opts...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { p.Close(context.Background()) })
	ctx := context.Background()
	var all []*Conn
	for range open {
		c, err := p.Get(ctx)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, c)
	}
	p.PutN(all)
	return p
}

// spread runs f on so many goroutines, b.N times in all.
func spread(b *testing.B, n int, f func()) {
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			for range b.N/n + min(1, max(0, b.N%n-i)) {
				f()
			}
		})
	}
	wg.Wait()
}

func BenchmarkGetPut(b *testing.B) {
	for _, n := range []int{1, 2, 1000} {
		open := 64
		for _, kind := range []struct {
			name string
			opts []Option
		}{{"sharded", nil}, {"lifo", []Option{Shards(1)}}, {"fifo", []Option{FIFO()}}} {
			b.Run(fmt.Sprintf("%s/goroutines=%d", kind.name, n), func(b *testing.B) {
				p := benchPool(b, open, kind.opts...)
				ctx := context.Background()
				spread(b, n, func() {
					c, err := p.Get(ctx)
					if err != nil {
						panic(err)
					}
					if n > open {
						runtime.Gosched()
					}
					p.Put(c)
				})
			})
		}
		b.Run(fmt.Sprintf("channel/goroutines=%d", n), func(b *testing.B) {
			ch := make(chan *Conn, open)
			for range open {
				ch <- new(Conn)
			}
			spread(b, n, func() {
				c := <-ch
				if n > open {
					runtime.Gosched()
				}
				ch <- c
			})
		})
	}
}
