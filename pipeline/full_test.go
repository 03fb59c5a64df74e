package pipeline_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// overload holds the first message in the lane behind a queue of four, sends nineteen more, and lets go.
func overload(t *testing.T, q queue.Maker[row], full queue.WhenFull) (answers string, dropped uint64) {
	p, s := pipeline.New("full"), mem.New(mem.Limits(unlimited))
	gate := make(chan struct{})
	reply(decoded(p, s).Queue("queue", q, queue.Cap(4), queue.Batch(1), full).Via("hold", stage.Do(func(*row) { <-gate })))
	stop := start(t, p)
	c := dial(t, s)
	lines := numbered(20)
	c.say(lines[0])
	synctest.Wait()
	c.say(lines[1:]...)
	synctest.Wait()
	equal(t, "messages that wait", p.Stats().Node("queue").Depth, 4)
	close(gate)
	answers = joined(c.rest(t))
	noError(t, stop())
	st := p.Stats().Node("queue")
	equal(t, "messages in", st.In, 20)
	equal(t, "messages out and dropped", st.Out+st.Dropped, 20)
	return answers, st.Dropped
}

func TestDropNewestDropsWhatComesLast(t *testing.T) {
	eachExact(t, func(t *testing.T, q queue.Maker[row]) {
		answers, dropped := overload(t, q, queue.DropNewest)
		equal(t, "answers", answers, "m0 m1 m2 m3 m4")
		equal(t, "dropped", dropped, 15)
	})
}

func TestDropOldestDropsWhatHasWaitedLongest(t *testing.T) {
	eachExact(t, func(t *testing.T, q queue.Maker[row]) {
		answers, dropped := overload(t, q, queue.DropOldest)
		equal(t, "answers", answers, "m0 m16 m17 m18 m19")
		equal(t, "dropped", dropped, 15)
	})
}

func TestBlockDropsNothing(t *testing.T) {
	eachExact(t, func(t *testing.T, q queue.Maker[row]) {
		answers, dropped := overload(t, q, queue.Block)
		equal(t, "answers", answers, joined(numbered(20)))
		equal(t, "dropped", dropped, 0)
	})
}

func TestWhatALaneThatIsStuckLosesIsPutToItsAccount(t *testing.T) {
	eachExact(t, func(t *testing.T, q queue.Maker[row]) {
		p, s := pipeline.New("stuck"), mem.New(mem.Limits(unlimited))
		gate := make(chan struct{})
		reply(decoded(p, s).Shard("shard", 3, byText, q, queue.Cap(4), queue.Batch(1), queue.DropNewest).
			Via("hold", stage.Do(func(*row) { <-gate })))
		stop := start(t, p)
		c := dial(t, s)
		c.say("stuck")
		synctest.Wait()
		for range 19 {
			c.say("stuck")
		}
		synctest.Wait()
		close(gate)
		c.rest(t)
		noError(t, stop())
		st := p.Stats().Node("shard")
		equal(t, "dropped", st.Dropped, 15)
		for i, l := range st.PerLane {
			want := uint64(0)
			if l.In > 0 { // the lane that was stuck
				want = st.Dropped
			}
			equal(t, fmt.Sprint("dropped by lane ", i), l.Dropped, want)
		}
		if !strings.Contains(p.String(), "dropped by lane ") {
			t.Error(p)
		}
	})
}

// Eight lanes push past a full queue at once, so what one makes room for another takes: nothing is counted twice or not at
// all, and every client gets an end.
func TestDroppingFromManyLanesLosesTrackOfNothing(t *testing.T) {
	for _, full := range []queue.WhenFull{queue.DropNewest, queue.DropOldest} {
		t.Run(full.String(), func(t *testing.T) {
			each(t, func(t *testing.T, q queue.Maker[row]) {
				p, s := pipeline.New("full"), mem.New(mem.Limits(unlimited), mem.Loops(8))
				reply(decoded(p, s).Shard("shard", 2, stage.ByRequest, q, queue.Cap(3), queue.Batch(2), full))
				stop := start(t, p)
				answered := uint64(0)
				var clients []*peer
				for range 16 {
					c := dial(t, s)
					clients = append(clients, c)
					go func() {
						for range 50 {
							c.say(numbered(20)...)
						}
						c.CloseWrite()
					}()
				}
				for _, c := range clients {
					answered += uint64(len(c.all(t)))
				}
				noError(t, stop())
				st := p.Stats()
				equal(t, "messages", st.Node("decode").Out, 16*1000)
				shard := st.Node("shard")
				equal(t, "answered and dropped", answered+shard.Dropped, 16*1000)
				equal(t, "dropped by lane", shard.PerLane[0].Dropped+shard.PerLane[1].Dropped, shard.Dropped)
				equal(t, "ignored answers", gauge(p, "mem", "answers ignored"), "0")
			})
		})
	}
}
