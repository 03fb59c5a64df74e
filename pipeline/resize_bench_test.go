package pipeline_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/stage"
)

// pauses takes from the log how long changes have held up the lanes before a joint.
type pauses struct {
	slog.Handler
	longest, total time.Duration
}

func (p *pauses) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "pause" {
			p.longest, p.total = max(p.longest, a.Value.Duration()), p.total+a.Value.Duration()
		}
		return true
	})
	return nil
}

func (p *pauses) Enabled(context.Context, slog.Level) bool { return true }

// BenchmarkResize changes two lanes to four and back under a load that keeps their queues full. The pause is how long the
// source cannot push.
func BenchmarkResize(b *testing.B) {
	for _, q := range []struct {
		name string
		make queue.Maker[msg]
	}{{"chan", queue.Chan[msg]}, {"ring", queue.Ring[msg]}, {"blocks", queue.Blocks[msg]}, {"workiva", queue.Workiva[msg]}} {
		b.Run(q.name, func(b *testing.B) {
			h, over := &pauses{Handler: slog.DiscardHandler}, make(chan struct{})
			p, passed := pipeline.New("bench", pipeline.Log(slog.New(h))), make([]int, 4)
			resizing := make(chan error, 1)
			p.From(feed[msg]{func(in *pipeline.Inlet[msg]) {
				go func() {
					defer close(over)
					for i := range b.N {
						if err := p.Resize(context.Background(), "shard", 4-2*(i%2)); err != nil {
							resizing <- err
							return
						}
					}
					resizing <- nil
				}()
				ms, buf := messages(64), make([]*msg, 64)
				for i := range ms {
					ms[i].Key = uint64(i)
				}
				for {
					copy(buf, ms)
					in.Push(buf)
					select {
					case <-over:
						return
					default:
					}
				}
			}}).
				Shard("shard", 2, func(m *msg) uint64 { return m.Key }, q.make).
				Via("touch", one(parse{})).
				To("tally", func(l *stage.Lane) stage.Sink[msg] { return tally[msg]{&passed[l.Index%4]} })
			if err := runOnce(p); err != nil {
				b.Fatal(err)
			}
			if err := <-resizing; err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(h.longest.Microseconds()), "max-pause-us")
			b.ReportMetric(float64(h.total.Microseconds())/float64(b.N), "pause-us")
		})
	}
}
