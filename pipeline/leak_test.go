//go:build leakcheck

package pipeline_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// A record is what a pipeline logs.
type record struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(b)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

func recorded() (*record, pipeline.Option) {
	r := &record{}
	return r, pipeline.Log(slog.New(slog.NewTextHandler(r, nil)))
}

// A lag passes on the message of the batch before, which it has kept without Retain.
type lag struct{ last *row }

func (s *lag) Process(dst, src []*row) ([]*row, error) {
	if s.last != nil {
		dst = append(dst, s.last)
	}
	s.last = src[len(src)-1]
	return dst, nil
}

func TestLeakcheckNamesTheStageThatKeptAMessage(t *testing.T) {
	for name, joint := range map[string]func(flow) flow{
		"fused":   func(f flow) flow { return f },
		"chan":    lane,
		"ring":    func(f flow) flow { return f.Shard("shard", 2, stage.ByConn, queue.Ring) },
		"blocks":  func(f flow) flow { return f.Shard("shard", 2, stage.ByConn, queue.Blocks) },
		"workiva": func(f flow) flow { return f.Shard("shard", 2, stage.ByConn, queue.Workiva) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				logged, opt := recorded()
				p, s := pipeline.New("leak", opt), mem.New(mem.Limits(unlimited))
				reply(joint(decoded(p, s)).Via("lag", func(*stage.Lane) stage.Stage[row, row] { return &lag{} }))
				stop := start(t, p)
				c := dial(t, s)
				c.say("one")
				synctest.Wait()
				c.say("two")
				equal(t, "answers of a connection that was ended", joined(c.all(t)), "")
				noError(t, stop())
				contains(t, logged.String(), "node=lag", "leakcheck: lag passed on a line.Line that was taken back", "Retain it")
				equal(t, "panics of the stage", p.Stats().Node("lag").Panics, 1)
			})
		})
	}
}

// Bytes that a stage has kept of a message are poison behind its batch, and are recognized when they are passed on. (Bytes that
// have crossed a queue are poisoned later: when their slab is used again.)
func TestLeakcheckRecognizesBytesThatWereKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logged, opt := recorded()
		p, s := pipeline.New("leak", opt), mem.New(mem.Limits(unlimited))
		var kept []byte
		reply(decoded(p, s).Via("remember", made(func(_, src []*row) ([]*row, error) {
			for _, m := range src {
				if kept == nil {
					kept = m.Text
				} else {
					m.Text = kept
				}
			}
			return src, nil
		})))
		stop := start(t, p)
		c := dial(t, s)
		equal(t, "answer", c.ask(t, "first"), "first")
		synctest.Wait()
		equal(t, "what was kept", string(kept), "\xdb\xdb\xdb\xdb\xdb")
		c.say("second")
		equal(t, "answers", joined(c.all(t)), "")
		noError(t, stop())
		contains(t, logged.String(), "remember passed on a line.Line whose field Text points at bytes that were taken back")
	})
}

// What nobody will ever take back is an error of Run that names the holder, on the lane of the source and behind a queue.
func TestALeakAtTheEndNamesItsHolder(t *testing.T) {
	for name, joint := range map[string]func(*pipeline.Flow[msg]) *pipeline.Flow[msg]{
		"fused":  func(f *pipeline.Flow[msg]) *pipeline.Flow[msg] { return f },
		"queued": func(f *pipeline.Flow[msg]) *pipeline.Flow[msg] { return f.Queue("queue", queue.Chan) },
	} {
		t.Run(name, func(t *testing.T) {
			p, passed := pipeline.New("leak"), 0
			var l *stage.Lane
			var kept *stage.Kept[msg]
			joint(p.From(feed[msg]{func(in *pipeline.Inlet[msg]) {
				m := stage.NewArena[msg](in.Lane).New()
				slab, b := in.Lane.Bytes(8 << 10)
				m.Buf = b
				m.SetSlab(slab)
				in.Push([]*msg{m})
			}})).Via("hoard", func(x *stage.Lane) stage.Stage[msg, msg] {
				l = x
				return stage.Do(func(m *msg) { kept = stage.Retain(l, m) })(x)
			}).To("tally", tallied[msg](&passed))
			err := runOnce(p)
			contains(t, fmt.Sprint(err), "pipeline leak: leakcheck: at the end 1 references on a slab of lane", "are held by hoard")
			kept.Take(l)
			l.End()
		})
	}
}
