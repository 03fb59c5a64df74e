package pipeline_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
)

// Four of ten messages have one key, one of ten another, the rest all kinds: the figures say so, and which lane suffers.
func TestHotKeysAndBusyLanesShow(t *testing.T) {
	const hot, warm, total = 7_000_000_000_000_000_001, 8, 400_000
	p, passed := pipeline.New("hot"), 0
	r := rand.New(rand.NewPCG(1, 1))
	p.From(feed[msg]{func(in *pipeline.Inlet[msg]) {
		ms, buf := messages(50), make([]*msg, 50)
		for range total / 50 {
			copy(buf, ms)
			for _, m := range buf {
				switch n := r.IntN(10); {
				case n < 4:
					m.Key = hot
				case n < 5:
					m.Key = warm
				default:
					m.Key = r.Uint64()
				}
			}
			in.Push(buf)
		}
	}}).
		Shard("by key", 4, func(m *msg) uint64 { return m.Key }, queue.Chan).
		Queue("together", queue.Chan).
		To("tally", tallied[msg](&passed))
	noError(t, runOnce(p))
	s := p.Stats().Node("by key")
	if len(s.Hot) != 2 || s.Hot[0].Key != hot || s.Hot[1].Key != warm || math.Abs(s.Hot[0].Share-.4) > .05 || math.Abs(s.Hot[1].Share-.1) > .07 {
		t.Errorf("the hot keys are %v", s.Hot)
	}
	equal(t, "lanes", len(s.PerLane), 4)
	busiest, in, share := 0, uint64(0), 0.
	for i, l := range s.PerLane {
		in, share = in+l.In, share+l.Share
		if l.In > s.PerLane[busiest].In {
			busiest = i
		}
	}
	equal(t, "messages of all lanes", in, total)
	equal(t, "lane of the hot key", s.Hot[0].Lane, busiest)
	if want := 4 * float64(s.PerLane[busiest].In) / total; math.Abs(share-1) > 1e-9 || math.Abs(s.Imbalance-want) > 1e-9 || want < 1.6 {
		t.Errorf("shares make %v; the imbalance is %v, not %v", share, s.Imbalance, want)
	}
	contains(t, p.String(), fmt.Sprintf("busiest lane %.2f of the mean, key %x is", s.Imbalance, uint64(hot)))
	b, err := json.Marshal(s)
	noError(t, err)
	contains(t, string(b), `"key":"7000000000000000001"`, `"imbalance":`, `"per_lane":[{"in":`)
	if one := p.Stats().Node("together"); one.PerLane != nil || one.Imbalance != 0 || one.Hot != nil {
		t.Errorf("a queue has %+v", one)
	}
}

// BenchmarkShardKey is what a Shard of one lane costs more than a Queue: its samples of keys.
func BenchmarkShardKey(b *testing.B) {
	key := func(m *msg) uint64 { return m.Key }
	for _, kind := range []string{"queue", "shard"} {
		b.Run(kind, func(b *testing.B) {
			p, passed := pipeline.New("bench"), 0
			f := p.From(feed[msg]{func(in *pipeline.Inlet[msg]) {
				ms, buf := messages(256), make([]*msg, 256)
				for i, m := range ms {
					m.Key = uint64(i)
				}
				b.ReportAllocs()
				for b.Loop() {
					copy(buf, ms)
					in.Push(buf)
				}
			}})
			if kind == "queue" {
				f = f.Queue("joint", queue.Ring)
			} else {
				f = f.Shard("joint", 1, key, queue.Ring)
			}
			f.To("tally", tallied[msg](&passed))
			noError(b, runOnce(p))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*256), "ns/msg")
		})
	}
}
