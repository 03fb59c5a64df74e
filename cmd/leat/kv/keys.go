package kv

import (
	"math/rand/v2"
	"strconv"

	"github.com/leat-io/leat/cmd/leat/dialect"
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
)

func typeOf(x *exec) {
	if x.look(x.Arg(1)) != nil {
		x.simple("string")
		return
	}
	x.simple("none")
}

func rename(x *exec) {
	if x.move() {
		x.ok()
	}
}

func renamenx(x *exec) {
	if it := x.find(x.Arg(1)); it != nil && x.find(x.Arg(2)) != nil {
		x.integer(0)
		return
	}
	if x.move() {
		x.integer(1)
	}
}

// move gives the value and the time of one key to another.
func (x *exec) move() bool {
	it := x.find(x.Arg(1))
	if it == nil {
		x.refuse(errNoKey)
		return false
	}
	value, at := it.value, it.at
	x.remove(x.Arg(1))
	x.put(x.Arg(2), value, at)
	x.changed()
	return true
}

// each calls f with every key that has not expired, until f returns false. All partitions are locked.
func (x *exec) each(from, to int, f func(*item) bool) {
	for i := from; i < to; i++ {
		for _, it := range x.server.keys.parts[i].items {
			if (it.at == 0 || it.at > x.now || x.load) && !f(it) {
				return
			}
		}
	}
}

func keysLike(x *exec) {
	var found []string
	pattern := x.Arg(1)
	x.each(0, stage.Partitions, func(it *item) bool {
		if match(pattern, it.key) {
			found = append(found, it.key)
		}
		return true
	})
	x.wire(appendStrings(nil, found))
}

func appendStrings(b []byte, list []string) []byte {
	return dialect.AppendBulks(resp.AppendArray(b, len(list)), list...)
}

// scan goes through the partitions, whole ones at a time, until it has seen as many keys as COUNT asks for. The cursor is
// the number of the partition to go on with: what is there from the first call to the last is found once.
func scan(x *exec) {
	cursor, err := strconv.ParseUint(string(x.Arg(1)), 10, 64)
	if err != nil {
		x.refuse("ERR invalid cursor")
		return
	}
	count, pattern, kind := int64(10), []byte(nil), "string"
	for i := 2; i < x.Len(); i += 2 {
		a := x.Arg(i)
		if i+1 == x.Len() {
			x.refuse(dialect.Syntax)
			return
		}
		switch {
		case dialect.Equal(a, "count"):
			var good bool
			if count, good = x.number(i + 1); !good {
				return
			}
			if count < 1 {
				x.refuse(dialect.Syntax)
				return
			}
		case dialect.Equal(a, "match"):
			pattern = x.Arg(i + 1)
		case dialect.Equal(a, "type"):
			kind = lower(x.Arg(i + 1))
		default:
			x.refuse(dialect.Syntax)
			return
		}
	}
	var found []string
	at := int(min(cursor, stage.Partitions))
	for seen := int64(0); at < stage.Partitions && seen < count; at++ {
		x.each(at, at+1, func(it *item) bool {
			seen++
			if kind == "string" && (pattern == nil || match(pattern, it.key)) {
				found = append(found, it.key)
			}
			return true
		})
	}
	next := "0"
	if at < stage.Partitions {
		next = strconv.Itoa(at)
	}
	x.wire(appendStrings(resp.AppendBulkString(resp.AppendArray(nil, 2), next), found))
}

// randomkey begins at a random partition and takes the first key that a map yields, in its random order, so that keys are
// not quite equally likely.
func randomkey(x *exec) {
	start := rand.IntN(stage.Partitions)
	for i := range stage.Partitions {
		p := (start + i) % stage.Partitions
		var key string
		found := false
		x.each(p, p+1, func(it *item) bool {
			key, found = it.key, true
			return false
		})
		if found {
			x.bulk([]byte(key))
			return
		}
	}
	x.null()
}

func dbsize(x *exec) {
	n := 0
	for i := range x.server.keys.parts {
		n += len(x.server.keys.parts[i].items)
	}
	x.integer(int64(n))
}

func flushall(x *exec) {
	if x.Len() > 2 || x.Len() == 2 && !dialect.Equal(x.Arg(1), "sync") && !dialect.Equal(x.Arg(1), "async") {
		x.refuse(dialect.Syntax)
		return
	}
	k := &x.server.keys
	for i := range k.parts {
		k.parts[i].clear()
	}
	k.used.Store(0)
	x.changed()
	x.ok()
}
