package pipeline_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// Spread processes in any order; the answers are in that of the requests.
func TestSpreadLosesTheOrderAndReplyRestoresIt(t *testing.T) {
	each(t, func(t *testing.T, q queue.Maker[row]) {
		p, s := pipeline.New("spread"), mem.New(mem.Limits(unlimited))
		var mu sync.Mutex
		last, overtaken := -1, 0
		reply(decoded(p, s).Spread("spread", 4, q, queue.Batch(1)).Via("work", stage.Do(func(l *row) {
			time.Sleep(time.Duration(1+l.Seq()*7%11) * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			if int(l.Seq()) < last {
				overtaken++
			}
			last = int(l.Seq())
		})))
		stop := start(t, p)
		c := dial(t, s)
		c.say(numbered(300)...)
		equal(t, "answers", joined(c.rest(t)), joined(numbered(300)))
		noError(t, stop())
		if overtaken == 0 {
			t.Error("no request overtook another one, so nothing was tested")
		}
	})
}

// While one lane is busy the others get the messages: each goes where the fewest wait.
func TestSpreadGivesToTheShortestQueue(t *testing.T) {
	each(t, func(t *testing.T, q queue.Maker[row]) {
		p, s := pipeline.New("spread"), mem.New(mem.Limits(unlimited))
		gate := make(chan struct{})
		took := map[*stage.Lane]*[]uint32{}
		f := decoded(p, s).Spread("spread", 3, q, queue.Batch(1), queue.Cap(100)).
			Via("work", func(l *stage.Lane) stage.Stage[row, row] {
				seqs := new([]uint32)
				took[l] = seqs
				return worker(func(_, src []*row) ([]*row, error) {
					for _, m := range src {
						*seqs = append(*seqs, m.Seq())
						if m.Seq() == 0 {
							<-gate
						}
					}
					return src, nil
				})
			})
		reply(f)
		stop := start(t, p)
		c := dial(t, s)
		c.say("blocks its lane")
		synctest.Wait()
		for i := range 60 {
			c.say(fmt.Sprint(i))
			synctest.Wait()
		}
		behind := p.Stats().Node("spread").Depth
		close(gate)
		c.rest(t)
		noError(t, stop())
		// A message that the busy lane was given stays in its queue, which is then longer than the others.
		if behind > 1 {
			t.Errorf("%d messages were put behind a busy lane while others were idle", behind)
		}
		equal(t, "lanes that worked", len(took), 3)
	})
}
