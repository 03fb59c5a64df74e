package compare_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/leat-io/leat/pipeline/compare"
)

func TestMain(m *testing.M) {
	for _, e := range experiments {
		compare.Main(e.cfg, e.variants...)
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // or each process of a test with the race detector takes a second more to end
	goleak.VerifyTestMain(m)
}
