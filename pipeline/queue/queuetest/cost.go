package queuetest

import (
	"runtime"
	"testing"
	"time"

	"github.com/leat-io/leat/pipeline/queue"
)

func allocatesNothingInSteadyState(t testing.TB, mk queue.Maker[Message]) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for _, full := range []queue.WhenFull{queue.Block, queue.DropNewest, queue.DropOldest} {
		cfg := queue.Config{Cap: 100, Batch: 64, Producers: 1, Full: full}
		q, err := mk(cfg)
		if err != nil {
			if full == queue.DropOldest {
				continue
			}
			t.Fatalf("%+v: %v", cfg, err)
		}
		p := q.Join(func() {})
		src, dst := make([]*Message, 64), make([]*Message, 64)
		for i := range src {
			src[i] = new(Message)
		}
		drop := func(*Message) {}
		turn := func() {
			for _, n := range []int{1, 1, 31, 32, 33, 64, 64} { // comes up short at the end
				p.Push(src[:n])
			}
			if e, ok := q.(queue.Evicter[Message]); ok {
				e.Evict(10, drop)
			}
			for _, n := range []int{1, 1, 7, 64, 64, 64, 64} {
				q.Pop(dst[:n])
				p.Push(src[:1])
			}
			for len(q.Pop(dst)) > 0 {
				q.Wait(time.Time{}.Add(1))
			}
		}
		sleep := func() { q.Wait(time.Now().Add(100 * time.Microsecond)) }
		for range 10 {
			turn()
		}
		sleep()
		if n := testing.AllocsPerRun(100, turn); n > 0 {
			t.Errorf("policy %v: %v allocations to push and pop 200 messages", full, n)
		}
		if n := testing.AllocsPerRun(20, sleep); n > 0 {
			t.Errorf("policy %v: %v allocations to wait until a deadline", full, n)
		}
		q.Close()
	}
}

func idleConsumersTakeNoProcessorTime(t testing.TB, mk queue.Maker[Message]) {
	if _, ok := processorTime(); !ok {
		t.Skip("this system does not tell how much processor time was used")
	}
	// A consumer that polls takes all of the window that other processes leave it, one that sleeps a ten-thousandth. The
	// runtime takes some for itself, so the best of several windows counts.
	const consumers, window, most, windows = 4, 200 * time.Millisecond, 2 * time.Millisecond, 5
	for _, until := range []time.Time{{}, time.Now().Add(time.Hour)} {
		var queues []queue.Queue[Message]
		var ends []queue.Producer[Message]
		woken := make(chan bool)
		for range consumers {
			q, err := mk(queue.Config{Cap: 8, Batch: 8, Producers: 1})
			if err != nil {
				t.Fatalf("%v", err)
			}
			queues, ends = append(queues, q), append(ends, q.Join(func() {}))
			go func() { woken <- q.Wait(until) }()
		}
		runtime.GC()
		used := window
		for range windows {
			time.Sleep(20 * time.Millisecond)
			before, _ := processorTime()
			time.Sleep(window)
			after, _ := processorTime()
			if used = min(used, after-before); used <= most {
				break
			}
		}
		if used > most {
			t.Errorf("%d consumers that waited for %v took %v of processor time", consumers, window, used)
		}
		for i, q := range queues {
			ends[i].Push([]*Message{new(Message)})
			if !<-woken {
				t.Errorf("Wait returned false when a message came")
			}
			q.Close()
		}
	}
}
