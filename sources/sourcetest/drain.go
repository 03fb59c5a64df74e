package sourcetest

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/codec/line"
)

// drainUnderLoad stops pipelines whose clients go on sending as fast as they are let.
func drainUnderLoad(s *suite) {
	for _, sh := range shapes[:4] {
		for range 3 {
			s.drain(setup{joint: sh.joint}, 12, 200, 300)
		}
	}
}

// drainSlowWork stops pipelines with work for half a second in their queues.
func drainSlowWork(s *suite) {
	work := func(d time.Duration) func(*rig, *line.Line) { return func(*rig, *line.Line) { time.Sleep(d) } }
	s.drain(setup{joint: queued, work: work(50 * time.Millisecond)}, 8, 1, 10)
	s.drain(setup{joint: queued, work: work(5 * time.Millisecond)}, 8, 16, 150)
}

// drain has n clients keep depth lines under way, and stops when enough have entered. Every line that has entered must be
// answered, in order, and then comes the end and no reset.
func (s *suite) drain(c setup, n, depth int, enough int64) {
	s.Helper()
	c.enough = enough
	r := s.start(c)
	var talk sync.WaitGroup
	var answered atomic.Int64
	for range n {
		c := r.dial()
		window, ended := make(chan struct{}, depth), make(chan struct{})
		talk.Go(func() {
			for i := 0; ; i++ {
				select {
				case window <- struct{}{}:
				case <-ended:
					return
				}
				if c.sendOne(i) != nil {
					return
				}
			}
		})
		talk.Go(func() {
			defer c.conn.Close()
			defer close(ended)
			defer func() { answered.Add(int64(c.got)) }()
			for {
				switch err := c.answer(); {
				case err == nil:
					<-window
				case err == io.EOF:
					return
				default:
					s.Errorf("after %d answers: %v", c.got, err)
					return
				}
			}
		})
	}
	<-r.enough // and not eventually: virtual time stands still while clients are busy
	if err := r.stop(); err != nil {
		s.Errorf("the drain failed: %v", err)
	}
	talk.Wait()
	if in, out := r.entered.Load(), answered.Load(); in != out {
		s.Errorf("%d lines came in, %d were answered\n%s", in, out, r.pipeline)
	}
}
