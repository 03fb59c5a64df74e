package redis

import (
	"slices"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pool"
)

// begin has MULTI sent in the place of c, which waits.
func (d *doorman) begin(x *session, c *Request) {
	tx := &x.tx
	if tx.keep(c) {
		tx.begun = c.whole(begins)
		c.become(tx.begun, wireMulti)
	}
}

// follow has what waits sent before c.
func (d *doorman) follow(x *session, c *Request) {
	tx := &x.tx
	if len(tx.waiting) == 0 {
		return
	}
	j := d.join(c, latest, len(tx.waiting)+1)
	for i := range j.parts {
		p := &j.parts[i]
		p.to, p.lease = tx.to, c.lease
		if i < len(tx.waiting) {
			p.wire, p.lease = tx.waiting[i], pool.Hold
		}
	}
	tx.waiting, tx.bytes = nil, 0
	c.plan = j
}

// queue adds a command to a transaction.
func (d *doorman) queue(x *session, c *Request) {
	c.profile = x.profile()
	tx := &x.tx
	t, ok := d.place(c)
	if t == nil && ok && !tx.pinned && c.script() {
		t = d.routing.first()
	}
	switch {
	case c.answer.kind != none:
	case !ok:
		c.refuse(errCrossSlot)
	case t != nil && tx.pinned && t.id != tx.to:
		c.refuse(errCrossSlot)
	case tx.failed():
		c.answer.kind = queued // nothing of it will run
	case t == nil && !tx.pinned:
		tx.wait(c)
	default:
		if !tx.pinned {
			tx.pinned, tx.to = true, t.id
		}
		x.hold(c, pool.Hold)
		if tx.begun == nil {
			d.begin(x, c)
		} else {
			d.follow(x, c)
		}
	}
}

// place finds the shard for a command of a transaction, which is nil when any will do.
func (d *doorman) place(c *Request) (t *target, ok bool) {
	switch k := c.spec.class; {
	case k == keyed, k == sorting, k == values, k == sums, k == sets:
		return d.shard(c)
	case k == channels:
		return d.routing.channels, true
	case k == anywhere, c.spec.Name == "ping", c.spec.Name == "echo", c.spec.Name == "unwatch":
		return nil, true
	case d.routing.single() && slices.Contains([]class{counts, succeeds, lists, ands, scans, whole}, k):
		return d.routing.first(), true
	case k == refused:
		c.refuseWhy()
	default:
		c.refuse("ERR '" + c.spec.upper() + "' is not served in a transaction through the proxy")
	}
	return nil, true
}

// script says whether c may write although it names no keys: then it must not be sent together with MULTI. Other commands without
// keys where there should be some do nothing but fail.
func (c *Request) script() bool {
	return slices.Contains(scripts, c.spec.Name) && c.spec.eachKey(&c.Command, func(int) {})
}

var scripts = []string{"eval", "evalsha", "fcall"}

// wait keeps a command without keys until the shard is known.
func (tx *transaction) wait(c *Request) {
	if len(tx.waiting) == maxWaiting || tx.bytes+len(c.Raw) > maxWaitingBytes {
		c.refuse("ERR too many commands without keys at the beginning of a transaction")
		return
	}
	if tx.keep(c) {
		c.answer.kind = queued
	}
}

// keep keeps a command that is sent later. It is false when c has failed.
func (tx *transaction) keep(c *Request) bool {
	b, err := canonical.Append(nil, &c.Command)
	if err != nil {
		c.Fail(err)
		return false
	}
	tx.waiting = append(tx.waiting, b)
	tx.bytes += len(b)
	return true
}

var canonical = resp.Request(resp.Limits{})
