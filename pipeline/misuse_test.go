package pipeline_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// bare is no message: it has no Head.
type bare struct{ n int }

func byText(l *row) uint64 { return stage.Hash(l.Text) }

func TestAMistakeInTheDeclarationPanicsWithASentence(t *testing.T) {
	upper := stage.Do(upper)
	var none *pipeline.Flow[row]
	for name, c := range map[string]struct {
		declare func(p *pipeline.Pipeline, f flow)
		want    string
	}{
		"a flow consumed twice": {func(p *pipeline.Pipeline, f flow) { reply(f); f.Via("again", upper) },
			`the flow from "decode" is consumed twice, the second time by "again"; use Tee`},
		"a flow merged with itself": {func(p *pipeline.Pipeline, f flow) { pipeline.Merge(f, f) },
			`the flow from "decode" is consumed twice, the second time by "merge"`},
		"two nodes of one name": {func(p *pipeline.Pipeline, f flow) { f.Via("x", upper).Via("x", upper) },
			`two nodes named "x": a stage and a stage`},
		"two sources of one name": {func(p *pipeline.Pipeline, f flow) { p.From(mem.New()) },
			`two nodes named "mem": a source and a source`},
		"a node without a name":  {func(p *pipeline.Pipeline, f flow) { f.Via("", upper) }, "a stage needs a name"},
		"a shard without lanes":  {func(p *pipeline.Pipeline, f flow) { f.Shard("s", 0, byText, queue.Chan) }, `shard "s" needs at least 1 lane, not 0`},
		"a spread without lanes": {func(p *pipeline.Pipeline, f flow) { f.Spread("s", -1, queue.Chan) }, `spread "s" needs at least 1 lane, not -1`},
		"more lanes than partitions": {func(p *pipeline.Pipeline, f flow) { f.Shard("s", 257, byText, queue.Chan) },
			`shard "s" has 257 lanes; there are 256 partitions`},
		"no stage":       {func(p *pipeline.Pipeline, f flow) { f.Via("v", maker(nil)) }, `Via "v" needs a stage`},
		"no sink":        {func(p *pipeline.Pipeline, f flow) { f.To("t", nil) }, `To "t" needs a sink`},
		"no predicate":   {func(p *pipeline.Pipeline, f flow) { f.Branch("b", nil) }, `Branch "b" needs a predicate`},
		"no key":         {func(p *pipeline.Pipeline, f flow) { f.Shard("s", 2, nil, queue.Chan) }, `Shard "s" needs a key`},
		"no queue":       {func(p *pipeline.Pipeline, f flow) { f.Queue("q", nil) }, `queue "q" needs a queue`},
		"no source":      {func(p *pipeline.Pipeline, f flow) { p.From[row](nil) }, "From needs a source"},
		"no service":     {func(p *pipeline.Pipeline, f flow) { p.Beside(pipeline.Service{Name: "idle"}) }, `not "idle"`},
		"nothing merged": {func(p *pipeline.Pipeline, f flow) { pipeline.Merge[row]() }, "Merge needs flows"},
		"nil merged":     {func(p *pipeline.Pipeline, f flow) { pipeline.Merge(f, none) }, "Merge needs flows, and none of them nil"},
		"flows of two pipelines": {func(p *pipeline.Pipeline, f flow) {
			pipeline.Merge(f, decoded(pipeline.New("other"), mem.New(mem.Name("mem 2"))))
		}, `"decode" is of pipeline other`},
		"a message without a Head": {func(p *pipeline.Pipeline, f flow) {
			f.Via("strip", func(*stage.Lane) stage.Stage[row, bare] { return nil })
		}, `stage "strip" gives a pipeline_test.bare, whose first field is not a stage.Head`},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() { contains(t, fmt.Sprint(recover()), c.want) }()
			p := pipeline.New("wrong")
			c.declare(p, decoded(p, mem.New()))
			t.Error("nothing happened")
		})
	}
}

// counted is a queue that serves one producer and refuses others.
func counted(cfg queue.Config) (queue.Queue[row], error) {
	if cfg.Producers != 1 {
		return nil, fmt.Errorf("it serves 1 producer, not %d", cfg.Producers)
	}
	return queue.Chan[row](cfg)
}

// A keeper is a queue that cannot give anything up.
type keeper struct{ queue.Queue[row] }

func keeping(cfg queue.Config) (queue.Queue[row], error) {
	q, err := queue.Chan[row](cfg)
	return keeper{q}, err
}

