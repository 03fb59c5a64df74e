package kv

import (
	"strconv"
)

// MaxString is the longest value, as in Redis.
const MaxString = 512 << 20

func get(x *exec) {
	if it := x.look(x.Arg(1)); it != nil {
		x.bulk(it.value)
		return
	}
	x.null()
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
		x.expire(x.of(x.Arg(1)), it)
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
	if len(it.value)+len(more) > MaxString {
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
	if offset > MaxString-int64(len(b)) {
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
