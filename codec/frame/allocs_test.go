//go:build !race

package frame_test

import (
	"testing"

	"github.com/leat-io/leat/codec/frame"
)

// That decoding allocates nothing is a check of codectest. These are the calls that it does not make.
func TestAppendIntoRoomAllocatesNothing(t *testing.T) {
	for _, bm := range benchmarked {
		v, wire := frame.Frame{Payload: make([]byte, 64)}, make([]byte, 0, 128)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := bm.codec.Append(wire, &v); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", bm.name, n)
		}
	}
}
