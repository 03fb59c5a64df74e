package pipeline_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// act does to a line what its last word says: the same on any lane, at any time.
func act(l *row) bool {
	switch f := strings.Fields(string(l.Text)); f[len(f)-1] {
	case "drop":
		return false
	case "panic":
		panic("as asked")
	case "fail":
		l.Fail(fmt.Errorf("as asked"))
	case "wait":
		time.Sleep(time.Duration(1+stage.HeadOf(l).Seq()%7) * time.Millisecond)
	}
	return true
}

// Clients send lines that are dropped, delayed, that end their connection or panic, over four shards. Later replies still
// come, in order, to the right connection: a client gets the answers to what was not dropped, up to where it was ended.
func TestAnswersComeInOrderWhateverHappensToTheOthers(t *testing.T) {
	const clients, lines = 40, 150
	for _, q := range queues {
		for _, size := range []queue.Cap{2, 1024} {
			for seed := range uint64(3) {
				t.Run(fmt.Sprintf("%s/cap=%d/seed=%d", q.name, size, seed), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						p, s := pipeline.New("tickets", quiet), mem.New(mem.Loops(2), mem.Limits(unlimited))
						f := decoded(p, s).Shard("shard", 4, stage.ByRequest, q.make, size, queue.Batch(8))
						reply(f.Via("act", stage.Filter(act)).Via("upper", stage.Do(upper)))
						stop := start(t, p)
						var all sync.WaitGroup
						for i := range clients {
							c := dial(t, s)
							all.Go(func() { converse(t, c, script(rand.New(rand.NewPCG(seed, uint64(i))), i, lines)) })
						}
						all.Wait()
						noError(t, stop())
					})
				})
			}
		}
	}
}

// script makes up what client i says. Every fourth client ends by a failure or a panic somewhere.
func script(r *rand.Rand, i, lines int) (said []string) {
	doom, end := -1, "fail"
	if i%4 == 3 {
		doom = r.IntN(lines)
		if i%8 == 3 {
			end = "panic"
		}
	}
	for n := range lines {
		do := [...]string{"keep", "keep", "keep", "drop", "wait"}[r.IntN(5)]
		if n == doom {
			do = end
		}
		said = append(said, fmt.Sprintf("%d %d %s", i, n, do))
	}
	return said
}

func converse(t *testing.T, c *peer, said []string) {
	var want []string
	doomed := false
	for _, l := range said {
		doomed = doomed || strings.HasSuffix(l, "fail") || strings.HasSuffix(l, "panic")
		if !doomed && !strings.HasSuffix(l, "drop") {
			want = append(want, strings.ToUpper(l))
		}
	}
	go func() {
		c.say(said...)
		c.CloseWrite()
	}()
	got := c.all(t)
	switch {
	case doomed && len(got) <= len(want):
		want = want[:len(got)] // what was not yet written when it ended is lost
	case doomed:
		t.Errorf("%d answers, of which %d belong behind the end", len(got), len(got)-len(want))
	}
	if joined(got) != joined(want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// A request that is dropped while others wait for it lets them go at once, and not when something else happens.
func TestADroppedRequestFreesThoseBehindIt(t *testing.T) {
	each(t, func(t *testing.T, q queue.Maker[row]) {
		p, s := pipeline.New("free"), mem.New(mem.Limits(unlimited))
		gate := make(chan struct{})
		f := decoded(p, s).Shard("shard", 2, stage.ByRequest, q)
		reply(f.Via("hold", stage.Filter(func(l *row) bool {
			if l.Seq() == 0 {
				<-gate
				return false
			}
			return true
		})))
		stop := start(t, p)
		c := dial(t, s)
		c.say("first", "second", "third", "fourth")
		synctest.Wait()
		if c.Waiting() > 0 {
			t.Fatal("answers overtook the first request")
		}
		close(gate)
		equal(t, "answers", c.hear(t)+c.hear(t)+c.hear(t), "secondthirdfourth")
		noError(t, stop())
	})
}

// numbers answers a line with a number by that many lines, as one answer.
func numbers(in *row, emit func() *row) {
	n, _ := strconv.Atoi(string(in.Text))
	for i := range n {
		o := emit()
		o.Text = fmt.Appendf(nil, "%d/%d", i, n)
	}
}

// The parts of an answer stay together also when the answers around them come from other lanes.
func TestPartsOfAnAnswerStayTogether(t *testing.T) {
	each(t, func(t *testing.T, q queue.Maker[row]) {
		p, s := pipeline.New("parts"), mem.New(mem.Limits(unlimited))
		f := decoded(p, s).Shard("shard", 4, stage.ByRequest, q, queue.Batch(2))
		reply(f.Via("doze", stage.Do(func(l *row) { time.Sleep(time.Duration(5-l.Seq()%5) * time.Millisecond) })).
			Via("numbers", stage.FlatMap(numbers)))
		stop := start(t, p)
		c := dial(t, s)
		var want []string
		for i := range 200 {
			c.say(fmt.Sprint(i % 4)) // every fourth request has no answer
			for k := range i % 4 {
				want = append(want, fmt.Sprintf("%d/%d", k, i%4))
			}
		}
		equal(t, "answers", joined(c.rest(t)), joined(want))
		noError(t, stop())
	})
}

// What nobody answers, because it ends in Discard, holds up nobody.
func TestDiscardedRequestsAreSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pipeline.New("discard"), mem.New(mem.Limits(unlimited))
		yes, no := decoded(p, s).Branch("answered", func(l *row) bool { return l.Seq()%2 == 1 })
		reply(yes)
		no.Queue("away", queue.Chan).To("discard", sinks.Discard[row]())
		stop := start(t, p)
		c := dial(t, s)
		c.say(numbered(10)...)
		equal(t, "answers", joined(c.rest(t)), "m1 m3 m5 m7 m9")
		noError(t, stop())
	})
}
