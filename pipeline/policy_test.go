package pipeline_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

var errBroken = errors.New("the stage is broken")

// A hoarder keeps every line that begins with "keep" until it is flushed, fails at "fail" and panics at "panic".
type hoarder struct {
	lane *stage.Lane
	kept []*stage.Kept[row]
	id   int
}

func (h *hoarder) Process(dst, src []*row) ([]*row, error) {
	for _, m := range src {
		switch s := string(m.Text); {
		case strings.HasPrefix(s, "keep"):
			h.kept = append(h.kept, stage.Retain(h.lane, m))
		case s == "fail":
			return dst, errBroken
		case s == "panic":
			panic("as asked")
		default:
			m.Text = fmt.Appendf(nil, "%s of %d", s, h.id)
			dst = append(dst, m)
		}
	}
	return dst, nil
}

func (h *hoarder) Flush(dst []*row) []*row {
	for _, k := range h.kept {
		dst = append(dst, k.Take(h.lane))
	}
	h.kept = nil
	return dst
}

// hoarding is a pipeline of one hoarder per lane, and how many have been made.
func hoarding(s *mem.Source, o stage.Policy, joint func(flow) flow) (p *pipeline.Pipeline, made *int) {
	p, made = pipeline.New("policy", quiet, pipeline.DrainTime(0)), new(int)
	if joint == nil {
		joint = func(f flow) flow { return f }
	}
	reply(joint(decoded(p, s)).Via("hoard", func(l *stage.Lane) stage.Stage[row, row] {
		*made++
		return &hoarder{lane: l, id: *made}
	}, stage.OnError(o)))
	return p, made
}

func lane(f flow) flow { return f.Queue("queue", queue.Chan) }

// bothWays runs f fused and behind a queue, in virtual time.
func bothWays(t *testing.T, f func(t *testing.T, joint func(flow) flow)) {
	for name, joint := range map[string]func(flow) flow{"fused": nil, "queued": lane} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, joint) })
		})
	}
}

func TestResumeGoesOnWithTheSameInstance(t *testing.T) {
	bothWays(t, func(t *testing.T, joint func(flow) flow) {
		s := mem.New(mem.Limits(unlimited))
		p, made := hoarding(s, stage.Resume, joint)
		stop := start(t, p)
		c, d := dial(t, s), dial(t, s)
		equal(t, "before", c.ask(t, "a"), "a of 1")
		d.say("fail")
		synctest.Wait()
		equal(t, "behind an error", d.ask(t, "b"), "b of 1")
		d.say("panic")
		equal(t, "behind a panic", joined(d.all(t)), "")
		equal(t, "after", c.ask(t, "c"), "c of 1")
		noError(t, stop())
		st := p.Stats().Node("hoard")
		equal(t, "instances, errors, panics", fmt.Sprint(*made, st.Errors, st.Panics), "1 1 1")
	})
}

// What the old instance kept is void: its requests get no answer and hold up nobody, and nothing of it leaks.
func TestRestartReplacesTheInstanceAndVoidsWhatItKept(t *testing.T) {
	bothWays(t, func(t *testing.T, joint func(flow) flow) {
		s := mem.New(mem.Limits(unlimited))
		p, made := hoarding(s, stage.Restart, joint)
		stop := start(t, p)
		c, d := dial(t, s), dial(t, s)
		long := "keep" + strings.Repeat(" a lot", 1000)
		c.say("keep one", long, "a")
		synctest.Wait()
		equal(t, "bytes that overtook what is kept", c.Waiting(), 0)
		d.say("fail")
		equal(t, "behind a restart", c.hear(t), "a of 1")
		equal(t, "after it", c.ask(t, "b"), "b of 2")
		c.say(long)
		synctest.Wait() // the panic costs the connections of its batch
		d.say("panic")
		equal(t, "the connection of the panic", joined(d.all(t)), "")
		equal(t, "after a panic", c.ask(t, "c"), "c of 3")
		noError(t, stop())
		st := p.Stats().Node("hoard")
		equal(t, "instances, errors, panics", fmt.Sprint(*made, st.Errors, st.Panics), "3 1 1")
	})
}

func TestStopEndsRunWithTheErrorAndTheNode(t *testing.T) {
	for say, want := range map[string]error{"fail": errBroken, "panic": stage.ErrPanic} {
		t.Run(say, func(t *testing.T) {
			bothWays(t, func(t *testing.T, joint func(flow) flow) {
				s := mem.New(mem.Limits(unlimited))
				p, _ := hoarding(s, stage.Stop, joint)
				c, d := dial(t, s), dial(t, s)
				go func() {
					c.ask(t, "a")
					d.say(say)
				}()
				err := ends(t, p)
				if !errors.Is(err, want) {
					t.Fatalf("Run returned %v", err)
				}
				contains(t, err.Error(), "pipeline policy: hoard: ")
				equal(t, "how often the node is named", strings.Count(err.Error(), "hoard"), 1)
				c.all(t)
			})
		})
	}
}

// A stage that fails when it is flushed fails the pipeline as well, though that has ended already.
func TestStopInTheDrainIsReturnedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pipeline.New("late", quiet), mem.New(mem.Limits(unlimited))
		gate := make(chan struct{})
		reply(decoded(p, s).Queue("queue", queue.Chan).Via("gate", stage.Do(func(*row) { <-gate })).
			Via("fail", made(func(_, src []*row) ([]*row, error) { return src, errBroken }), stage.OnError(stage.Stop)))
		stop := start(t, p)
		c := dial(t, s)
		c.say("a")
		synctest.Wait()
		go func() {
			synctest.Wait()
			close(gate)
		}()
		if err := stop(); !errors.Is(err, errBroken) {
			t.Fatalf("Run returned %v", err)
		}
		equal(t, "the answer of the batch that failed", c.hear(t), "a")
	})
}

// A maker that works the first time and panics at the restart stops the pipeline, and not the process.
func TestAStageThatCannotBeMadeAgainStopsThePipeline(t *testing.T) {
	bothWays(t, func(t *testing.T, joint func(flow) flow) {
		if joint == nil {
			joint = func(f flow) flow { return f }
		}
		p, s, n := pipeline.New("restart", quiet), mem.New(mem.Limits(unlimited)), 0
		reply(joint(decoded(p, s)).Via("model", func(l *stage.Lane) stage.Stage[row, row] {
			if n++; n > 1 {
				panic("no weights")
			}
			return &hoarder{lane: l, id: n}
		}, stage.OnError(stage.Restart)))
		c := dial(t, s)
		c.say("keep", "a", "fail", "b")
		err := ends(t, p)
		contains(t, fmt.Sprint(err), `pipeline restart: making stage "model" failed: no weights`)
		c.all(t)
	})
}
