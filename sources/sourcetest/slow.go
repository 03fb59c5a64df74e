package sourcetest

import (
	"bytes"
	"math"
	"runtime"

	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
)

// heap is how many bytes are reachable: the least of several looks, because what is allocated during a collection counts.
func heap() int {
	least := math.MaxInt
	for range 5 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		least = min(least, int(m.HeapAlloc))
	}
	return least
}

// neverReads: greedy clients ask for far more than fits anywhere and read nothing. What they cost is bounded by their marks,
// their fair neighbours are served, and the one whose answers are all made already is closed at the hard limit.
func neverReads(s *suite) {
	const greedy, size = 16, 32 << 10
	limits := generous
	limits.InFlight, limits.OutHard = 32, 1<<20
	for _, sh := range shapes[:2] {
		before := heap()
		r := s.start(setup{
			Options: Options{Limits: limits},
			joint:   sh.joint,
			answer:  size,
			work: func(r *rig, l *line.Line) {
				if l.Text[0] == 'g' {
					l.Text = make([]byte, size)
				}
			},
		})
		for range greedy {
			c := r.dial()
			r.aside.Go(func() {
				for b := bytes.Repeat([]byte("g\n"), 4096); ; {
					if _, err := c.conn.Write(b); err != nil {
						return
					}
				}
			})
		}
		r.all(4, func(c *client) error {
			for range 100 {
				if err := c.send(3); err != nil {
					return err
				}
				if err := c.answers(3); err != nil {
					return err
				}
			}
			return nil
		})
		// Each may hold a batch of answers over its high mark, and as many lanes one in their messages and one in their
		// outboxes, all of them twice while they grow. What was asked for are gigabytes.
		if grown, most := heap()-before, greedy*2*3*(limits.OutHigh+limits.InFlight*size); grown > most {
			s.Errorf("%s: %d peers that do not read cost %d MB, more than %d", sh.name, greedy, grown>>20, most>>20)
		}
		r.hangUp() // so that the drain need not wait until they read
		r.mustStop()
	}
	hardLimit(s)
}

// hardLimit: everything that may be in flight is answered at once, and is more than the kernel and the mark together take.
func hardLimit(s *suite) {
	const size = 512 << 10
	limits := generous
	limits.InFlight, limits.OutHard = 64, 1<<20
	r := s.start(setup{
		Options: Options{Limits: limits},
		answer:  size,
		joint: func(f *pipeline.Flow[line.Line]) *pipeline.Flow[line.Line] {
			return f.Queue("queue", queue.Chan, queue.Batch(1))
		},
		work: func(r *rig, l *line.Line) {
			if l.Text[0] == 'g' {
				<-r.gate
				l.Text = make([]byte, size)
			}
		},
	})
	fair := r.dial()
	fair.ask()
	c := r.dial()
	for range 64 {
		c.conn.Write([]byte("g\n"))
	}
	r.eventually("all are in flight", func() bool {
		return r.pipeline.Stats().Node("decode").Out == 65
	})
	r.open()
	r.eventually("the peer is closed", func() bool { return r.gauge("closed: slow reader") == 1 })
	fair.ask()
	r.mustStop()
}
