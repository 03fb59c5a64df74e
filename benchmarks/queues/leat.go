//go:build linux

package main

import (
	"time"

	"github.com/leat-io/leat/pipeline/queue"
)

// lanes is a queue of leat, used as the joint of a pipeline uses it.
type lanes[T item] struct {
	queue     queue.Queue[T]
	producers []producer[T]
}

type producer[T item] struct {
	queue.Producer[T]
	room chan struct{}
	src  []*T
}

// leat makes carriers of one kind of queue.
func leat[T item](mk queue.Maker[T]) func(shape, int) carrier {
	return func(s shape, batch int) carrier {
		q, err := mk(queue.Config{Cap: capacity, Batch: batch, Producers: s.producers})
		if err != nil {
			panic(err) // the settings above are constant
		}
		l := &lanes[T]{queue: q}
		for range s.producers {
			p := producer[T]{room: make(chan struct{}, 1)}
			p.Producer = q.Join(func() {
				select {
				case p.room <- struct{}{}:
				default:
				}
			})
			items := make([]T, batch)
			for i := range items {
				p.src = append(p.src, &items[i])
			}
			l.producers = append(l.producers, p)
		}
		return l
	}
}

func (l *lanes[T]) produce(i int, from, to uint64, batch int) {
	p := &l.producers[i]
	for from < to {
		part := p.src[:min(uint64(batch), to-from)]
		for _, v := range part {
			(*v)[0] = from
			from++
		}
		for {
			if part = part[p.Push(part):]; len(part) == 0 {
				break
			}
			<-p.room
		}
	}
}

func (l *lanes[T]) finish() { l.queue.Close() }

func (l *lanes[T]) consume(_, batch int, t *tally) {
	for dst := make([]*T, batch); ; {
		lent := l.queue.Pop(dst)
		for _, v := range lent {
			t.add((*v)[0])
		}
		if len(lent) == 0 && !l.queue.Wait(time.Time{}) {
			return
		}
	}
}
