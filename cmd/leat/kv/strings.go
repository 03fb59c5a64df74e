package kv

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// maxString is the longest value, as in Redis.
const maxString = 512 << 20

func get(x *exec) {
	if it := x.look(x.Arg(1)); it != nil {
		x.bulk(it.value)
		return
	}
	x.null()
}

// setOptions are what SET and GETEX say beside key and value.
type setOptions struct {
	nx, xx, get, keep, persist bool
	unit                       string // of the time, or ""
	number                     int    // the argument that says the time
}

// options reads them from argument i on. It answers what is wrong with them.
func (x *exec) options(i int, getex bool) (o setOptions, good bool) {
	for ; i < x.Len(); i++ {
		a := x.Arg(i)
		switch {
		case !getex && equal(a, "nx") && !o.xx:
			o.nx = true
		case !getex && equal(a, "xx") && !o.nx:
			o.xx = true
		case !getex && equal(a, "get"):
			o.get = true
		case !getex && equal(a, "keepttl") && o.unit == "":
			o.keep = true
		case getex && equal(a, "persist") && o.unit == "":
			o.persist = true
		case isUnit(a) && (o.unit == "" || equal(a, o.unit)) && !o.keep && !o.persist && i+1 < x.Len():
			i++
			o.unit, o.number = lower(a), i // of two, the second
		default:
			x.refuse(errSyntax)
			return o, false
		}
	}
	return o, true
}

func isUnit(a []byte) bool {
	return equal(a, "ex") || equal(a, "px") || equal(a, "exat") || equal(a, "pxat")
}

// deadline reads argument i as a time in the unit that an option names: Unix milliseconds, or 0 without an option.
func (x *exec) deadline(option string, i int) (at int64, good bool) {
	if option == "" {
		return 0, true
	}
	n, good := x.number(i)
	if !good {
		return 0, false
	}
	scale, base := int64(1), int64(0)
	if option == "ex" || option == "exat" {
		scale = 1000
	}
	if option == "ex" || option == "px" {
		base = x.now
	}
	if n <= 0 || n > (math.MaxInt64-base)/scale {
		x.refuse("ERR invalid expire time in '" + x.spec.name + "' command")
		return 0, false
	}
	return n*scale + base, true
}

func set(x *exec) {
	o, good := x.options(3, false)
	if !good {
		return
	}
	at, good := x.deadline(o.unit, o.number)
	if !good {
		return
	}
	key, value := x.Arg(1), x.Arg(2)
	it := x.find(key)
	if o.get {
		if x.null(); it != nil {
			x.bulk(it.value)
		}
	}
	if o.nx && it != nil || o.xx && it == nil {
		if !o.get {
			x.null()
		}
		return
	}
	if o.keep && it != nil {
		at = it.at
	}
	x.put(key, own(value), at)
	if at != 0 {
		x.recordSet(key, value, at)
	} else {
		x.changed()
	}
	if !o.get {
		x.ok()
	}
}

func setnx(x *exec) {
	if x.find(x.Arg(1)) != nil {
		x.integer(0)
		return
	}
	x.put(x.Arg(1), own(x.Arg(2)), 0)
	x.changed()
	x.integer(1)
}

// setex and psetex are SET with EX and PX.
func setex(x *exec)  { setUntil(x, "ex") }
func psetex(x *exec) { setUntil(x, "px") }

func setUntil(x *exec, unit string) {
	at, good := x.deadline(unit, 2)
	if !good {
		return
	}
	x.put(x.Arg(1), own(x.Arg(3)), at)
	x.recordSet(x.Arg(1), x.Arg(3), at)
	x.ok()
}

func getset(x *exec) {
	get(x)
	x.put(x.Arg(1), own(x.Arg(2)), 0)
	x.changed()
}

func getdel(x *exec) {
	if get(x); x.remove(x.Arg(1)) {
		x.changed()
	}
}

func getex(x *exec) {
	o, good := x.options(2, true)
	if !good {
		return
	}
	it := x.look(x.Arg(1))
	if it == nil {
		x.null()
		return
	}
	at, good := x.deadline(o.unit, o.number)
	if !good {
		return
	}
	x.bulk(it.value)
	switch {
	case at != 0 && at <= x.now && !x.load:
		x.expire(x.server.keys.of(x.Arg(1)), it)
	case at != 0:
		x.expires(it, at)
		x.record("PEXPIREAT", it.key, strconv.FormatInt(at, 10))
	case o.persist && it.at != 0:
		x.expires(it, 0)
		x.record("PERSIST", it.key)
	}
}

func strlen(x *exec) {
	if it := x.look(x.Arg(1)); it != nil {
		x.integer(int64(len(it.value)))
		return
	}
	x.integer(0)
}

func appendTo(x *exec) {
	key, more := x.Arg(1), x.Arg(2)
	it := x.find(key)
	if it == nil {
		x.put(key, own(more), 0)
		x.changed()
		x.integer(int64(len(more)))
		return
	}
	if len(it.value)+len(more) > maxString {
		x.refuse(errTooLong)
		return
	}
	x.put(key, append(it.value, more...), it.at) // in place when there is room: nobody looks behind the end
	x.changed()
	x.integer(int64(len(it.value)))
}

func getrange(x *exec) {
	from, good := x.number(2)
	if !good {
		return
	}
	to, good := x.number(3)
	if !good {
		return
	}
	var v []byte
	if it := x.look(x.Arg(1)); it != nil {
		v = it.value
	}
	n := int64(len(v))
	if from < 0 && to < 0 && from > to {
		x.bulk(nil)
		return
	}
	if from < 0 {
		from = max(from+n, 0)
	}
	if to < 0 {
		to = max(to+n, 0)
	}
	if to = min(to, n-1); n == 0 || from > to {
		x.bulk(nil)
		return
	}
	x.bulk(v[from : to+1])
}

func setrange(x *exec) {
	offset, good := x.number(2)
	if !good {
		return
	}
	if offset < 0 {
		x.refuse(errOffset)
		return
	}
	key, b := x.Arg(1), x.Arg(3)
	var old []byte
	at := int64(0)
	if it := x.find(key); it != nil {
		old, at = it.value, it.at
	}
	if len(b) == 0 {
		x.integer(int64(len(old)))
		return
	}
	if offset > maxString-int64(len(b)) {
		x.refuse(errTooLong)
		return
	}
	v := make([]byte, max(len(old), int(offset)+len(b)))
	copy(v, old)
	copy(v[offset:], b)
	x.put(key, v, at)
	x.changed()
	x.integer(int64(len(v)))
}

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
			x.refuse(errInteger)
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
)

// floatOf reads a number as strtold of C does, decimal or hexadecimal.
func floatOf(b []byte) (*big.Float, bool) {
	s := string(b)
	if len(s) == 0 || len(s) > 256 || strings.Contains(s, "_") {
		return nil, false
	}
	base := 10
	if digits := strings.TrimLeft(s, "+-"); strings.HasPrefix(digits, "0x") || strings.HasPrefix(digits, "0X") {
		base = 0
	}
	f, _, err := big.ParseFloat(s, base, floatBits, big.ToNearestEven)
	if err != nil || f.IsInf() || f.Sign() == 0 {
		return f, err == nil
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
