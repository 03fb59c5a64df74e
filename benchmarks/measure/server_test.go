//go:build linux

package measure_test

import (
	"os"
	"testing"
	"time"

	. "github.com/leat-io/leat/benchmarks/measure"
)

func TestProcessorTimeGrowsWithWorkAndNotWithWaiting(t *testing.T) {
	read := func() time.Duration {
		d, err := CPUTime(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	before := read()
	for began := time.Now(); time.Since(began) < 50*time.Millisecond; {
	}
	worked := read() - before
	before = read()
	time.Sleep(50 * time.Millisecond)
	waited := read() - before
	if worked <= 0 || waited > worked/2 {
		t.Fatalf("worked %v, waited %v", worked, waited)
	}
}

// Numbers of processes end at 1<<22.
func TestThereIsNoProcessorTimeOfNoProcess(t *testing.T) {
	if _, err := CPUTime(1<<22 + 1); err == nil {
		t.Fatal("no error")
	}
}
