package mem_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

func TestSmoke(t *testing.T) {
	for _, sharded := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := pipeline.New("echo")
			s := mem.New()
			f := p.From(s).Via("decode", codec.Decode(line.Text(4096)))
			if sharded {
				f = f.Shard("by seq", 4, func(l *line.Line) uint64 { return uint64(stage.HeadOf(l).Seq()) }, queue.Chan, queue.Cap(2))
			}
			f.Via("upper", stage.Do(func(l *line.Line) { copy(l.Text, bytes.ToUpper(l.Text)) })).
				To("reply", sinks.Reply(line.Text(4096)))
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- p.Run(ctx) }()
			synctest.Wait()
			c, err := s.Dial()
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				for range 1000 {
					c.Write([]byte("hello\nworld\n"))
				}
				c.CloseWrite()
			}()
			b, err := io.ReadAll(c)
			if err != nil || string(b) != string(bytes.Repeat([]byte("HELLO\nWORLD\n"), 1000)) {
				t.Fatalf("%d %v", len(b), err)
			}
			t.Log(p)
			cancel()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		})
	}
}
