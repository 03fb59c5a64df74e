package pipeline_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// hung is two queues of two in front of a stage that does not come back before the gate is open.
func hung(s pipeline.Source[stage.Segment], q queue.Maker[row], gate chan struct{}) *pipeline.Pipeline {
	p := pipeline.New("hung", pipeline.DrainTime(time.Second))
	reply(decoded(p, s).
		Queue("first", q, queue.Cap(2), queue.Batch(2)).
		Via("pass", stage.Do(upper)).
		Queue("second", q, queue.Cap(2), queue.Batch(1)).
		Via("hang", stage.Do(func(*row) { <-gate })))
	return p
}

// At the second deadline everything that was accepted is somewhere: in a queue, in a lane, or kept on a lane that must not
// wait. It is counted where it was, each message once.
func TestWhatIsLostIsCountedOnceWhereItWas(t *testing.T) {
	each(t, func(t *testing.T, q queue.Maker[row]) {
		s, gate := mem.New(mem.Limits(unlimited)), make(chan struct{})
		p := hung(s, q, gate)
		stop := start(t, p)
		c := dial(t, s)
		c.say(numbered(30)...)
		synctest.Wait()
		began := time.Now()
		lost := drained(t, stop())
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("Run took %v to give up after a second", took)
		}
		equal(t, "messages lost", lost["first"]+lost["second"], 30)
		if lost["second"] < 3 || lost["mem"] < 1 {
			t.Errorf("the stage that hangs and two behind it are missing in %v", lost)
		}
		equal(t, "answers", joined(c.all(t)), "")
		close(gate)
	})
}

// The same where the lanes of the source wait for the queue themselves.
func TestLanesThatWaitForAQueueComeBackAtTheDeadline(t *testing.T) {
	s, gate := bind(t, tcp.Lanes(2)), make(chan struct{})
	p := hung(s, queue.Chan, gate)
	stop := start(t, p)
	for range 3 {
		c := connect(t, s)
		for _, l := range numbered(10) {
			c.Write([]byte(l + "\n"))
		}
	}
	waitFor(t, "full queues", func() bool {
		st := p.Stats()
		return st.Node("first").Depth == 2 && st.Node("second").Depth == 2
	})
	began := time.Now()
	lost := drained(t, stop())
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("Run took %v to give up after a second", took)
	}
	if n := lost["first"] + lost["second"]; n < 5 || lost["tcp"] < 1 {
		t.Errorf("lost are %v", lost)
	}
	close(gate)
	waitFor(t, "the lane that was left behind", func() bool { return gauge(p, "tcp", "open") == "0" })
}
