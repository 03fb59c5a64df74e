package muxnet_test

import (
	"context"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/leat-io/leat/sources/muxnet"
)

func BenchmarkExchange(b *testing.B) {
	for _, n := range []int{1, 64, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c, _ := pair(b, echo)
			streams := make([]*muxnet.Stream, n)
			for i := range streams {
				streams[i] = open(b, c)
			}
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for _, s := range streams {
				wg.Go(func() {
					buf := make([]byte, 64)
					for range b.N / n {
						if _, err := s.Write(buf); err != nil {
							b.Error(err)
							return
						}
						if _, err := io.ReadFull(s, buf); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	c, _ := pair(b, echo)
	b.ReportAllocs()
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			buf := make([]byte, 64)
			for range b.N / 64 {
				s, err := c.Open(context.Background())
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = s.Write(buf)
				if _, err := io.ReadFull(s, buf); err != nil {
					b.Error(err)
				}
				_ = s.Close()
			}
		})
	}
	wg.Wait()
}

func BenchmarkBulk(b *testing.B) {
	const size = 64 << 10
	done := make(chan int64, 1)
	c, _ := pair(b, func(s *muxnet.Stream) {
		buf := make([]byte, size)
		var all int64
		for {
			n, err := s.Read(buf)
			all += int64(n)
			if err != nil {
				done <- all
				return
			}
		}
	})
	s := open(b, c)
	buf := make([]byte, size)
	b.SetBytes(size)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, err := s.Write(buf); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.CloseWrite(); err != nil {
		b.Fatal(err)
	}
	if n := <-done; n != int64(b.N)*size {
		b.Errorf("%d bytes of %d", n, int64(b.N)*size)
	}
}
