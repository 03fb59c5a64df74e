package figure

import (
	"testing"
	"time"
)

func TestDurationsAndCountsAreShownShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 999: "999ns", 12_345: "12.3µs", 1_234_567: "1.23ms", 99_950 * time.Microsecond: "100ms", 83 * time.Second: "1m23s",
	} {
		if got := Short(d); got != want {
			t.Errorf("%d is shown as %s, want %s", d, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1 000", 1234567: "1 234 567", -1000: "-1 000", -100: "-100"} {
		if got := Grouped(n); got != want {
			t.Errorf("%d is shown as %s, want %s", n, got, want)
		}
	}
}
