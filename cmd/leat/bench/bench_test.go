package bench

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/perf/benchfmt"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// brief measures little of everything.
var brief = Options{Batches: []int{1, 32, 300}, Record: 256, Time: time.Millisecond, Count: 3}

func measured(t *testing.T, o Options, change func(*assembly.TCP)) Result {
	t.Helper()
	res, err := Run(t.Context(), subject(t, change), o)
	if err != nil {
		t.Fatal(err)
	}
	res.Assembly = "tcp"
	return res
}

func TestAResultHasEveryNodeInEveryBatch(t *testing.T) {
	cells, skipped := 0, 0
	var last Progress
	o := brief
	o.Progress = func(p Progress) { last = p }
	res := measured(t, o, servers["kv by 2"])
	for _, n := range res.Nodes {
		cells, skipped = cells+len(n.Cells), skipped+len(n.Skipped)
		if n.PerBatch < 1 {
			t.Errorf("%s: %v messages in a batch under load", n.Name, n.PerBatch)
		}
		for _, c := range n.Cells {
			if len(c.Runs) != 3 || c.Overhead <= 0 || c.Restoring <= 0 || c.Ns < 0 {
				t.Errorf("%s: %+v", n.Name, c)
			}
			if n.Name == "reply" && (c.Ns == 0 || c.Bytes == 0) {
				t.Errorf("reply costs nothing: %+v", c)
			}
			if n.Name == "decode" && c.OutPerIn <= 1 {
				t.Errorf("decode makes %v messages of a segment", c.OutPerIn)
			}
		}
	}
	if cells != 18 || skipped != 9 {
		t.Errorf("%d cells and %d that were skipped", cells, skipped)
	}
	if last.What != "" || last.Cell != 27 || last.Cells != 27 {
		t.Errorf("the last progress is %+v", last)
	}
	var text strings.Builder
	if err := res.WriteText(&text); err != nil || !strings.Contains(text.String(), "by key: only 256 messages came to it, too few for batches of 300\n") {
		t.Errorf("%v: %s", err, &text)
	}
	if b, err := json.Marshal(res); err != nil || !strings.Contains(string(b), `"overhead_ns_per_message":`) {
		t.Errorf("%v: %s", err, b)
	}
}

func TestAStageWithoutAllocationsHasNone(t *testing.T) {
	if stage.Leakcheck {
		t.Skip("leakcheck allocates")
	}
	o := brief
	o.Nodes = []string{"reply", "upper"}
	res := measured(t, o, servers["line upper"])
	if len(res.Nodes) != 2 || res.Nodes[0].Name != "upper" {
		t.Fatalf("it measures %+v", res.Nodes)
	}
	for _, n := range res.Nodes {
		for _, c := range n.Cells {
			if c.Allocs != 0 || c.Alloced != 0 {
				t.Errorf("%s, batch %d: %v allocations of %v bytes for a message", n.Name, c.Batch, c.Allocs, c.Alloced)
			}
		}
	}
}

func TestBenchstatReadsTheRuns(t *testing.T) {
	res := measured(t, brief, servers["frame by shortest"])
	var text strings.Builder
	if err := res.WriteGo(&text); err != nil {
		t.Fatal(err)
	}
	runs := map[string]int{}
	r := benchfmt.NewReader(strings.NewReader(text.String()), "go")
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.Result:
			runs[rec.Name.String()]++
			for _, unit := range []string{"sec/msg", "B/s", "allocs/msg", "B/msg"} {
				_, ok := rec.Value(unit)
				if !ok && unit == "sec/msg" { // the reader leaves the unit of a zero as it stands
					ns, known := rec.Value("ns/msg")
					ok = known && ns == 0
				}
				if !ok {
					t.Errorf("%s has no %s: %v", rec.Name, unit, rec.Values)
				}
			}
			if rec.GetConfig("goos") == "" || rec.GetConfig("pkg") != "github.com/leat-io/leat/tcp" {
				t.Errorf("%s: %v", rec.Name, rec.Config)
			}
		case *benchfmt.SyntaxError:
			t.Error(rec)
		}
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	want := []string{
		"Node/node=decode/batch=1", "Node/node=decode/batch=32",
		"Node/node=reply/batch=1", "Node/node=reply/batch=32",
		"Node/node=to_the_shortest/batch=1", "Node/node=to_the_shortest/batch=32",
	}
	if got := slices.Sorted(maps.Keys(runs)); !slices.Equal(got, want) || runs[want[0]] != 3 {
		t.Errorf("it reads %v, not each of %v three times", runs, want)
	}
}

func TestWhatCannotBeMeasuredIsAnError(t *testing.T) {
	o := brief
	o.Nodes = []string{"decode", "nothing"}
	_, err := Run(t.Context(), subject(t, servers["line echo"]), o)
	if _, ok := errors.AsType[*UnknownError](err); !ok || !strings.Contains(err.Error(), `no node "nothing"; choose "decode", "reply"`) {
		t.Errorf("an unknown node: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, subject(t, servers["line echo"]), brief); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
	for what, change := range map[string]func(*Options){
		"no size of a batch": func(o *Options) { o.Batches = nil },
		"not 0":              func(o *Options) { o.Batches = []int{0} },
		"to record":          func(o *Options) { o.Record = 0 },
		"time of a run":      func(o *Options) { o.Time = -1 },
		"runs must be":       func(o *Options) { o.Count = 0 },
	} {
		o := brief
		change(&o)
		if _, err := Run(t.Context(), subject(t, servers["line echo"]), o); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A faulty subject fails in one of its parts.
type faulty struct {
	Subject
	run, drive error
}

func (f *faulty) Run(ctx context.Context) error {
	if f.run != nil {
		return f.run
	}
	return f.Subject.Run(ctx)
}

func (f *faulty) Drive(ctx context.Context, ready func()) error {
	if f.drive != nil {
		return f.drive
	}
	return f.Subject.Drive(ctx, ready)
}

func TestAFailureUnderLoadIsReported(t *testing.T) {
	broken := errors.New("broken")
	if _, err := Run(t.Context(), &faulty{Subject: subject(t, servers["line echo"]), drive: broken}, brief); !errors.Is(err, broken) {
		t.Errorf("the load fails: %v", err)
	}
	if _, err := Run(t.Context(), &faulty{Subject: subject(t, servers["line echo"]), run: broken}, brief); !errors.Is(err, broken) {
		t.Errorf("the server fails: %v", err)
	}
}

func TestTheCostOfWhatIsAroundANodeIsSubtracted(t *testing.T) {
	var c Cell
	for _, ns := range []time.Duration{500, 700, 600} {
		c.add(pipeline.Sample{In: 10, Out: 20, Bytes: 4000, Elapsed: ns, Whole: ns + 1000}, pipeline.Sample{In: 5, Elapsed: 50})
	}
	c.finish(pipeline.Sample{In: 10, Out: 20, Mallocs: 5, Alloced: 80})
	if c.Ns != 25 || c.Spread != .4 || c.Overhead != 10 || c.Restoring != 100 || c.OutPerIn != 2 || c.Allocs != .25 || c.Alloced != 4 || c.Bytes != 8e9 {
		t.Errorf("it is %+v", c)
	}
}
