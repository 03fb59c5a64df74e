//go:build !race && !leakcheck

package pipeline_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/stage"
)

// A sinkhole takes what is written to it.
type sinkhole struct{}

func (sinkhole) Write(b []byte) (int, error) { return len(b), nil }
func (sinkhole) Want(read, write bool)       {}
func (sinkhole) Shut(error)                  {}
func (sinkhole) Peer() string                { return "nobody" }

// steady feeds lines of two connections through an assembly, and returns the allocations for each batch of 64 once
// everything that is used again has been made.
func steady(t *testing.T, assemble func(f flow)) (allocs float64) {
	limits := unlimited
	limits.InFlight = 1 << 20
	terms := &stage.Terms{Limits: limits}
	terms.Now.Store(1)
	conns := make([]stage.Conn, 2)
	for i := range conns {
		conns[i].Init(sinkhole{}, terms)
	}
	wire := strings.Repeat("a line of some length, which is usual\n", 32)
	p := pipeline.New("steady")
	assemble(p.From(feed[stage.Segment]{func(in *pipeline.Inlet[stage.Segment]) {
		segments, batch := stage.NewArena[stage.Segment](in.Lane), make([]*stage.Segment, len(conns))
		push := func() {
			for i := range conns {
				s := segments.New()
				s.SetConn(&conns[i])
				slab, b := in.Lane.Bytes(len(wire))
				copy(b, wire)
				s.SetSlab(slab)
				s.Data = b
				batch[i] = s
			}
			in.Push(batch)
			for i := range conns { // like a peer that waits for its answers, so that no more is under way than before
				for owed, _ := conns[i].Owed(); owed > 512; owed, _ = conns[i].Owed() {
					runtime.Gosched()
				}
			}
		}
		for range 2000 {
			push()
		}
		allocs = testing.AllocsPerRun(1000, push)
	}}).Via("decode", decoder))
	noError(t, runOnce(p))
	return allocs
}

func TestASteadyPipelineAllocatesNothing(t *testing.T) {
	type joint = func(flow) flow
	cases := map[string]joint{
		"fused": func(f flow) flow { return f },
		"branch, merge and filter": func(f flow) flow {
			a, b := f.Branch("even", func(l *row) bool { return l.Seq()%2 == 0 })
			return pipeline.Merge(a, b.Via("filter", stage.Filter(isLong)))
		},
		"tee": func(f flow) flow {
			a, b := f.Tee("tee")
			b.To("drop", tallied[row](new(int)))
			return a
		},
	}
	for _, q := range queues {
		cases[q.name+" queue"] = func(f flow) flow { return f.Queue("queue", q.make) }
		cases[q.name+" shard"] = func(f flow) flow { return f.Shard("shard", 4, stage.ByRequest, q.make) }
		cases[q.name+" spread of two"] = func(f flow) flow { return f.Spread("spread", 2, q.make, queue.Cap(64)) }
	}
	for name, joint := range cases {
		t.Run(name, func(t *testing.T) {
			if n := steady(t, func(f flow) { reply(joint(f).Via("turn", stage.Do(reverse))) }); n > 0 {
				t.Errorf("%v allocations for a batch of 64 messages", n)
			}
		})
	}
}

// What other nodes own outlives the restart of a node: the memory of a Tee behind it is used again like before.
func TestARestartLeavesTheMemoryOfOtherNodesAlone(t *testing.T) {
	broken := false
	p, passed := pipeline.New("restart", quiet), 0
	f := p.From(feed[msg]{func(in *pipeline.Inlet[msg]) {
		ms, buf := messages(64), make([]*msg, 64)
		push := func() {
			copy(buf, ms)
			in.Push(buf)
		}
		push()
		broken = true
		push()
		broken = false
		for range 100 {
			push()
		}
		if n := testing.AllocsPerRun(1000, push); n > 0 {
			t.Errorf("%v allocations for a batch behind a restart", n)
		}
	}}).Via("fail", func(*stage.Lane) stage.Stage[msg, msg] {
		return failing(func() error {
			if broken {
				return errBroken
			}
			return nil
		})
	}, stage.OnError(stage.Restart))
	a, b := f.Tee("tee")
	a.To("a", tallied[msg](&passed))
	b.To("b", tallied[msg](&passed))
	noError(t, runOnce(p))
}

type failing func() error

func (f failing) Process(_, src []*msg) ([]*msg, error) { return src, f() }
