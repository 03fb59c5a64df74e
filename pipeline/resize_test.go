package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// serve lets clients talk while the lanes change, and looks at what they were told.
func (p *resized) serve(t *testing.T, r *rand.Rand, times int, dial func() io.ReadWriteCloser) {
	stop := start(t, p.Pipeline)
	first := dial() // its answer says that the pipeline runs
	fmt.Fprint(first, "first\n")
	_, err := first.Read(make([]byte, 100))
	noError(t, err)
	first.Close()
	var over atomic.Bool
	var clients sync.WaitGroup
	for id := range 4 {
		c := dial()
		clients.Go(func() {
			defer c.Close()
			if err := talkOn(c, id, &over); err != nil {
				t.Error(err)
			}
		})
	}
	clients.Go(func() {
		for !over.Load() {
			c := dial()
			fmt.Fprint(c, "bad x\nbad x\npanic x\nbad x\n")
			io.Copy(io.Discard, c)
			c.Close()
		}
	})
	p.change(t, r, times)
	over.Store(true)
	clients.Wait()
	noError(t, stop())
	if n := len(p.order.bad); n > 0 {
		t.Errorf("%d messages came out of order: %.5v", n, p.order.bad)
	}
}

// The lanes of the source must not wait: what comes in a pause is kept in the lane.
func TestResizeLosesAndReordersNothingBehindLoops(t *testing.T) {
	for seed := range uint64(8) {
		q := queues[seed%uint64(len(queues))]
		t.Run(fmt.Sprintf("seed=%d/%s", seed, q.name), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, s := rand.New(rand.NewPCG(seed, 4)), mem.New(mem.Loops(2), mem.Limits(unlimited))
				newResized(s, r, q.make).serve(t, r, 200, func() io.ReadWriteCloser { return dial(t, s) })
			})
		})
	}
}

// The lanes of the source wait themselves.
func TestResizeLosesAndReordersNothingBehindLanesThatWait(t *testing.T) {
	for seed, q := range queues {
		t.Run(q.name, func(t *testing.T) {
			r, s := rand.New(rand.NewPCG(uint64(seed), 5)), bind(t)
			newResized(s, r, q.make).serve(t, r, 200, func() io.ReadWriteCloser { return connect(t, s) })
		})
	}
}

// What comes while the pipeline ends is answered, and a change of the lanes then ends as well.
func TestAResizeInADrainEndsAndLosesNothing(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			r, s := rand.New(rand.NewPCG(seed, 6)), mem.New(mem.Loops(2), mem.Limits(unlimited))
			p := newResized(s, r, queues[r.IntN(len(queues))].make)
			stop := start(t, p.Pipeline)
			var clients []*peer
			for id := range 3 {
				c := dial(t, s)
				clients = append(clients, c)
				for range 100 {
					c.say(fmt.Sprintf("w%d x", id))
				}
			}
			var changing sync.WaitGroup
			changing.Go(func() {
				for n := 0; ; n++ {
					if err := p.Resize(context.Background(), []string{"first", "second"}[n%2], 1+n%5); err != nil {
						if !errors.Is(err, pipeline.ErrNotRunning) {
							t.Error(err)
						}
						return
					}
				}
			})
			for range r.IntN(300) {
				runtime.Gosched()
			}
			go stop()
			for id, c := range clients {
				for n, got := range c.all(t) {
					equal(t, "answer", got, fmt.Sprintf("w%d %d", id, n+1))
				}
			}
			changing.Wait()
			noError(t, stop())
			equal(t, "answers", p.Stats().Node("reply").In, 300)
		})
	}
}

// withStage runs a Shard of two lanes in front of a stage, with a client.
func withStage(t *testing.T, mk maker) (p *pipeline.Pipeline, c *peer, stop func() error) {
	p, s := pipeline.New("p", quiet, pipeline.DrainTime(time.Second)), mem.New(mem.Limits(unlimited))
	reply(decoded(p, s).Shard("shard", 2, firstWord, queue.Ring).Via("keep", mk))
	stop = start(t, p)
	c = dial(t, s)
	synctest.Wait()
	return p, c, stop
}

// A ledger is a counting stage that fails when it is told to.
type ledger struct {
	counting
	exporting, importing func(part uint8)
}

func (k *ledger) Export(part uint8) any {
	if k.exporting != nil {
		k.exporting(part)
	}
	return k.counting.Export(part)
}

func (k *ledger) Import(part uint8, state any) {
	if k.importing != nil {
		k.importing(part)
	}
	k.counting.Import(part, state)
}

// asked are n different words to ask about.
func asked(n int) (ws []string) {
	for i := range n {
		ws = append(ws, fmt.Sprint("word", i))
	}
	return ws
}

// tell asks about all words once more.
func tell(t *testing.T, c *peer, ws []string, want int) {
	t.Helper()
	for _, w := range ws {
		equal(t, "answer", c.ask(t, w), fmt.Sprint(w, " ", want))
	}
}

// Whatever stage panics in the middle of a change, all counts are where they were, and the next change succeeds.
func TestAPanicInAHandoverUndoesTheResize(t *testing.T) {
	for _, what := range []string{"Export", "Import"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int32 // of both lanes
				fail := func(uint8) {
					if calls.Add(1) == 7 {
						panic("as told")
					}
				}
				p, c, stop := withStage(t, func(*stage.Lane) stage.Stage[row, row] {
					k := &ledger{counting: counting{map[string]int{}}}
					if what == "Export" {
						k.exporting = fail
					} else {
						k.importing = fail
					}
					return k
				})
				ws := asked(300)
				tell(t, c, ws, 1)
				err := p.Resize(context.Background(), "shard", 3)
				if err == nil || !errors.Is(err, stage.ErrPanic) {
					t.Fatalf("Resize returned %v", err)
				}
				contains(t, err.Error(), "pipeline p", "shard", "keep", what, "as told")
				equal(t, "lanes", p.Stats().Node("keep").Lanes, 2)
				tell(t, c, ws, 2)
				noError(t, p.Resize(context.Background(), "shard", 4))
				tell(t, c, ws, 3)
				noError(t, p.Resize(context.Background(), "shard", 1))
				tell(t, c, ws, 4)
				equal(t, "lanes", p.Stats().Node("keep").Lanes, 1)
				equal(t, "panics", p.Stats().Node("keep").Panics, 1)
				noError(t, stop())
			})
		})
	}
}

