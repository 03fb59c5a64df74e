package stagetest

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"github.com/leat-io/leat/stage"
)

// Main is the body of TestMain for packages that have stages, sources or sinks. Lanes overwrite the bytes that they take
// back, so that a stage which kept some reads garbage, and the process fails when goroutines outlive the tests. Where
// benchmarks run, nothing is overwritten.
func Main(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.bench"); f == nil || f.Value.String() == "" {
		stage.ScrubReclaimed(true)
	}
	goleak.VerifyTestMain(m)
}