func TestAnAssemblyThatCannotRunIsAnErrorThatNamesTheNode(t *testing.T) {
	blocking := stage.Blocking(stage.Do(upper))
	for name, c := range map[string]struct {
		declare func(p *pipeline.Pipeline)
		want    string
	}{
		"nothing":                  {func(p *pipeline.Pipeline) {}, "there is nothing in it"},
		"a flow that goes nowhere": {func(p *pipeline.Pipeline) { decoded(p, mem.New()) }, `the flow from stage "decode" goes nowhere`},
		"a branch that goes nowhere": {func(p *pipeline.Pipeline) {
			yes, _ := decoded(p, mem.New()).Branch("long", isLong)
			reply(yes)
		}, `the flow from branch "not long" goes nowhere`},
		"a stage that may block where reading happens": {func(p *pipeline.Pipeline) { reply(decoded(p, mem.New()).Via("disk", blocking)) },
			`stage "disk" may block and would stop the reading of source "mem"`},
		"the same behind a branch and a merge": {func(p *pipeline.Pipeline) {
			yes, no := decoded(p, mem.New()).Branch("long", isLong)
			reply(pipeline.Merge(no, yes).Via("disk", blocking))
		}, `stage "disk" may block`},
		"a queue for fewer producers": {func(p *pipeline.Pipeline) { reply(decoded(p, mem.New(mem.Loops(3))).Queue("narrow", counted)) },
			`queue "narrow": it serves 1 producer, not 3`},
		"the same behind a merge": {func(p *pipeline.Pipeline) {
			a, b := decoded(p, mem.New()), p.From(mem.New(mem.Name("b"))).Via("decode b", decoder)
			reply(pipeline.Merge(a, b.Spread("s", 4, queue.Chan)).Queue("narrow", counted))
		}, `queue "narrow": it serves 1 producer, not 5`},
		"no capacity": {func(p *pipeline.Pipeline) { reply(decoded(p, mem.New()).Queue("q", queue.Chan, queue.Cap(0))) },
			`queue "q": a queue needs a capacity of at least 1, not 0`},
		"no batch": {func(p *pipeline.Pipeline) {
			reply(decoded(p, mem.New()).Shard("s", 2, byText, queue.Workiva, queue.Batch(0)))
		}, `shard "s": a lane must take batches of at least 1, not 0`},
		"a queue that keeps its oldest": {func(p *pipeline.Pipeline) { reply(decoded(p, mem.New()).Queue("q", keeping, queue.DropOldest)) },
			`queue "q": pipeline_test.keeper cannot give up its oldest messages`},
		"a maker of queues that makes none": {func(p *pipeline.Pipeline) {
			reply(decoded(p, mem.New()).Queue("q", func(queue.Config) (queue.Queue[row], error) { return nil, nil }))
		}, `queue "q": its maker made none`},
		"a maker of queues that panics": {func(p *pipeline.Pipeline) {
			reply(decoded(p, mem.New()).Queue("q", func(queue.Config) (queue.Queue[row], error) { panic("no memory") }))
		}, `making queue "q" failed: no memory`},
		"a maker that panics": {func(p *pipeline.Pipeline) {
			reply(decoded(p, mem.New()).Via("model", func(*stage.Lane) stage.Stage[row, row] { panic("no weights") }))
		}, `making stage "model" failed: no weights`},
		"a maker that makes nothing": {func(p *pipeline.Pipeline) {
			reply(decoded(p, mem.New()).Via("model", func(*stage.Lane) stage.Stage[row, row] { return nil }))
		}, `making stage "model" failed: the maker gave nil`},
		"a maker of sinks that panics": {func(p *pipeline.Pipeline) {
			decoded(p, mem.New()).Queue("q", queue.Chan).To("file", func(*stage.Lane) stage.Sink[row] { panic("no disk") })
		}, `making sink "file" failed: no disk`},
		"a maker of sinks that makes nothing": {func(p *pipeline.Pipeline) {
			decoded(p, mem.New()).To("file", func(*stage.Lane) stage.Sink[row] { return nil })
		}, `making sink "file" failed: the maker gave nil`},
	} {
		t.Run(name, func(t *testing.T) {
			p := pipeline.New("wrong")
			c.declare(p)
			err := ends(t, p)
			contains(t, fmt.Sprint(err), "pipeline wrong: ", c.want)
			if n := strings.Count(err.Error(), "wrong"); n != 1 {
				t.Errorf("the pipeline is named %d times: %v", n, err)
			}
		})
	}
}

func isLong(l *row) bool { return len(l.Text) > 3 }

func TestAPipelineRunsOnce(t *testing.T) {
	p := pipeline.New("once")
	decoded(p, mem.New()).To("drop", sinks.Discard[row]())
	noError(t, runOnce(p))
	if err := runOnce(p); err == nil || !strings.Contains(err.Error(), "pipeline once: a pipeline runs once") {
		t.Fatal(err)
	}
}
