//go:build linux

package measure_test

import (
	"os"
	"testing"
	"time"

	. "github.com/leat-io/leat/benchmarks/measure"
)

// A processor that others use too gives a share, but the part in which nothing was done has almost none of it.
func TestAWatchTellsTheEndFromTheWhole(t *testing.T) {
	whole, end := Watched(os.Getpid(), 0), Watched(os.Getpid())
	for began := time.Now(); time.Since(began) < 100*time.Millisecond; {
	}
	time.Sleep(200 * time.Millisecond)
	all, err := whole.Last(time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	last, err := end.Last(100 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if all[0] <= 0 || all[1] != 0 || last[0] > all[0]/2 {
		t.Fatal(all, last)
	}
}

func TestAWatchSaysThatAProcessIsNotThere(t *testing.T) {
	if _, err := Watched(1<<22 + 1).Last(time.Second); err == nil {
		t.Fatal("no error")
	}
}
