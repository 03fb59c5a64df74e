package stage_test

import (
	"testing"

	"github.com/leat-io/leat/stage/stagetest"
)

func TestABatchAllocatesNothing(t *testing.T) {
	for _, c := range cycles {
		t.Run(c.name, func(t *testing.T) { stagetest.Allocs(t, 0, c.make()) })
	}
}
