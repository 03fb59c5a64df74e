package stage_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func kept(l *stagetest.Lane) map[string]int {
	count := map[string]int{}
	l.KeptBy(count)
	return count
}

func TestWhatIsKeptIsCountedByNodeAndCanBeDropped(t *testing.T) {
	l, c := stagetest.NewLane("first"), stagetest.NewConn(roomy)
	second := l.Making(2, "second")
	a := stage.NewArena[msg](l.Lane)
	long := strings.Repeat("x", stage.SlabSize/2)
	for range 3 {
		stage.Retain(l.Lane, request(l.Lane, a, c).text(l.Lane, long))
	}
	l.Enter(second)
	k := stage.Retain(l.Lane, request(l.Lane, a, c))
	l.End()
	check(t, "kept by the first", kept(l)["first"], 3)
	check(t, "kept by the second", kept(l)["second"], 1)
	check(t, "dropped", l.DropKept("first"), 3)
	check(t, "kept by the first after that", kept(l)["first"], 0)
	check(t, "slabs pinned", pinned(l), 0)
	n, _ := c.Owed()
	check(t, "tickets owed", n, 1)
	reply(l.Lane, k.Take(l.Lane), "answer")
	l.End()
	check(t, "written", c.Wrote(), "answer")
}

// A message can be on its way to another lane when the lane that kept it drops what it has: one of the two gets it.
func TestDropKeptAndTakeOnAnotherLaneGetEachMessageOnce(t *testing.T) {
	for range 200 {
		l, other := stagetest.NewLane("keep"), stagetest.NewLane("other")
		c := stagetest.NewConn(roomy)
		a := stage.NewArena[msg](l.Lane)
		var all []*stage.Kept[msg]
		for range 50 {
			all = append(all, stage.Retain(l.Lane, request(l.Lane, a, c)))
		}
		l.End()
		var wg sync.WaitGroup
		took := 0
		wg.Go(func() {
			for _, k := range all {
				if panics(func() { k.Take(other.Lane) }) == nil {
					took++
				}
			}
			other.End()
		})
		dropped := l.DropKept("keep")
		wg.Wait()
		check(t, "messages dropped and taken", dropped+took, 50)
		n, _ := c.Owed()
		check(t, "tickets owed", n, 0)
		check(t, "ignored", c.Terms().Ignored.Load(), uint64(0))
	}
}

func TestWhatAReplacedInstanceHasKeptIsVoid(t *testing.T) {
	l, c := stagetest.NewLane("keep"), stagetest.NewConn(roomy)
	a := stage.NewArena[msg](l.Lane)
	stage.Retain(l.Lane, request(l.Lane, a, c))
	old := stage.NewArena[msg](l.Lane)
	m := request(l.Lane, old, c)
	ran := 0
	l.OnEnd(func() { ran++ })
	l.Remake("keep")
	fresh := stage.NewArena[msg](l.Lane)
	fresh.New().ID = 3
	check(t, "message of the old instance in the same batch", m.Open(), true)
	l.End()
	check(t, "ends that the old instance had registered", ran, 0)
	n, _ := c.Owed()
	check(t, "tickets owed", n, 0)
	check(t, "the new instance's arena is taken back", fresh.New().ID, 0)
}
