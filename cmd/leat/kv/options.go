package kv

import (
	"math"

	"github.com/leat-io/leat/cmd/leat/dialect"
)

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
		case !getex && dialect.Equal(a, "nx") && !o.xx:
			o.nx = true
		case !getex && dialect.Equal(a, "xx") && !o.nx:
			o.xx = true
		case !getex && dialect.Equal(a, "get"):
			o.get = true
		case !getex && dialect.Equal(a, "keepttl") && o.unit == "":
			o.keep = true
		case getex && dialect.Equal(a, "persist") && o.unit == "":
			o.persist = true
		case isUnit(a) && (o.unit == "" || dialect.Equal(a, o.unit)) && !o.keep && !o.persist && i+1 < x.Len():
			i++
			o.unit, o.number = lower(a), i // of two, the second
		default:
			x.refuse(dialect.Syntax)
			return o, false
		}
	}
	return o, true
}

func isUnit(a []byte) bool {
	return dialect.Equal(a, "ex") || dialect.Equal(a, "px") || dialect.Equal(a, "exat") || dialect.Equal(a, "pxat")
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
