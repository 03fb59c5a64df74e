package pipeline_test

import (
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// waitFor polls where virtual time cannot be had.
func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for began := time.Now(); !ok(); time.Sleep(time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// A reader sees every batch that has ended, whether its lane rests or works on the next one.
func TestStatsAreFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pipeline.New("stats"), mem.New(mem.Loops(2), mem.Limits(unlimited))
		reply(decoded(p, s).Shard("shard", 3, stage.ByRequest, queue.Chan).Via("upper", stage.Do(upper)))
		equal(t, "lanes before the start", p.Stats().Node("upper").Lanes, 0)
		stop := start(t, p)
		c, busy := dial(t, s), dial(t, s)
		go io.Copy(io.Discard, busy)
		for i := range uint64(100) {
			c.ask(t, "hello")
			synctest.Wait()
			st := p.Stats()
			for _, node := range []string{"shard", "upper", "reply"} {
				equal(t, fmt.Sprint("messages of ", node), st.Node(node).In, i+1)
			}
		}
		st := p.Stats()
		equal(t, "lanes", fmt.Sprint(st.Node("mem").Lanes, st.Node("decode").Lanes, st.Node("shard").Lanes, st.Node("upper").Lanes), "2 2 3 3")
		equal(t, "a node that there is not", st.Node("nobody").Name, "")
		equal(t, "per batch", st.Node("upper").PerBatch(), 1)
		busy.Close()
		noError(t, stop())
		equal(t, "after the end", p.Stats().Node("upper").In, 100)
	})
}

// A lane that does not come back costs a reader 5 ms, and the others are shown as they are.
func TestStatsDoNotWaitForALaneThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pipeline.New("stats"), mem.New(mem.Limits(unlimited))
		gate := make(chan struct{})
		echo, _ := echoing()
		reply(echo(decoded(p, s).Shard("shard", 2, func(l *row) uint64 { return uint64(len(l.Text)) }, queue.Chan).
			Via("hold", stage.Do(func(l *row) {
				if len(l.Text) == 4 {
					<-gate
				}
			}))))
		stop := start(t, p)
		stuck, c := dial(t, s), dial(t, s)
		other := "hello"
		for stage.Partition(uint64(len(other)))%2 == stage.Partition(4)%2 {
			other += "!"
		}
		stuck.say("hold")
		synctest.Wait()
		for i := range uint64(20) {
			c.ask(t, other)
			synctest.Wait()
			began := time.Now()
			equal(t, "messages of the lane that works", p.Stats().Node("echo").In, i+1)
			contains(t, p.String(), "echo.level = 1")
			if took := time.Since(began); took > 2*5*time.Millisecond {
				t.Fatalf("to look twice took %v", took)
			}
		}
		close(gate)
		equal(t, "answer", stuck.hear(t), "level 1")
		synctest.Wait()
		equal(t, "messages of both", p.Stats().Node("echo").In, 21)
		noError(t, stop())
	})
}

// Readers and lanes meet in every way: while lanes are made, work, rest, and end.
func TestStatsMayBeReadAtAnyTime(t *testing.T) {
	p, s := pipeline.New("stats"), bind(t)
	reply(decoded(p, s).Shard("shard", 2, stage.ByRequest, queue.Workiva).Via("batch", stage.Batch[row](2, time.Millisecond)))
	var readers sync.WaitGroup
	over := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			for last := uint64(0); ; {
				st := p.Stats()
				if n := st.Node("reply").In; n < last {
					t.Errorf("a counter fell from %d to %d", last, n)
				} else {
					last = n
				}
				_ = p.String() + p.Mermaid() + p.DOT()
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	stop := start(t, p)
	var clients sync.WaitGroup
	for range 8 {
		c := connect(t, s)
		clients.Go(func() {
			b := make([]byte, 6)
			for range 50 {
				c.Write([]byte("hello\n"))
				if _, err := io.ReadFull(c, b); err != nil || string(b) != "hello\n" {
					t.Errorf("%q %v", b, err)
				}
			}
			c.Close()
		})
	}
	clients.Wait()
	noError(t, stop())
	close(over)
	readers.Wait()
	equal(t, "messages", p.Stats().Node("reply").In, 400)
}

// Time is sampled on every node of a lane, and only inside the node.
func TestTimesAreSampled(t *testing.T) {
	p, passed := pipeline.New("times"), 0
	p.From(feed[msg]{func(in *pipeline.Inlet[msg]) {
		ms, buf := messages(4), make([]*msg, 4)
		for range 2000 {
			copy(buf, ms)
			in.Push(buf)
		}
	}}).
		Via("quick", one(parse{})).
		Via("slow", stage.Do(func(*msg) {
			for began := time.Now(); time.Since(began) < 20*time.Microsecond; {
			}
		})).
		To("tally", tallied[msg](&passed))
	noError(t, runOnce(p))
	st := p.Stats()
	for _, node := range []string{"quick", "slow", "tally"} {
		if n := st.Node(node); n.Sampled == 0 || n.P99 < n.P50 {
			t.Errorf("%s: %d samples, p50 %v, p99 %v", node, n.Sampled, n.P50, n.P99)
		}
	}
	if q, s := st.Node("quick"), st.Node("slow"); s.P50 < 20*time.Microsecond || q.P50 > s.P50 {
		t.Errorf("quick takes %v a message, slow %v", q.P50, s.P50)
	}
}
