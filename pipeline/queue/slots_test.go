package queue

import (
	"reflect"
	"testing"
)

// What is not cleared must not keep anything alive.
func TestOnlyWhatPointsAtNothingIsPlain(t *testing.T) {
	for _, c := range []struct {
		v     any
		plain bool
	}{
		{uint64(0), true}, {[8]uint64{}, true}, {struct {
			a bool
			b [2]struct{ c float32 }
		}{}, true},
		{"", false}, {[]byte(nil), false}, {new(int), false}, {[2]*int{}, false}, {struct{ a any }{}, false},
		{map[int]int(nil), false}, {func() {}, false}, {make(chan int), false}, {struct {
			a int
			b struct{ c [1]string }
		}{}, false},
	} {
		if got := plain(reflect.TypeOf(c.v)); got != c.plain {
			t.Errorf("%T: %v", c.v, got)
		}
	}
}
