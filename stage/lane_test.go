package stage_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// What sinks do once per batch happens before answers are written and before messages are taken back.
func TestTheEndOfABatchHasAnOrder(t *testing.T) {
	l, c := stagetest.NewLane("lane"), stagetest.NewConn(roomy)
	a := stage.NewArena[msg](l.Lane)
	m, dropped := request(l.Lane, a, c), request(l.Lane, a, c)
	m.ID = 5
	l.OnEnd(func() {
		check(t, "message at OnEnd", m.ID, 5)
		check(t, "written at OnEnd", c.Wrote(), "")
		n, _ := c.Owed()
		check(t, "tickets owed at OnEnd", n, 2)
		reply(l.Lane, m, "answer")
	})
	batch := l.Batch()
	l.End()
	check(t, "written", c.Wrote(), "answer")
	check(t, "the message that was dropped owns its ticket", dropped.Open(), false)
	n, _ := c.Owed()
	check(t, "tickets owed", n, 0)
	check(t, "batch", l.Batch(), batch+1)
}

func TestAPanicAtTheEndOfABatchCostsItsConnectionsAndNoOtherEnd(t *testing.T) {
	l := stagetest.NewLane("stage")
	c := stagetest.NewConn(roomy)
	other := c.Sibling()
	a := stage.NewArena[msg](l.Lane)
	var ran []string
	for _, name := range []string{"first", "second", "third"} {
		l.Making(2, name)
		l.OnEnd(func() {
			ran = append(ran, name)
			if name == "second" && len(ran) == 2 {
				panic("a test")
			}
		})
	}
	request(l.Lane, a, c)
	l.End()
	check(t, "ends that ran", len(ran), 3)
	reason, _ := c.Closed()
	if !errors.Is(reason, stage.ErrPanic) {
		t.Errorf("the connection of the batch is closed because %v", reason)
	}
	for _, counts := range l.Counts() {
		want := uint64(0)
		if counts.Node == "second" {
			want = 1
		}
		check(t, "panics of "+counts.Node, counts.Panics, want)
	}
	reply(l.Lane, request(l.Lane, a, other), "answer")
	l.End()
	check(t, "the next batch", other.Wrote(), "answer")
}

func TestAStageThatMayBlockMarksItsLane(t *testing.T) {
	l := stagetest.NewLane("stage")
	check(t, "blocks", l.Blocks(), "")
	l.Making(2, "disk")
	stage.Blocking(stage.Do(func(*msg) {}))(l.Lane)
	l.Making(3, "net")
	stage.Blocking(stage.Do(func(*msg) {}))(l.Lane)
	check(t, "blocks", l.Blocks(), "disk")
}

func TestFailuresAreCountedAndReportedWithTheirNode(t *testing.T) {
	l := stagetest.NewLane("stage")
	l.Failed(errors.New("a test"))
	check(t, "errors", l.Counts()[1].Errors, uint64(1))
	check(t, "reported", l.Reported()[0].Error(), "stage: a test")
	silent := stage.NewLane("silent", 0, nil)
	silent.Failed(errors.New("a test")) // nobody is told
	check(t, "errors", silent.Counts()[0].Errors, uint64(1))
}

func TestTheClockIsReadOnceInABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := stagetest.NewLane("lane")
		l.Work()
		first := l.Now()
		time.Sleep(time.Second)
		check(t, "later in the batch", l.Now(), first)
		l.End()
		check(t, "in the next batch", l.Now(), first.Add(time.Second))
		l.Rest()
		time.Sleep(time.Second)
		l.Work()
		check(t, "after a rest", l.Now(), first.Add(2*time.Second))
		l.Rest()
	})
}
