package pool

import (
	"context"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/leat-io/leat/pool/balance"
)

// peers accepts connections and echoes what comes.
func peers(b *testing.B) net.Listener {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	b.Cleanup(func() { ln.Close() })
	return ln
}

// BenchmarkExchange sends a byte to a backend of TCP and back. It shows how often the watcher was woken meanwhile.
func BenchmarkExchange(b *testing.B) {
	ln := peers(b)
	p, err := New([]balance.Backend{{Name: "a", Address: ln.Addr().String()}}, balance.RoundRobin())
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close(context.Background())
	buf := make([]byte, 1)
	exchange := func() {
		c, err := p.Get(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		c.Write(buf)
		if _, err := io.ReadFull(c, buf); err != nil {
			b.Fatal(err)
		}
		p.Put(c)
	}
	exchange()
	before := p.watcher.wakes.Load()
	b.ReportAllocs()
	for b.Loop() {
		exchange()
	}
	b.ReportMetric(float64(p.watcher.wakes.Load()-before)/float64(b.N), "wakes/op")
}

// BenchmarkMemory opens 100 connections and shows how much heap they take beyond what package net takes for them.
func BenchmarkMemory(b *testing.B) {
	ln := peers(b)
	const n = 100
	heap := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	for b.Loop() {
		plain := make([]net.Conn, n)
		before := heap()
		for i := range plain {
			c, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			plain[i] = c
		}
		time.Sleep(50 * time.Millisecond)
		bare := heap() - before
		before = heap()
		p, err := New([]balance.Backend{{Name: "a", Address: ln.Addr().String()}}, balance.RoundRobin())
		if err != nil {
			b.Fatal(err)
		}
		held := make([]*Conn, n)
		for i := range held {
			if held[i], err = p.Get(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
		p.PutN(held)
		time.Sleep(50 * time.Millisecond)
		pooled := heap() - before
		b.ReportMetric(bare/1024, "net-KB/100")
		b.ReportMetric((pooled-bare)/1024, "pool-KB/100")
		for _, c := range plain {
			c.Close()
		}
		p.Close(context.Background())
		runtime.KeepAlive(held)
	}
}
