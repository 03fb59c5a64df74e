package queue_test

import (
	"fmt"
	"time"

	"github.com/leat-io/leat/pipeline/queue"
)

// Outside a pipeline, a producer that comes up short waits until room is called, and the consumer pops until Wait says
// that there will be no more.
func Example() {
	q, err := queue.Chan[string](queue.NewConfig(queue.Cap(2)))
	if err != nil {
		fmt.Println(err)
		return
	}
	room := make(chan struct{}, 1)
	p := q.Join(func() {
		select {
		case room <- struct{}{}:
		default:
		}
	})
	go func() {
		words := []string{"one", "two", "three", "four", "five"}
		batch := make([]*string, len(words))
		for i := range words {
			batch[i] = &words[i]
		}
		for len(batch) > 0 {
			if batch = batch[p.Push(batch):]; len(batch) > 0 {
				<-room
			}
		}
		q.Close()
	}()
	for lend := make([]*string, 64); q.Wait(time.Time{}); {
		for _, word := range q.Pop(lend) {
			fmt.Println(*word)
		}
	}
	// Output:
	// one
	// two
	// three
	// four
	// five
}
