package config_test

import (
	"math"
	"testing"

	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/config"
)

func TestSizesAreDigitsAndOneUnit(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "65536": 65536, "1B": 1, "64KB": 64000, "64kb": 64000, "64KiB": 65536, "64 KiB": 65536, "512mb": 512e6,
		"512MiB": 512 << 20, "3GB": 3e9, "3gib": 3 << 30, "2TB": 2e12, "2TiB": 2 << 40, "9223372036854775807": math.MaxInt64,
	} {
		if got, err := config.ParseSize(s); err != nil || got != want {
			t.Errorf("%q is %d, %v; not %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", " ", "KB", "64k", "64M", "64Ki", "-1", "+1", "1.5GiB", "1e3", "0x10", " 1", "1 ", "1  KB", "1KB ", "1KBB", "9223372036854775808", "8388608TiB", "64kb5"} {
		if n, err := config.ParseSize(s); err == nil {
			t.Errorf("%q is taken for %d bytes", s, n)
		}
	}
}

func TestSizesAreWrittenInTheLargestWholeUnit(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 1023: "1023", 1024: "1KiB", 64000: "64KB", 65536: "64KiB", 65537: "65537", 1e6: "1MB", 1 << 40: "1TiB", 5 << 40: "5TiB"} {
		if got := config.Bytes(n); got != want {
			t.Errorf("%d is written %q, not %q", n, got, want)
		}
	}
}

func TestAFlagOfASizeHoldsWhatItsTypeCanCount(t *testing.T) {
	var small int
	large := int64(1 << 30)
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.SizeVar(f, &small, "small", "")
	config.SizeVar(f, &large, "large", "")
	if err := f.Parse([]string{"--small", "16KiB", "--large", "8TiB"}); err != nil || small != 16<<10 || large != 8<<40 {
		t.Errorf("%v: %d and %d", err, small, large)
	}
	if err := f.Parse([]string{"--small", "8TiB"}); (err != nil) != (math.MaxInt == math.MaxInt32) {
		t.Errorf("8 TiB in an int: %v", err)
	}
}

func FuzzWhatBytesWritesParseSizeReads(f *testing.F) {
	for _, s := range []string{"64KiB", "1 TB", "12", "9223372036854775807B", "k", "1 "} {
		f.Add(s, int64(len(s))<<10)
	}
	f.Fuzz(func(t *testing.T, s string, n int64) {
		if got, err := config.ParseSize(s); err == nil && got < 0 {
			t.Errorf("%q is taken for %d bytes", s, got)
		}
		if n < 0 {
			return
		}
		if got, err := config.ParseSize(config.Bytes(n)); err != nil || got != n {
			t.Errorf("%d is written %q and read as %d: %v", n, config.Bytes(n), got, err)
		}
	})
}
