package queue_test

import (
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/pipeline/queue/queuetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestChanKeepsTheContract(t *testing.T)    { queuetest.Run(t, queue.Chan) }
func TestWorkivaKeepsTheContract(t *testing.T) { queuetest.Run(t, queue.Workiva) }
func TestRingKeepsTheContract(t *testing.T)    { queuetest.Run(t, queue.Ring) }
func TestBlocksKeepsTheContract(t *testing.T)  { queuetest.Run(t, queue.Blocks) }

func TestWhatWasGivenBackIsNotKeptAlive(t *testing.T) {
	type message struct{ body *[1024]byte }
	for _, k := range kinds[message]() {
		for _, full := range []queue.WhenFull{queue.Block, queue.DropOldest} {
			t.Run(k.name+" "+full.String(), func(t *testing.T) {
				q, err := k.make(queue.NewConfig(full))
				if err != nil {
					t.Fatal(err)
				}
				p := q.Join(nil)
				var bodies []weak.Pointer[[1024]byte]
				push := func(n int) {
					for range n {
						m := &message{new([1024]byte)}
						bodies = append(bodies, weak.Make(m.body))
						p.Push([]*message{m})
					}
				}
				push(200) // three blocks in full and one in part
				if e, ok := q.(queue.Evicter[message]); ok {
					e.Evict(50, func(*message) {})
				}
				for len(q.Pop(make([]*message, 7))) > 0 {
				}
				runtime.GC()
				for i, body := range bodies {
					if body.Value() != nil {
						t.Fatalf("the body of message %d of %d is still reachable", i, len(bodies))
					}
				}
				q.Close()
				runtime.KeepAlive(p)
			})
		}
	}
}

func TestOnlyAQueueThatDropsItsOldestPaysForEvicting(t *testing.T) {
	for _, k := range kinds[int]()[:3] { // Workiva is always an Evicter
		for _, full := range []queue.WhenFull{queue.Block, queue.DropNewest, queue.DropOldest} {
			q, err := k.make(queue.NewConfig(full))
			if err != nil {
				t.Fatal(err)
			}
			if _, is := q.(queue.Evicter[int]); is != (full == queue.DropOldest) {
				t.Errorf("%v: %T is an Evicter: %v", full, q, is)
			}
			if !q.Wait(time.Unix(1, 0)) {
				t.Errorf("%v: Wait returned false on an open %T", full, q)
			}
		}
	}
}

func TestOnlyRingsAreLaned(t *testing.T) {
	for _, k := range kinds[int]() {
		for _, full := range []queue.WhenFull{queue.Block, queue.DropOldest} {
			q, err := k.make(queue.NewConfig(full))
			if err != nil {
				t.Fatal(err)
			}
			if _, is := q.(queue.Laned); is != (k.name == "ring") {
				t.Errorf("a %s that is to %v is Laned: %v", k.name, full, is)
			}
		}
	}
}

func TestOptionsChangeTheDefaults(t *testing.T) {
	if c := queue.NewConfig(); c != (queue.Config{Cap: queue.DefaultCap, Batch: queue.DefaultBatch, Producers: 1}) {
		t.Errorf("the defaults are %+v", c)
	}
	c := queue.NewConfig(queue.Cap(7), queue.Batch(3), queue.DropOldest)
	if c != (queue.Config{Cap: 7, Batch: 3, Chosen: true, Full: queue.DropOldest, Producers: 1}) {
		t.Errorf("with options: %+v", c)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	for _, bad := range []queue.Option{queue.Cap(0), queue.Batch(-1), queue.WhenFull(3)} {
		if err := queue.NewConfig(bad).Validate(); err == nil || !strings.Contains(err.Error(), " ") {
			t.Errorf("%T(%d): %v", bad, bad, err)
		}
	}
}
