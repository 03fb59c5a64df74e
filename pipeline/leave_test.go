package pipeline_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// A guest waits until it has seen so many messages behind the first Leave.
type guest struct {
	asked  *atomic.Int32
	left   int
	panics bool
}

func (g *guest) Process(_, src []*row) ([]*row, error) {
	if g.asked.Load() > 0 {
		g.left -= len(src)
	}
	return src, nil
}

func (g *guest) Leave() int {
	g.asked.Add(1)
	if g.panics {
		panic("as asked")
	}
	return max(g.left, 0)
}

// leaving is an echo that waits for messages once it is to stop, and how often it was asked whether it has come to its end.
func leaving(s pipeline.Source[stage.Segment], g guest, opts ...pipeline.Option) (*pipeline.Pipeline, *atomic.Int32) {
	p, asked := pipeline.New("leaving", append(opts, quiet)...), new(atomic.Int32)
	reply(decoded(p, s).Via("guest", stage.Then(
		func(*stage.Lane) stage.Stage[row, row] { g := g; g.asked = asked; return &g },
		stage.Do(upper),
	)))
	return p, asked
}

// A source reads on until the stages on its lanes have come to an end with their peers.
func TestASourceReadsOnWhileAStageHasPeersToWaitFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mem.New(mem.Limits(unlimited))
		p, asked := leaving(s, guest{left: 3})
		stop := start(t, p)
		c := dial(t, s)
		c.say("one")
		synctest.Wait()
		ended := make(chan error, 1)
		go func() { ended <- stop() }()
		time.Sleep(3 * time.Second)
		c.say("two", "three")
		time.Sleep(3 * time.Second)
		if asked.Load() < 10 {
			t.Errorf("the stage was asked %d times", asked.Load())
		}
		select {
		case <-ended:
			t.Fatal("the pipeline did not wait")
		default:
		}
		c.say("four")
		began := time.Now()
		noError(t, <-ended)
		if took := time.Since(began); took > time.Second {
			t.Errorf("it stopped %v after the last", took)
		}
		equal(t, "answers", joined(c.all(t)), "ONE TWO THREE FOUR")
	})
}

func TestHalfOfTheDrainTimeIsTheLongestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mem.New(mem.Limits(unlimited))
		p, _ := leaving(s, guest{left: 3}, pipeline.DrainTime(8*time.Second))
		stop := start(t, p)
		c := dial(t, s)
		c.say("one")
		synctest.Wait()
		began := time.Now()
		noError(t, stop())
		if took := time.Since(began); took < 4*time.Second || took > 5*time.Second {
			t.Errorf("it stopped after %v", took)
		}
		equal(t, "answers", joined(c.all(t)), "ONE")
	})
}

func TestAStageThatPanicsAsItLeavesIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mem.New(mem.Limits(unlimited))
		p, _ := leaving(s, guest{left: 3, panics: true})
		stop := start(t, p)
		c := dial(t, s)
		c.say("one")
		synctest.Wait()
		began := time.Now()
		noError(t, stop())
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("it stopped after %v", took)
		}
		equal(t, "answers", joined(c.all(t)), "ONE")
	})
}
