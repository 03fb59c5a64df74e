package kv

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/leat-io/leat/cmd/leat/dialect"
)

func incr(x *exec) { x.add(1) }
func decr(x *exec) { x.add(-1) }

func incrby(x *exec) {
	if n, good := x.number(2); good {
		x.add(n)
	}
}

func decrby(x *exec) {
	n, good := x.number(2)
	if good && n == math.MinInt64 {
		x.refuse("ERR decrement would overflow")
		return
	}
	if good {
		x.add(-n)
	}
}

func (x *exec) add(by int64) {
	key := x.Arg(1)
	n, at := int64(0), int64(0)
	if it := x.find(key); it != nil {
		var good bool
		if n, good = integerOf(it.value); !good {
			x.refuse(dialect.Integer)
			return
		}
		at = it.at
	}
	if by > 0 && n > math.MaxInt64-by || by < 0 && n < math.MinInt64-by {
		x.refuse(errOverflow)
		return
	}
	n += by
	x.put(key, strconv.AppendInt(nil, n, 10), at)
	x.changed()
	x.integer(n)
}

// floatBits is the precision with which Redis adds floats on most machines: that of C's long double on x86.
const floatBits = 64

func incrbyfloat(x *exec) {
	key := x.Arg(1)
	old, at := new(big.Float).SetPrec(floatBits), int64(0)
	if it := x.find(key); it != nil {
		var good bool
		if old, good = floatOf(it.value); !good {
			x.refuse(errFloat)
			return
		}
		at = it.at
	}
	by, good := floatOf(x.Arg(2))
	if !good {
		x.refuse(errFloat)
		return
	}
	if old.IsInf() || by.IsInf() {
		x.refuse("ERR increment would produce NaN or Infinity")
		return
	}
	v := []byte(floatText(old.Add(old, by)))
	x.put(key, v, at)
	x.changed()
	x.bulk(v)
}

// The exponents of a long double, as MantExp counts them. What lies outside is no number to Redis; and the text of a number
// takes time that grows with the square of its exponent.
const (
	leastExponent = -16444
	mostExponent  = 1 << 14
	longestFloat  = 5<<10 - 1 // bytes of its text (MAX_LONG_DOUBLE_CHARS of Redis)
)

// floatOf reads a number as strtold of C does, decimal or hexadecimal.
func floatOf(b []byte) (*big.Float, bool) {
	s := string(b)
	if len(s) == 0 || len(s) > longestFloat || strings.Contains(s, "_") {
		return nil, false
	}
	base, exponent, digits := 10, "eE", strings.TrimLeft(s, "+-")
	if strings.HasPrefix(digits, "0x") || strings.HasPrefix(digits, "0X") {
		base, exponent, digits = 0, "pP", digits[2:]
	} else if strings.ContainsAny(s, "pP") {
		return nil, false // package big takes powers of 2 there
	}
	f, _, err := big.ParseFloat(s, base, floatBits, big.ToNearestEven)
	switch {
	case err != nil:
		return nil, false
	case f.IsInf():
		return f, !strings.ContainsAny(digits, "0123456789") // else it was too large even for package big
	case f.Sign() == 0:
		if i := strings.IndexAny(digits, exponent); i >= 0 {
			digits = digits[:i]
		}
		return f, strings.Trim(digits, "0.") == "" // else too small
	}
	e := f.MantExp(nil)
	return f, leastExponent <= e && e <= mostExponent
}

// floatText is a float with at most 17 digits behind the point, and none that are zero at the end.
func floatText(f *big.Float) string {
	s := f.Text('f', 17)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// number reads an argument that is an integer; when it is not it answers so.
func (c *Call) number(i int) (n int64, good bool) {
	if n, good = integerOf(c.Arg(i)); !good {
		c.refuse(dialect.Integer)
	}
	return n, good
}

// integerOf reads an integer in the only form that Redis takes: no plus sign, no leading zeros, no spaces.
func integerOf(b []byte) (n int64, good bool) {
	digits := b
	if len(b) > 0 && b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 19 || digits[0] == '0' && len(b) > 1 {
		return 0, false
	}
	var u uint64
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, false
		}
		u = u*10 + uint64(d-'0')
	}
	switch {
	case len(digits) == len(b):
		return int64(u), u <= math.MaxInt64
	default:
		return -int64(u), u <= 1<<63
	}
}
