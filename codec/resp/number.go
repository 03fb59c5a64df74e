package resp

import (
	"bytes"
	"math"
)

// maxNumber is the most bytes of a 64-bit integer, -9223372036854775808.
const maxNumber = 20

// parseInt reads an integer as string2ll of redis does (util.c): without a plus, leading zeros, spaces, or minus zero.
func parseInt(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > maxNumber {
		return 0, false
	}
	if len(b) == 1 && b[0] == '0' {
		return 0, true
	}
	negative := b[0] == '-'
	if negative {
		b = b[1:]
	}
	if len(b) == 0 || b[0] == '0' {
		return 0, false
	}
	var u uint64
	for _, c := range b {
		d := uint64(c - '0')
		if d > 9 || u > (math.MaxUint64-d)/10 {
			return 0, false
		}
		u = 10*u + d
	}
	switch {
	case negative && u <= 1<<63:
		return -int64(u), true
	case !negative && u <= math.MaxInt64:
		return int64(u), true
	}
	return 0, false
}

// isFloat says whether b is a double: inf, nan, or an integral part, perhaps with a fraction and an exponent. redis has
// sent nan with the sign that the C library gave it.
func isFloat(b []byte) bool {
	b = unsigned(b)
	if string(b) == "inf" || string(b) == "nan" {
		return true
	}
	b, ok := digits(b)
	if ok && len(b) > 0 && b[0] == '.' {
		b, ok = digits(b[1:])
	}
	if ok && len(b) > 0 && b[0]|0x20 == 'e' {
		b, ok = digits(unsigned(b[1:]))
	}
	return ok && len(b) == 0
}

// isInteger says whether b is a big number.
func isInteger(b []byte) bool {
	b, ok := digits(unsigned(b))
	return ok && len(b) == 0
}

func unsigned(b []byte) []byte {
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		return b[1:]
	}
	return b
}

// digits takes one digit or more from the front of b.
func digits(b []byte) (rest []byte, ok bool) {
	i := 0
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return b[i:], i > 0
}

// short reads the length behind the byte at b[pos] when it is a plain one of up to 9 digits and the line has ended. It
// returns where the next line begins, or 0 when that is not so. What stands in the place of the LF is not looked at.
func short(b []byte, pos int) (n, next int) {
	i := pos + 1
	if i+2 >= len(b) {
		return 0, 0
	}
	d := b[i] - '0'
	if d > 9 {
		return 0, 0
	}
	n = int(d)
	i++
	if n > 0 {
		for end := min(len(b), i+8); i < end && b[i]-'0' <= 9; i++ {
			n = 10*n + int(b[i]-'0')
		}
	}
	if i+1 >= len(b) || b[i] != '\r' {
		return 0, 0
	}
	return n, i + 2
}

// number reads the number behind the first byte of b, a header that was found valid, and says where the next line begins.
func number(b []byte) (n, next int) {
	if n, next = short(b, 0); next > 0 {
		return n, next
	}
	i := bytes.IndexByte(b, '\r')
	v, _ := parseInt(b[1:i])
	return int(v), i + 2
}

// lineLen returns how long the first line of b is, with its end.
func lineLen(b []byte) int { return bytes.IndexByte(b, '\n') + 1 }
