package redis

import (
	"slices"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pool"
)

// A transaction is what a client has begun with MULTI or WATCH. It works on one shard, which the first key names: there the
// client holds a connection of its own. MULTI itself is answered here, and sent to the server in place of the first command that
// goes there. That one waits until the server has agreed, and then goes in front of the next: a server that refuses MULTI would
// do each command at once.
type transaction struct {
	open     bool     // MULTI was answered
	begun    *join    // MULTI was sent; its answer is that to the command that waits behind it
	watching bool     // WATCH was sent
	broken   bool     // a command was refused, so that EXEC must be
	pinned   bool     // to is known
	to       uint64   // id of the shard
	waiting  [][]byte // commands that have been answered, and wait for the one that they are sent with
	bytes    int      // of those
}

// failed says whether the server has refused MULTI. It is known when MULTI has been answered, and nothing of a transaction is
// decoded before.
func (tx *transaction) failed() bool { return tx.begun != nil && tx.begun.failed() }

// delicate says whether what comes next is to wait for the answers to what came before: until MULTI was sent.
func (tx *transaction) delicate() bool { return tx.open && tx.begun == nil }

// Bounds of what may wait until the shard is known.
const (
	maxWaiting      = 1024
	maxWaitingBytes = 64 << 10
)

var (
	wireMulti   = resp.AppendCommand(nil, "MULTI")
	wireUnwatch = resp.AppendCommand(nil, "UNWATCH")
	wireDiscard = resp.AppendCommand(nil, "DISCARD")
)

const (
	errAborted = "EXECABORT Transaction discarded because of previous errors."
	errTunnel  = "ERR a connection that has subscribed cannot have transactions through the proxy; use another one"
)

func (d *doorman) transact(x *session, c *Request) {
	tx := &x.tx
	switch name := c.spec.Name; {
	case name == "multi" && tx.open:
		c.refuse("ERR MULTI calls can not be nested")
	case name == "watch" && tx.open:
		c.refuse("ERR WATCH inside MULTI is not allowed")
	case x.tunnel && (name == "multi" || name == "watch"):
		c.refuse(errTunnel)
	case name == "multi":
		tx.open = true
		c.ok()
	case name == "watch":
		d.watch(x, c)
	case name == "unwatch" && tx.open:
		d.queue(x, c)
	case name == "unwatch":
		d.end(x, c, wireUnwatch)
	case !tx.open:
		c.refuse("ERR " + map[string]string{"exec": "EXEC", "discard": "DISCARD"}[name] + " without MULTI")
	case name == "discard":
		d.end(x, c, wireDiscard)
	case tx.broken || tx.failed():
		d.end(x, c, wireDiscard)
		c.abort()
	default:
		d.exec(x, c)
	}
}

func (d *doorman) watch(x *session, c *Request) {
	t, ok := d.shard(c)
	if !ok || x.tx.pinned && t.id != x.tx.to {
		c.refuse(errCrossSlot)
		return
	}
	x.tx.pinned, x.tx.to, x.tx.watching = true, t.id, true
	x.hold(c, pool.Hold)
}

// hold has c served on the connection that the client holds.
func (x *session) hold(c *Request, l pool.Lease) {
	c.to, c.lease, c.read, x.held = x.tx.to, l, false, true
}

// end ends a transaction without effect, with one of the commands that do, and answers OK.
func (d *doorman) end(x *session, c *Request, how []byte) {
	failed := x.tx.failed()
	if x.tx.begun == nil || failed { // there is nothing to discard
		how = wireUnwatch
	}
	if x.tx.begun != nil || x.tx.watching {
		c.become(c.whole(latest), how)
		x.hold(c, pool.Release)
	} else {
		c.ok()
	}
	if failed { // that server may refuse UNWATCH as well
		c.part.join.how, c.part.join.text = instead, "+OK\r\n"
	}
	x.tx = transaction{}
}

// whole is the join of a request that is not split.
func (c *Request) whole(h how) *join { return &join{how: h, of: c.reader.session.holding} }

// abort answers that nothing was done, in the place of OK.
func (c *Request) abort() {
	if c.part == nil {
		c.refuse(errAborted)
		return
	}
	c.part.join.how, c.part.join.text = instead, "-"+errAborted+"\r\n"
}

func (d *doorman) exec(x *session, c *Request) {
	tx := &x.tx
	switch {
	case tx.begun != nil:
		x.hold(c, pool.Release)
		d.follow(x, c)
	case tx.pinned || len(tx.waiting) > 0:
		if !tx.pinned {
			tx.to = d.routing.first().id
		}
		x.hold(c, pool.Release)
		tx.waiting = slices.Insert(tx.waiting, 0, wireMulti)
		d.follow(x, c)
	default:
		c.wire(resp.AppendArray(nil, 0))
	}
	*tx = transaction{}
}
