package resp

import (
	"math"
	"math/big"
	"strconv"
)

// A Version is the version of the protocol that a connection has agreed on with HELLO: 2 until then. Its methods append
// what the versions write differently; RESP2 lacks most types, and each has the substitute that redis sends.
type Version uint8

const (
	RESP2 Version = 2
	RESP3 Version = 3
)

// AppendNull appends the null, in RESP2 the null bulk string.
func (v Version) AppendNull(b []byte) []byte {
	if v < RESP3 {
		return append(b, "$-1\r\n"...)
	}
	return append(b, "_\r\n"...)
}

// AppendNullArray appends the null in the place of an array, which RESP2 tells from others.
func (v Version) AppendNullArray(b []byte) []byte {
	if v < RESP3 {
		return append(b, "*-1\r\n"...)
	}
	return append(b, "_\r\n"...)
}

// AppendMap appends the head of a map. Its pairs must be appended next, each a key and a value. In RESP2 it is an array of
// twice as many elements.
func (v Version) AppendMap(b []byte, pairs int) []byte {
	if v < RESP3 {
		return AppendArray(b, 2*pairs)
	}
	return appendHeader(b, KindMap, int64(pairs))
}

// AppendSet appends the head of a set of n elements, in RESP2 of an array.
func (v Version) AppendSet(b []byte, n int) []byte { return v.appendAggregate(b, KindSet, n) }

// AppendPush appends the head of a push of n elements, the first of which is a string that says what is pushed; in RESP2 of
// an array.
func (v Version) AppendPush(b []byte, n int) []byte { return v.appendAggregate(b, KindPush, n) }

func (v Version) appendAggregate(b []byte, kind Kind, n int) []byte {
	if v < RESP3 {
		kind = KindArray
	}
	return appendHeader(b, kind, int64(n))
}

// AppendDouble appends f with the fewest digits that give f again, as redis does since 7.2, in RESP2 as a bulk string.
func (v Version) AppendDouble(b []byte, f float64) []byte {
	var room [32]byte
	digits := appendFloat(room[:0], f)
	if v < RESP3 {
		return AppendBulk(b, digits)
	}
	return append(append(append(b, byte(KindDouble)), digits...), '\r', '\n')
}

// appendFloat has an exponent where %.17g of C has one.
func appendFloat(b []byte, f float64) []byte {
	switch abs := math.Abs(f); {
	case math.IsInf(f, 1):
		return append(b, "inf"...)
	case math.IsInf(f, -1):
		return append(b, "-inf"...)
	case math.IsNaN(f):
		return append(b, "nan"...)
	case abs != 0 && abs < 1e-4 || abs >= 1e17:
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

// AppendBool appends a truth value, in RESP2 the integer 1 or 0.
func (v Version) AppendBool(b []byte, is bool) []byte {
	switch {
	case v < RESP3 && is:
		return append(b, ":1\r\n"...)
	case v < RESP3:
		return append(b, ":0\r\n"...)
	case is:
		return append(b, "#t\r\n"...)
	}
	return append(b, "#f\r\n"...)
}

// AppendBigNumber appends an integer of any size, in RESP2 as a bulk string. One over 64 bits allocates its digits.
func (v Version) AppendBigNumber(b []byte, n *big.Int) []byte {
	var room [20]byte // -9223372036854775808
	digits := room[:0]
	if n.IsInt64() {
		digits = strconv.AppendInt(digits, n.Int64(), 10)
	} else {
		digits = n.Append(digits, 10)
	}
	if v < RESP3 {
		return AppendBulk(b, digits)
	}
	return append(append(append(b, byte(KindBigNumber)), digits...), '\r', '\n')
}

// AppendVerbatim appends a text whose format is named by three bytes, "txt" or "mkd": a shorter name is filled with spaces
// and a longer one cut off, as in redis. In RESP2 it is a bulk string.
func (v Version) AppendVerbatim(b []byte, format string, s []byte) []byte {
	if v < RESP3 {
		return AppendBulk(b, s)
	}
	b = appendHeader(b, KindVerbatim, int64(len("txt:")+len(s)))
	for i := range len("txt") {
		c := byte(' ')
		if i < len(format) {
			c = format[i]
		}
		b = append(b, c)
	}
	b = append(append(b, ':'), s...)
	return append(b, '\r', '\n')
}
