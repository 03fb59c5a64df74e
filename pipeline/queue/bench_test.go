package queue_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/pipeline/queue"
)

// request has the size and the pointers of a message with a Head and one slice: 64 bytes.
type request struct {
	conn, slab *int
	seq, bits  uint64
	data       []byte
	rest       uint64
}

// A kind is a queue to measure. In a composite literal the compiler of Go 1.27.4 fails when it has to infer the type
// argument of the maker.
type kind[T any] struct {
	name string
	make queue.Maker[T]
}

func kinds[T any]() []kind[T] {
	return []kind[T]{{"chan", queue.Chan[T]}, {"ring", queue.Ring[T]}, {"blocks", queue.Blocks[T]}, {"workiva", queue.Workiva[T]}}
}

// BenchmarkQueue carries messages from producers to consumers, each with a goroutine of its own. A consumer has a queue of
// its own, and a producer gives its batches to one after the other. A producer that comes up short waits until
// room is called.
func BenchmarkQueue(b *testing.B) {
	b.Run("size=8", func(b *testing.B) {
		benchmarkKinds(b, func() *uint64 { return new(uint64) })
	})
	b.Run("size=64", func(b *testing.B) {
		benchmarkKinds(b, func() *request { return &request{conn: new(int), data: make([]byte, 64)} })
	})
}

func benchmarkKinds[T any](b *testing.B, message func() *T) {
	for _, k := range kinds[T]() {
		for _, lanes := range [][2]int{{1, 1}, {4, 1}, {4, 4}} {
			for _, batch := range []int{1, 32, 256} {
				b.Run(fmt.Sprintf("%s/%d to %d/batch=%d", k.name, lanes[0], lanes[1], batch), func(b *testing.B) {
					benchmarkCarrying(b, k.make, lanes[0], lanes[1], batch, message)
				})
			}
		}
	}
}

func benchmarkCarrying[T any](b *testing.B, mk queue.Maker[T], producers, consumers, batch int, message func() *T) {
	queues := make([]queue.Queue[T], consumers)
	for i := range queues {
		q, err := mk(queue.Config{Cap: queue.DefaultCap, Batch: batch, Producers: producers})
		if err != nil {
			b.Fatal(err)
		}
		queues[i] = q
	}
	var pushing, popping sync.WaitGroup
	for i := range producers {
		p := newPusher(queues, i, batch, message)
		n := (b.N + i) / producers // they add up to b.N
		pushing.Go(func() { p.push(n) })
	}
	got := make([]int, consumers)
	for i, q := range queues {
		popping.Go(func() { got[i] = popAll(q, batch) })
	}
	b.ReportAllocs()
	b.ResetTimer()
	pushing.Wait()
	for _, q := range queues {
		q.Close()
	}
	popping.Wait()
	b.StopTimer()
	for _, n := range got[1:] {
		got[0] += n
	}
	if got[0] != b.N {
		b.Errorf("%d of %d came", got[0], b.N)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/msg")
	b.ReportMetric(0, "ns/op") // the same figure
}

// A pusher is one producing lane.
type pusher[T any] struct {
	ends []queue.Producer[T]
	room chan struct{}
	next int // index of the queue that gets the next batch
	src  []*T
}

func newPusher[T any](queues []queue.Queue[T], first, batch int, message func() *T) *pusher[T] {
	p := &pusher[T]{room: make(chan struct{}, 1), next: first}
	for _, q := range queues {
		p.ends = append(p.ends, q.Join(func() {
			select {
			case p.room <- struct{}{}:
			default:
			}
		}))
	}
	for range batch {
		p.src = append(p.src, message())
	}
	return p
}

func (p *pusher[T]) push(n int) {
	for n > 0 {
		end := p.ends[p.next%len(p.ends)]
		p.next++
		part := p.src[:min(n, len(p.src))]
		n -= len(part)
		for len(part) > 0 {
			if part = part[end.Push(part):]; len(part) > 0 {
				p.wait()
			}
		}
	}
}

// wait yields a few times before it sleeps, as the consumer does.
func (p *pusher[T]) wait() {
	for range 16 {
		select {
		case <-p.room:
			return
		default:
			runtime.Gosched()
		}
	}
	<-p.room
}

// popAll pops until the end, and reads every message.
func popAll[T any](q queue.Queue[T], batch int) (got int) {
	dst := make([]*T, batch)
	var last T
	for {
		lent := q.Pop(dst)
		for _, m := range lent {
			last = *m
		}
		if got += len(lent); len(lent) == 0 && !q.Wait(time.Time{}) {
			_ = last
			return got
		}
	}
}
