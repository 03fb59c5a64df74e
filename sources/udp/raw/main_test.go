package raw_test

import (
	"os"
	"testing"

	"github.com/leat-io/leat/stage/stagetest"
)

// asChild has the test's program be a server, for a test that kills it.
const asChild = "LEAT_RAW_CHILD"

func TestMain(m *testing.M) {
	if args := os.Getenv(asChild); args != "" {
		serveAsChild(args)
		return
	}
	stagetest.Main(m)
}
