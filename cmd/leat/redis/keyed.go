package redis

import (
	"bytes"

	"github.com/leat-io/leat/cmd/leat/dialect"
	"github.com/leat-io/leat/codec/resp"
)

// keyed sends a request to the shard that has all its keys.
func (d *doorman) keyed(c *Request) {
	if only := c.spec.only; only > 0 {
		c.send(d.routing.of(c.Arg(only)))
		return
	}
	t, ok := d.shard(c)
	switch {
	case !ok:
		c.refuse(errCrossSlot)
	case t == nil:
		c.send(d.routing.first())
	default:
		c.send(t)
	}
}

// shard finds the shard that has all keys of c. There is none when they are on several, or when there are none; then any server
// says what it thinks of the command.
func (d *doorman) shard(c *Request) (t *target, ok bool) {
	if d.routing.single() {
		return d.routing.first(), true
	}
	ok = true
	found := c.spec.eachKey(&c.Command, func(i int) {
		k := d.routing.of(c.Arg(i))
		if t == nil {
			t = k
		}
		ok = ok && t == k
	})
	if !found {
		return nil, true
	}
	if c.spec.class == sorting && ok && foreign(&c.Command) {
		c.refuse("ERR BY and GET of SORT with other keys are not served through the proxy: they may be on other servers")
	}
	return t, ok
}

// foreign says whether a SORT looks at keys that are not named in it.
func foreign(c *resp.Command) bool {
	for i := 2; i+1 < c.Len(); i++ {
		if (dialect.Equal(c.Arg(i), "by") || dialect.Equal(c.Arg(i), "get")) && bytes.IndexByte(c.Arg(i+1), '*') >= 0 {
			return true
		}
	}
	return false
}

// waits says whether a command may wait for something to happen. All that can do, but for those of streams, which say it.
func waits(c *resp.Command) bool {
	if b := c.Arg(0)[0]; b != 'x' && b != 'X' {
		return true
	}
	_, block := streams(c)
	return block
}

// alone says which commands are decoded when nothing else of their connection is under way: those that go over a connection of
// their own, which others could overtake, and those that change what is agreed or depend on it.
func alone(c *Request) bool {
	x, s := c.reader.session, c.command()
	if x != nil && x.tx.delicate() {
		return true
	}
	if s == nil {
		return false
	}
	switch s.class {
	case transacts, listens:
		return true
	case talks:
		return s.agrees() || s.Name == "ping" && x.listening()
	}
	return s.blocking && waits(&c.Command)
}
