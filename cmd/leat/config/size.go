package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// Units as IEC 80000-13 and the SI define them, the largest first.
var units = []struct {
	name  string
	bytes int64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3},
	{"B", 1},
}

// ParseSize reads a number of bytes: digits, and one of the units B, KB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB
// (powers of 1024), in capitals or not, with or without a space before it. 64k is refused: people mean 64000 and 65536 by it.
func ParseSize(s string) (int64, error) {
	digits := strings.TrimRight(s, "bikmgtBIKMGT")
	unit := s[len(digits):]
	n, err := strconv.ParseUint(strings.TrimSuffix(digits, " "), 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number of bytes", s)
	}
	if unit == "" {
		if digits != strings.TrimSpace(digits) {
			return 0, fmt.Errorf("%q ends with a space", s)
		}
		return int64(n), nil
	}
	for _, u := range units {
		if !strings.EqualFold(u.name, unit) {
			continue
		}
		if int64(n) > math.MaxInt64/u.bytes {
			return 0, fmt.Errorf("%q is more than can be counted", s)
		}
		return int64(n) * u.bytes, nil
	}
	return 0, fmt.Errorf("%q has the unit %q; write KB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (powers of 1024)", s, unit)
}

// Bytes writes n as ParseSize reads it, in the largest unit that needs no fraction.
func Bytes(n int64) string {
	for _, u := range units[:len(units)-1] {
		if n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// SizeVar declares a flag that is a number of bytes. What p holds is its default.
func SizeVar[T int | int64](f *pflag.FlagSet, p *T, name, usage string) {
	f.Var(size[T]{p}, name, usage)
}

type size[T int | int64] struct{ p *T }

func (s size[T]) String() string {
	if s.p == nil { // of the zero value, which pflag asks for
		return ""
	}
	return Bytes(int64(*s.p))
}

func (s size[T]) Set(text string) error {
	n, err := ParseSize(text)
	if err != nil {
		return err
	}
	if int64(T(n)) != n {
		return fmt.Errorf("%q is more than this machine can count", text)
	}
	*s.p = T(n)
	return nil
}

func (size[T]) Type() string { return "size" }
