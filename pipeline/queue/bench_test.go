package queue_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/pipeline/queue"
)

// request has the size and the pointers of a message with a Head and one slice.
type request struct {
	conn, slab *int
	seq, bits  uint64
	data       []byte
	rest       [2]uint64
}

// BenchmarkQueue carries requests from producers to one consumer, each with a goroutine of its own. A producer that comes
// up short sleeps until room is called.
func BenchmarkQueue(b *testing.B) {
	// In a composite literal the compiler of Go 1.27.4 fails when it has to infer the type argument.
	for _, c := range []struct {
		name string
		mk   queue.Maker[request]
	}{{"chan", queue.Chan[request]}, {"workiva", queue.Workiva[request]}} {
		for _, producers := range []int{1, 4} {
			for _, batch := range []int{1, 32, 256} {
				b.Run(fmt.Sprintf("%s/producers=%d/batch=%d", c.name, producers, batch), func(b *testing.B) {
					benchmarkCarrying(b, c.mk, producers, batch)
				})
			}
		}
	}
}

func benchmarkCarrying(b *testing.B, mk queue.Maker[request], producers, batch int) {
	q, err := mk(queue.Config{Cap: queue.DefaultCap, Batch: batch, Producers: producers})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var wg sync.WaitGroup
	for i := range producers {
		n := (b.N + i) / producers // they add up to b.N
		wg.Go(func() { pushRequests(q, n, batch) })
	}
	wg.Go(func() {
		defer b.StopTimer()
		if got := popRequests(q, b.N, batch); got != b.N {
			b.Errorf("%d of %d came", got, b.N)
		}
	})
	wg.Wait()
	q.Close()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/msg")
	b.ReportMetric(0, "ns/op") // the same figure
}

func pushRequests(q queue.Queue[request], n, batch int) {
	room := make(chan struct{}, 1)
	p := q.Join(func() {
		select {
		case room <- struct{}{}:
		default:
		}
	})
	src := make([]*request, batch)
	for i := range src {
		src[i] = &request{conn: new(int), data: make([]byte, 64)}
	}
	for n > 0 {
		part := src[:min(n, batch)]
		for i := range part {
			part[i].seq = uint64(n)
		}
		n -= len(part)
		for len(part) > 0 {
			if part = part[p.Push(part):]; len(part) > 0 {
				<-room
			}
		}
	}
}

func popRequests(q queue.Queue[request], n, batch int) (got int) {
	dst := make([]*request, batch)
	for got < n {
		lent := q.Pop(dst)
		for _, r := range lent {
			if len(r.data) != 64 {
				return got
			}
		}
		if got += len(lent); len(lent) == 0 {
			q.Wait(time.Time{})
		}
	}
	return got
}
