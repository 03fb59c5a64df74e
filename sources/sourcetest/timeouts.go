package sourcetest

import (
	"bytes"
	"sync"
	"time"

	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/stage"
)

// give asks for an answer of bigAnswer bytes, more than the kernel buffers for a peer that does not read.
const (
	give      = "give"
	bigAnswer = 12 << 20
)

func generosity(_ *rig, l *line.Line) {
	if bytes.HasPrefix(l.Text, []byte(give)) {
		l.Text = make([]byte, bigAnswer)
	}
}

// timesOut lets a client of each of the ways run into a time limit, while others who talk stay connected. The culprits must
// be closed at their time, for the reason of that label.
func (s *suite) timesOut(limits stage.Limits, limit time.Duration, label string, ways ...func(*rig, *client)) {
	s.Helper()
	limits.OutHard = 2 * bigAnswer
	r := s.start(setup{Options: Options{Limits: limits}, work: generosity, answer: bigAnswer})
	over := make(chan struct{})
	end := sync.OnceFunc(func() { close(over) })
	defer end()
	var talk sync.WaitGroup
	for range 2 {
		c := r.dial()
		talk.Go(func() {
			for {
				c.ask()
				select {
				case <-over:
					return
				case <-time.After(limit / 8):
				}
			}
		})
	}
	for _, way := range ways {
		c := r.dial()
		began := time.Now()
		way(r, c)
		r.eventually("the culprit is closed for its reason: "+label, func() bool { return r.gauge("closed: "+label) > 0 })
		took, late := time.Since(began), 5*time.Second
		if s.virtual {
			late = limit / 4 // the clock that is looked at, and the one who looks, each go by tenths
		}
		if took < limit-limit/8 || took > limit+late {
			s.Errorf("a limit of %v closed a connection after %v", limit, took)
		}
	}
	end()
	talk.Wait()
	if open, closed := r.gauge("open"), r.gauge("closed: "+label); open != 2 || closed != len(ways) {
		s.Errorf("%d connections are open, not 2; %d of %d were closed for the reason %q\n%s", open, closed, len(ways), label, r.pipeline)
	}
	r.mustStop()
}

func idle(s *suite) {
	l := generous
	l.Idle = s.limit()
	s.timesOut(l, l.Idle, "idle", func(r *rig, c *client) {
		c.ask()
		r.aside.Go(c.ended)
	})
}

func firstMessage(s *suite) {
	l := generous
	l.FirstMessage = s.limit()
	s.timesOut(l, l.FirstMessage, "first message", func(r *rig, c *client) {
		c.conn.Write([]byte("half a li"))
		r.aside.Go(c.ended)
	})
}

func readTimeout(s *suite) {
	l := generous
	l.Read = s.limit()
	s.timesOut(l, l.Read, "read timeout", func(r *rig, c *client) {
		c.ask()
		c.conn.Write([]byte("half a li"))
		r.aside.Go(c.ended)
	})
}

func writeTimeout(s *suite) {
	l := generous
	l.Write = s.limit()
	s.timesOut(l, l.Write, "write timeout", func(_ *rig, c *client) { c.conn.Write([]byte(give + "\n")) })
}

// drip sends a byte more often than the idle timeout, and never the end of a line.
func drip(s *suite) {
	limit := 2 * s.limit() // because others must talk more often than half of it
	slowly := func(r *rig, c *client) {
		r.aside.Go(c.ended)
		r.aside.Go(func() {
			for {
				if _, err := c.conn.Write([]byte{'x'}); err != nil {
					return
				}
				time.Sleep(limit / 8)
			}
		})
	}
	l := generous
	l.Idle, l.Read = limit/2, limit
	s.timesOut(l, limit, "read timeout", func(r *rig, c *client) {
		c.ask()
		slowly(r, c)
	})
	l = generous
	l.Idle, l.FirstMessage = limit/2, limit
	s.timesOut(l, limit, "first message", slowly)
}
