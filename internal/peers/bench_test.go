package peers

import (
	"testing"

	"github.com/leat-io/leat/stage"
)

type silent struct{}

func (silent) Write(b []byte) (int, error) { return len(b), nil }
func (silent) Want(bool, bool)             {}
func (silent) Shut(error)                  {}
func (silent) Peer() string                { return "" }

// BenchmarkSweep is what the time limits of 10 000 idle connections cost at each tick of their clock, which is a second with
// the default limits.
func BenchmarkSweep(b *testing.B) {
	var t Table
	t.Init(stage.DefaultLimits, 10_000)
	for range 10_000 {
		c := new(stage.Conn)
		c.Init(silent{}, &t.Terms)
		t.Add(c)
	}
	b.ReportAllocs()
	for b.Loop() {
		t.sweep()
	}
}
