package stagetest

import (
	"flag"
	"testing"

	"github.com/leat-io/leat/stage"
)

// briefly lets benchmarks inside of tests run for a short time.
func briefly(t *testing.T) {
	f := flag.Lookup("test.benchtime")
	was := f.Value.String()
	if err := f.Value.Set("20ms"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Value.Set(was) })
}

func TestABenchmarkGivesTheStageWhatFillHasMadeAgainAndAgain(t *testing.T) {
	briefly(t)
	for _, size := range BenchBatches {
		batches, wrong := 0, 0
		mk := func(*stage.Lane) stage.Stage[item, item] {
			return process(func(b []*item) {
				if batches++; len(b) != size {
					wrong++
				}
				for _, m := range b {
					if m.Key != 7 || string(m.Text) != "text" {
						wrong++
					}
					m.Key = 8
					copy(m.Text, "gone")
				}
			})
		}
		r := testing.Benchmark(func(b *testing.B) {
			bench(b, mk, func(_ int, m *item) { m.Key, m.Text = 7, []byte("text") }, size)
		})
		if wrong > 0 || batches < r.N {
			t.Errorf("batches of %d: %d messages were not as made, in %d batches for N = %d", size, wrong, batches, r.N)
		}
		if n := r.Extra["msgs/op"]; n != float64(size) {
			t.Errorf("batches of %d: it reports %v msgs/op", size, n)
		}
		if r.Extra["ns/msg"] <= 0 || r.Extra["B/s"] <= 0 {
			t.Errorf("batches of %d: it reports %v", size, r.Extra)
		}
		if !raceEnabled && !stage.Leakcheck && r.AllocsPerOp() != 0 {
			t.Errorf("batches of %d: %d allocations per op of a stage without any", size, r.AllocsPerOp())
		}
	}
}

type process func([]*item)

func (p process) Process(_, src []*item) ([]*item, error) {
	p(src)
	return src, nil
}
