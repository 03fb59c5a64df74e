package kv

import (
	"math"
	"strconv"

	"github.com/leat-io/leat/cmd/leat/dialect"
)

func expire(x *exec)    { x.expireAt(1000, x.now) }
func pexpire(x *exec)   { x.expireAt(1, x.now) }
func expireat(x *exec)  { x.expireAt(1000, 0) }
func pexpireat(x *exec) { x.expireAt(1, 0) }

// expireAt sets the time of a key from argument 2, which counts units of scale milliseconds from base.
func (x *exec) expireAt(scale, base int64) {
	when, good := x.conditions()
	if !good {
		return
	}
	n, good := x.number(2)
	if !good {
		return
	}
	if n > math.MaxInt64/scale || n < math.MinInt64/scale || n > 0 && n*scale > math.MaxInt64-base {
		x.refuse("ERR invalid expire time in '" + x.spec.name + "' command")
		return
	}
	at := n*scale + base
	it := x.find(x.Arg(1))
	if it == nil || !when.hold(it.at, at) {
		x.integer(0)
		return
	}
	x.integer(1)
	if at <= x.now && !x.load {
		x.expire(x.of(x.Arg(1)), it)
		return
	}
	x.expires(it, max(at, 1))
	x.record("PEXPIREAT", it.key, strconv.FormatInt(at, 10))
}

// conditions are under which EXPIRE changes a time.
type conditions struct{ nx, xx, gt, lt bool }

func (x *exec) conditions() (w conditions, good bool) {
	for i := 3; i < x.Len(); i++ {
		switch a := x.Arg(i); {
		case dialect.Equal(a, "nx"):
			w.nx = true
		case dialect.Equal(a, "xx"):
			w.xx = true
		case dialect.Equal(a, "gt"):
			w.gt = true
		case dialect.Equal(a, "lt"):
			w.lt = true
		default:
			x.refuse("ERR Unsupported option " + string(a))
			return w, false
		}
	}
	switch {
	case w.nx && (w.xx || w.gt || w.lt):
		x.refuse("ERR NX and XX, GT or LT options at the same time are not compatible")
		return w, false
	case w.gt && w.lt:
		x.refuse("ERR GT and LT options at the same time are not compatible")
		return w, false
	}
	return w, true
}

// hold says whether a time may be replaced by another. A key that never expires counts as the latest.
func (w conditions) hold(old, at int64) bool {
	never := old == 0
	switch {
	case w.nx && !never, w.xx && never:
		return false
	case w.gt && (never || at <= old), w.lt && !never && at >= old:
		return false
	}
	return true
}

func persist(x *exec) {
	it := x.find(x.Arg(1))
	if it == nil || it.at == 0 {
		x.integer(0)
		return
	}
	x.expires(it, 0)
	x.changed()
	x.integer(1)
}

func ttl(x *exec)         { x.remaining(func(at int64) int64 { return (at - x.now + 500) / 1000 }) }
func pttl(x *exec)        { x.remaining(func(at int64) int64 { return at - x.now }) }
func expiretime(x *exec)  { x.remaining(func(at int64) int64 { return at/1000 + (at%1000+500)/1000 }) }
func pexpiretime(x *exec) { x.remaining(func(at int64) int64 { return at }) }

// remaining answers with what f makes of the time of a key: -2 is no such key, -1 is no time.
func (x *exec) remaining(f func(at int64) int64) {
	switch it := x.look(x.Arg(1)); {
	case it == nil:
		x.integer(-2)
	case it.at == 0:
		x.integer(-1)
	default:
		x.integer(f(it.at))
	}
}
