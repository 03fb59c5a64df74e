package sourcetest

import (
	"sync"
	"time"

	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/stage"
)

// A sequel sees whether the requests of each connection come in their order.
type sequel struct {
	mu     sync.Mutex
	next   map[*stage.Conn]uint32 // guarded by mu
	astray int                    // guarded by mu
}

func (s *sequel) see(l *line.Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.Seq() != s.next[l.Conn()] {
		s.astray++
	}
	s.next[l.Conn()] = l.Seq() + 1
}

// fixedLanes: behind a queue that keeps the order of each lane alone, a connection must not be read by one lane after the
// other. The reading lanes dawdle, so that several of them are at work, and nothing is popped before all of it is queued.
func fixedLanes(s *suite) {
	const conns, lines = 12, 30
	order := &sequel{next: map[*stage.Conn]uint32{}}
	r := s.start(setup{
		joint: func(f *pipeline.Flow[line.Line]) *pipeline.Flow[line.Line] {
			return f.Via("dawdle", stage.Do(func(*line.Line) { time.Sleep(100 * time.Microsecond) })).
				Shard("by connection", 2, stage.ByConn, queue.Ring, queue.Batch(1))
		},
		work: func(r *rig, l *line.Line) {
			<-r.gate
			order.see(l)
		},
	})
	r.all(conns, func(c *client) error {
		for range lines {
			if err := c.send(1); err != nil {
				return err
			}
			time.Sleep(time.Millisecond) // so that each is read by itself
		}
		r.aside.Go(func() {
			if err := c.answers(lines); err != nil {
				r.Error(err)
			}
		})
		return nil
	})
	r.eventually("all is queued", func() bool { return r.pipeline.Stats().Node("dawdle").Out == conns*lines })
	r.open()
	r.eventually("all is worked on", func() bool { return r.pipeline.Stats().Node("work").Out == conns*lines })
	if order.astray > 0 {
		s.Errorf("%d of %d requests came before one that their connection had sent earlier", order.astray, conns*lines)
	}
	r.mustStop()
	r.aside.Wait()
}