// A stage that is stuck over a message keeps a change from being made, and nothing else.
func TestAResizeGivesUpOnAStageThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		p, c, stop := withStage(t, made(func(_, src []*row) ([]*row, error) {
			for _, m := range src {
				if string(m.Text) == "stuck" {
					<-gate
				}
			}
			return src, nil
		}))
		c.say("stuck")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		began := time.Now()
		err := p.Resize(ctx, "shard", 4)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 2*time.Second {
			t.Fatalf("Resize returned %v after %v", err, time.Since(began))
		}
		contains(t, err.Error(), `shard "shard"`, "1 of the 2 lanes behind it")
		c.say("go", "on")
		close(gate)
		equal(t, "answers", c.hear(t)+c.hear(t)+c.hear(t), "stuckgoon")
		noError(t, p.Resize(context.Background(), "shard", 4))
		noError(t, stop())
	})
}

// One that is stuck in handing over keeps its state, when it comes back, or has it, when it was to take some.
func TestAResizeGivesUpOnAHandoverThatIsStuck(t *testing.T) {
	for _, what := range []string{"Export", "Import"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := make(chan struct{})
				p, c, stop := withStage(t, func(*stage.Lane) stage.Stage[row, row] {
					k := &ledger{counting: counting{map[string]int{}}}
					if what == "Export" {
						k.exporting = func(uint8) { <-gate }
					} else {
						k.importing = func(uint8) { <-gate }
					}
					return k
				})
				ws := asked(100)
				tell(t, c, ws, 1)
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				if err := p.Resize(ctx, "shard", 4); !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("Resize returned %v", err)
				}
				equal(t, "lanes", p.Stats().Node("keep").Lanes, map[string]int{"Export": 2, "Import": 4}[what])
				close(gate)
				tell(t, c, ws, 2)
				noError(t, p.Resize(context.Background(), "shard", 3))
				tell(t, c, ws, 3)
				noError(t, stop())
			})
		})
	}
}

// A stop does not wait for a change that cannot be made.
func TestAStopEndsAResize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		p, c, stop := withStage(t, stage.Do(func(*row) { <-gate }))
		c.say("a", "b", "c")
		synctest.Wait()
		resized := make(chan error)
		go func() { resized <- p.Resize(context.Background(), "shard", 3) }()
		synctest.Wait()
		c.say("d", "e")
		synctest.Wait()
		go stop()
		if err := <-resized; !errors.Is(err, pipeline.ErrNotRunning) {
			t.Errorf("Resize returned %v", err)
		}
		close(gate)
		equal(t, "answers", joined(c.all(t)), "a b c d e")
		noError(t, stop())
	})
}

// A maker that panics leaves everything as it was.
func TestAResizeReportsAMakerThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made, most := 0, 3
		p, c, stop := withStage(t, func(*stage.Lane) stage.Stage[row, row] {
			if made++; made > most {
				panic("too many")
			}
			return newCounting(nil)
		})
		ws := asked(10)
		tell(t, c, ws, 1)
		contains(t, p.Resize(context.Background(), "shard", 5).Error(), `shard "shard"`, `"keep"`, "too many")
		equal(t, "lanes", p.Stats().Node("keep").Lanes, 2)
		tell(t, c, ws, 2)
		noError(t, p.Resize(context.Background(), "shard", 3))
		tell(t, c, ws, 3)
		most = 10
		noError(t, p.Resize(context.Background(), "shard", 5))
		tell(t, c, ws, 4)
		equal(t, "lanes", p.Stats().Node("keep").Lanes, 5)
		noError(t, stop())
	})
}

func TestLanesAreAParameter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, stop := withStage(t, newCounting)
		noError(t, p.Set("shard", "lanes", "4"))
		got, err := p.Get("shard", "lanes")
		noError(t, err)
		equal(t, "lanes", got, "4")
		equal(t, "parameters", fmt.Sprint(p.Params()), "[{shard lanes 4 false}]")
		equal(t, "lanes of the stage", p.Stats().Node("keep").Lanes, 4)
		for _, bad := range []string{"0", "257", "many"} {
			contains(t, fmt.Sprint(p.Set("shard", "lanes", bad)), "shard", bad)
		}
		noError(t, stop())
		if err := p.Set("shard", "lanes", "2"); !errors.Is(err, pipeline.ErrNotRunning) {
			t.Errorf("after the end Set returned %v", err)
		}
	})
}

func TestWhatHasNoLanesToChangeIsRefused(t *testing.T) {
	p, s := pipeline.New("p"), mem.New()
	reply(decoded(p, s).Shard("shard", 2, firstWord, queue.Chan).Queue("queue", queue.Chan))
	for _, node := range []string{"queue", "decode", "nobody"} {
		contains(t, fmt.Sprint(p.Resize(context.Background(), node, 2)), "no shard or spread", node)
	}
	if err := p.Resize(context.Background(), "shard", 3); !errors.Is(err, pipeline.ErrNotRunning) {
		t.Errorf("before the start Resize returned %v", err)
	}
}
