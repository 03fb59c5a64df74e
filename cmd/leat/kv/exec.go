package kv

import (
	"strconv"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
)

// An exec is what a command on data works with: the call, whose arguments it reads and whose reply it sets, and the data.
// The partitions of the call's keys are locked while it runs.
type exec struct {
	*Call
	server *Server
	lane   *stage.Lane
	load   bool  // it repeats a journal: nothing expires, and nothing is recorded
	part   *part // of all keys of the call, when they have one; it is locked
	locked lockset
}

// run runs a command.
func (x *exec) run(c *Call) {
	x.Call, x.part = c, nil
	k := &x.server.keys
	if c.spec.is&grows != 0 && c.piece == nil && !x.load && k.full() {
		c.refuse(errMemory)
		return
	}
	if c.spec.is&keyless != 0 {
		c.spec.run(x)
		return
	}
	if c.spec.first > 0 && (c.spec.last == c.spec.first || c.piece != nil) { // one partition: the usual case
		x.part = &k.parts[stage.Partition(c.hash)]
		x.part.mu.Lock()
		defer x.part.mu.Unlock()
		c.spec.run(x)
		return
	}
	if x.locked = all; c.spec.first > 0 {
		x.locked = lockset{}
		for e := range c.entries {
			x.locked.add(stage.Partition(stage.Hash(e.key)))
		}
	}
	k.lock(&x.locked)
	defer k.unlock(&x.locked)
	c.spec.run(x)
}

// entries yields the keys that c, or this piece of it, is about.
func (c *Call) entries(yield func(entry) bool) {
	if c.piece != nil {
		for _, e := range c.piece {
			if !yield(e) {
				return
			}
		}
		return
	}
	spec := c.spec
	last := spec.last
	if last < 0 {
		last += c.Len()
	}
	for i, n := spec.first, 0; i <= last; i, n = i+spec.step, n+1 {
		e := entry{number: n, key: c.Arg(i)}
		if spec.step > 1 {
			e.value = c.Arg(i + 1)
		}
		if !yield(e) {
			return
		}
	}
}

// of returns the partition of a key, which is hashed once for most commands.
func (x *exec) of(key []byte) *part {
	if x.part != nil {
		return x.part
	}
	return x.server.keys.of(key)
}

// find returns what is under a key, or nil.
func (x *exec) find(key []byte) *item {
	p := x.of(key)
	it := p.items[string(key)]
	if it == nil {
		return nil
	}
	if it.at != 0 && it.at <= x.now && !x.load {
		x.expire(p, it)
		return nil
	}
	return it
}

// look is find for commands that read: it counts hits and misses.
func (x *exec) look(key []byte) *item {
	it := x.find(key)
	if it == nil {
		x.server.misses.Add(1)
	} else {
		x.server.hits.Add(1)
	}
	return it
}

// expire removes an item whose time has come, and has that recorded.
func (x *exec) expire(p *part, it *item) {
	x.server.keys.remove(p, it)
	x.server.expired.Add(1)
	x.record("DEL", it.key)
}

// put stores a value, which the keyspace takes over.
func (x *exec) put(key, value []byte, at int64) {
	x.server.keys.put(x.of(key), key, value, at)
}

// remove removes a key, and says whether it was there.
func (x *exec) remove(key []byte) bool {
	it := x.find(key)
	if it == nil {
		return false
	}
	x.server.keys.remove(x.of(key), it)
	return true
}

// expires sets when an item expires, in Unix milliseconds; 0 is never.
func (x *exec) expires(it *item, at int64) { x.of([]byte(it.key)).expire(it, at) }

// own returns a copy of b that may be stored.
func own(b []byte) []byte { return append(make([]byte, 0, len(b)), b...) }

// changed says that the command has changed data, and would again if it was repeated.
func (x *exec) changed() { x.wrote = true }

// record has a command repeated in the place of the one that runs, or before it.
func (x *exec) record(words ...string) {
	if x.load || !x.server.cfg.Journal {
		return
	}
	b := resp.AppendArray(x.effect, len(words))
	for _, w := range words {
		b = resp.AppendBulkString(b, w)
	}
	x.effect = b
}

// recordSet records that a key has a value until a time.
func (x *exec) recordSet(key, value []byte, at int64) {
	x.record("SET", string(key), string(value), "PXAT", strconv.FormatInt(at, 10))
}

func (c *Call) ok()             { c.reply.kind = ok }
func (c *Call) null()           { c.reply.kind = null }
func (c *Call) integer(n int64) { c.reply.kind, c.reply.n = integer, n }
func (c *Call) bulk(b []byte)   { c.reply.kind, c.reply.b = bulk, b }
func (c *Call) simple(s string) { c.reply.kind, c.reply.b = simple, []byte(s) }

// refuse answers with an error.
func (c *Call) refuse(text string) { c.reply.kind, c.reply.b = failure, []byte(text) }

// wire answers with bytes in the protocol's form.
func (c *Call) wire(b []byte) { c.reply.kind, c.reply.b = wire, b }

// The errors of Redis that several commands have.
const (
	errFloat    = "ERR value is not a valid float"
	errOverflow = "ERR increment or decrement would overflow"
	errNoKey    = "ERR no such key"
	errTooLong  = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	errOffset   = "ERR offset is out of range"
	errMemory   = "OOM command not allowed when used memory > 'maxmemory'."
)
