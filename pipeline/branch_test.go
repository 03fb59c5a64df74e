package pipeline_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// The second arm of a Tee may say what it likes: nobody hears it, and no answer of the first is lost or comes twice.
func TestTheSecondArmOfATeeCannotAnswer(t *testing.T) {
	each(t, func(t *testing.T, q queue.Maker[row]) {
		p, s := pipeline.New("tee"), mem.New(mem.Limits(unlimited))
		first, second := decoded(p, s).Tee("tee")
		reply(first.Queue("first", q).Via("upper", stage.Do(func(l *row) { l.Text = bytes.ToUpper(l.Text) })))
		var seen []string
		second.Queue("second", q).Via("see", stage.Do(func(l *row) {
			seen = append(seen, string(l.Text))
			l.Text = []byte("not for you")
		})).To("answer too", sinks.Reply(text))
		stop := start(t, p)
		c := dial(t, s)
		c.say(numbered(100)...)
		equal(t, "answers", joined(c.rest(t)), strings.ToUpper(joined(numbered(100))))
		noError(t, stop())
		equal(t, "what the copy saw", joined(seen), joined(numbered(100)))
		equal(t, "ignored answers", gauge(p, "mem", "answers ignored"), "100")
	})
}

// gauge returns a figure of a source.
func gauge(p *pipeline.Pipeline, node, name string) string {
	for _, g := range p.Stats().Node(node).Gauges {
		if g.Name == name {
			return g.Value
		}
	}
	return ""
}

// Each arm has structs of its own, so what one puts into a field the other does not see.
func TestTheArmsOfATeeShareNoStruct(t *testing.T) {
	p, n := pipeline.New("tee"), 0
	first, second := p.From(feed[msg]{func(in *pipeline.Inlet[msg]) { in.Push(messages(10)) }}).Tee("tee")
	first.Via("mark", stage.Do(func(m *msg) { m.ID = 1 })).To("first", tallied[msg](&n))
	second.Via("look", stage.Do(func(m *msg) {
		if m.ID != 0 {
			t.Error("a change of the first arm is seen in the second")
		}
	})).To("second", tallied[msg](&n))
	noError(t, runOnce(p))
	equal(t, "messages", n, 20)
}

// Flows that were parted and meet again on a lane meet in one instance of what follows, and flows of other lanes in others.
func TestMergedFlowsMeetInOneInstancePerLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pipeline.New("merge"), mem.New(mem.Loops(2), mem.Limits(unlimited))
		long, short := decoded(p, s).Branch("long", isLong)
		there, here := short.Branch("away", func(l *row) bool { return l.Text[0] == 'a' })
		var made, sinksMade atomic.Int32
		merged := pipeline.Merge(here, long.Via("upper", stage.Do(upper)), there.Shard("shard", 3, byText, queue.Chan))
		merged.Via("count", func(*stage.Lane) stage.Stage[row, row] {
			made.Add(1)
			return worker(func(_, src []*row) ([]*row, error) { return src, nil })
		}).To("reply", func(l *stage.Lane) stage.Sink[row] {
			sinksMade.Add(1)
			return sinks.Reply(text)(l)
		})
		stop := start(t, p)
		for range 4 {
			c := dial(t, s)
			c.say("long line", "b1", "a1", "longer line", "a2", "a3", "b2")
			equal(t, "answers", strings.Join(c.rest(t), ","), "LONG LINE,b1,a1,LONGER LINE,a2,a3,b2")
		}
		noError(t, stop())
		equal(t, "instances of the stage", made.Load(), 2+3)
		equal(t, "instances of the sink", sinksMade.Load(), 2+3)
		st := p.Stats()
		for node, want := range map[string]uint64{"long": 8, "not long": 20, "away": 12, "shard": 12, "merge": 28, "count": 28, "reply": 28} {
			equal(t, "messages into "+node, st.Node(node).In, want)
		}
		equal(t, "messages out of the decoder", st.Node("decode").Out, 28)
	})
}

// A predicate that panics costs the connections of its batch, and is counted at the branch.
func TestAPanicInAPredicateIsContained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pipeline.New("branch", quiet), mem.New(mem.Limits(unlimited))
		yes, no := decoded(p, s).Branch("even", func(l *row) bool { return len(l.Text)/(len(l.Text)-5) >= 0 })
		reply(pipeline.Merge(yes, no))
		stop := start(t, p)
		c, d := dial(t, s), dial(t, s)
		equal(t, "answer", c.ask(t, "fine"), "fine")
		d.say("panic")
		equal(t, "answers to the culprit", joined(d.all(t)), "")
		equal(t, "answer", c.ask(t, "still fine"), "still fine")
		noError(t, stop())
		equal(t, "panics", p.Stats().Node("even").Panics, 1)
		equal(t, "reason", gauge(p, "mem", "closed: panic"), "1")
	})
}

// A key that panics halfway through a batch leaves nothing of it for the next batch.
func TestAPanicInAKeyIsContained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pipeline.New("shard", quiet), mem.New(mem.Limits(unlimited))
		reply(decoded(p, s).Shard("shard", 3, func(l *row) uint64 {
			if string(l.Text) == "panic" {
				panic("as asked")
			}
			return byText(l)
		}, queue.Chan))
		stop := start(t, p)
		c, d := dial(t, s), dial(t, s)
		d.Write([]byte("one\ntwo\nthree\npanic\nfour\n")) // in one batch
		equal(t, "answers to the culprit", joined(d.all(t)), "")
		for i := range 20 {
			q := fmt.Sprint("fine ", i)
			equal(t, "answer", c.ask(t, q), q)
		}
		noError(t, stop())
		equal(t, "messages behind the shard", p.Stats().Node("reply").In, 20)
	})
}

// What is recorded of a batch has been recorded before any of the batch goes on to its answer.
func TestTheCopiesOfATeeGoFirst(t *testing.T) {
	p := pipeline.New("tee")
	first, second := p.From(feed[msg]{func(in *pipeline.Inlet[msg]) {
		in.Push(messages(3))
		in.Push(messages(2))
	}}).Tee("tee")
	var order []string
	note := func(what string) func(*msg) { return func(*msg) { order = append(order, what) } }
	n := 0
	first.Via("answer", stage.Do(note("answer"))).To("first", tallied[msg](&n))
	second.Via("record", stage.Do(note("record"))).To("second", tallied[msg](&n))
	noError(t, runOnce(p))
	equal(t, "order", strings.Join(order, " "), "record record record answer answer answer record record answer answer")
}
