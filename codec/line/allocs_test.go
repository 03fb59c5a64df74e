//go:build !race

package line_test

import (
	"testing"

	"github.com/leat-io/leat/codec/line"
)

// That decoding allocates nothing is a check of codectest.
func TestAppendIntoRoomAllocatesNothing(t *testing.T) {
	c, v, wire := line.Text(64), line.Line{Text: make([]byte, 64)}, make([]byte, 0, 128)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := c.Append(wire, &v); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
