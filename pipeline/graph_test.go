package pipeline_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// With LEAT_GOLDEN set the files are written instead of compared.
var update = os.Getenv("LEAT_GOLDEN") != ""

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if update {
		noError(t, os.MkdirAll("testdata", 0o755))
		noError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	noError(t, err)
	if got != string(want) {
		t.Errorf("%s is now\n%s\nand was\n%s\nrun the test with LEAT_GOLDEN=1 if that is what you want", path, got, want)
	}
}

// drawn is an assembly with a node of every kind.
func drawn(s *mem.Source) *pipeline.Pipeline {
	p := pipeline.New("every kind")
	long, short := decoded(p, s).Branch("long", isLong)
	copied, logged := short.Tee(`"short" lines`)
	away := long.Shard("by text", 3, byText, queue.Chan, queue.Cap(16), queue.DropNewest).
		Via("upper", stage.Do(upper), stage.OnError(stage.Restart)).
		Queue("together", queue.Workiva)
	pipeline.Merge(copied, away).Via("batch", stage.Batch[row](1, 1e9)).To("reply", sinks.Reply(text))
	logged.Spread("anywhere", 2, queue.Chan).To("log", sinks.Discard[row]())
	return p
}

// The drawings are what people see of an assembly; a change of them should be seen as well.
func TestDrawings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mem.New(mem.Limits(unlimited))
		p := drawn(s)
		golden(t, "every_kind.mmd", p.Mermaid())
		golden(t, "every_kind.dot", p.DOT())
		golden(t, "every_kind_before.txt", p.String())
		b, err := json.MarshalIndent(p.Graph(), "", "  ")
		noError(t, err)
		golden(t, "every_kind.json", string(b)+"\n")
		stop := start(t, p)
		c := dial(t, s)
		for _, l := range []string{"a", "b", "long", "longer", "c"} {
			c.ask(t, l)
			synctest.Wait()
		}
		golden(t, "every_kind_running.txt", p.String())
		noError(t, stop())
	})
}
