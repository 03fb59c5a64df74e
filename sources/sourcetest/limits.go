package sourcetest

import (
	"io"
	"sync"
	"time"

	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
)

func maxConns(s *suite) {
	r := s.start(setup{Options: Options{MaxConns: 3}})
	var in []*client
	for range 3 {
		c := r.dial()
		c.ask()
		in = append(in, c)
	}
	if conn, err := r.engine.Dial(); err == nil {
		io.Copy(io.Discard, conn)
		conn.Close()
	}
	if n := r.gauge("refused"); n != 1 {
		s.Errorf("%d connections were refused, not 1", n)
	}
	for _, c := range in {
		c.ask()
	}
	if err := in[0].leave(); err != nil {
		s.Error(err)
	}
	r.eventually("there is a place free", func() bool { return r.gauge("open") == 2 })
	r.dial().ask()
	if n := r.gauge("peak"); n != 3 {
		s.Errorf("the peak is %d connections, not 3", n)
	}
	r.mustStop()
}

// inFlight: sixteen lanes would each take a message; the bound lets eight through, and the rest when those are answered.
func inFlight(s *suite) {
	const bound, lines = 8, 100
	limits := generous
	limits.InFlight = bound
	r := s.start(setup{
		Options: Options{Limits: limits},
		joint: func(f *pipeline.Flow[line.Line]) *pipeline.Flow[line.Line] {
			return f.Spread("spread", 2*bound, queue.Chan, queue.Batch(1))
		},
		work: atGate,
	})
	c := r.dial()
	if err := c.send(lines); err != nil {
		s.Fatal(err)
	}
	r.eventually("the bound is reached", func() bool { return r.entered.Load() >= bound })
	time.Sleep(20 * time.Millisecond) // nothing tells that no more will come
	if n := r.entered.Load(); n != bound {
		s.Errorf("%d requests are in flight, %d are allowed", n, bound)
	}
	r.open()
	if err := c.answers(lines); err != nil {
		s.Error(err)
	}
	r.mustStop()
}

// onAtOnce: with one request in flight, every answer of another lane lets the reading one go on at the moment at which it finds
// that it may not. Nothing arrives any more that would make it look again later.
func onAtOnce(s *suite) {
	limits := generous
	limits.InFlight, limits.Idle = 1, 10*time.Second // which ends a connection that is never looked at again
	r := s.start(setup{Options: Options{Limits: limits}, joint: queued})
	var all sync.WaitGroup
	for range 16 {
		c := r.dial()
		all.Go(func() {
			for range 20 {
				const lines = 100 // less than one read takes
				if err := c.send(lines); err != nil {
					s.Error(err)
					return
				}
				if err := c.answers(lines); err != nil {
					s.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	r.mustStop()
}

// slowButInTime: each byte comes long after the one before, each line within its time.
func slowButInTime(s *suite) {
	limit := s.limit()
	limits := generous
	limits.FirstMessage, limits.Read, limits.Idle = 8*limit, 8*limit, limit
	r := s.start(setup{Options: Options{Limits: limits}})
	c := r.dial()
	for range 2 {
		b := c.line(c.sent)
		for i := range b {
			if _, err := c.conn.Write(b[i : i+1]); err != nil {
				s.Fatal(err)
			}
			time.Sleep(limit / 8)
		}
		c.sent++
		if err := c.answers(1); err != nil {
			s.Fatal(err)
		}
	}
	r.mustStop()
}

// limit is the time limit that the checks set: short where time is real, but longer than a loaded machine delays a goroutine.
func (s *suite) limit() time.Duration {
	if s.virtual {
		return 2 * time.Second
	}
	return 300 * time.Millisecond
}
