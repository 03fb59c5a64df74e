package redis

import (
	"github.com/leat-io/leat/cmd/leat/dialect"
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/stage"
)

// session follows the commands of each connection, in the order in which they were sent. It refuses what may not run, answers
// what concerns the connection itself, and finds the shard for the rest.
func (p *Proxy) session(l *stage.Lane) stage.Stage[Request, Request] {
	d := &doorman{proxy: p}
	d.Resumable = stage.Filter(d.keep)(l).(stage.Resumable[Request])
	return d
}

type doorman struct {
	stage.Resumable[Request] // keeps requests
	proxy                    *Proxy
	*settings
	scatter scatter
}

// Process implements stage.Stage.
func (d *doorman) Process(_, src []*Request) ([]*Request, error) { return stage.Guarded(d, src), nil }

// Try implements stage.Resumable.
func (d *doorman) Try(src []*Request) []*Request {
	d.settings = d.proxy.settings.Load()
	d.proxy.requests.Add(uint64(len(src)))
	return d.Resumable.Try(src)
}

// keep serves c, which ends here if nobody answers it.
func (d *doorman) keep(c *Request) bool {
	d.call(c)
	return c.answer.kind != silent
}

// call answers c, or says where it is to be served.
func (d *doorman) call(c *Request) {
	x := d.of(c)
	if x.quit {
		c.answer.kind = silent
		return
	}
	c.version = x.version
	s := c.command()
	switch {
	case s == nil:
		c.refuse(dialect.Unknown(&c.Command))
	case s.subs != nil && c.Len() > 1:
		c.refuse(dialect.UnknownSub(s.Name, &c.Command))
	case !s.takes(c.Len()):
		c.refuse(dialect.WrongNumber(s.Name))
	case !x.trusted && !s.early():
		c.refuse(dialect.NoAuth)
	case x.listening() && x.version == resp.RESP2 && !s.whileListening():
		c.refuse(dialect.Listening(s.Name))
	case x.tx.open && s.class != transacts && s.Name != "quit" && s.Name != "reset":
		d.queue(x, c)
	default:
		d.serve(x, c)
		return
	}
	if x.tx.open && c.answer.kind == failure {
		x.tx.broken = true
	}
}

// serve serves a command outside of a transaction, and those that begin and end one.
func (d *doorman) serve(x *session, c *Request) {
	c.profile = x.profile()
	c.read = c.spec.read && !x.tx.watching
	if c.spec.blocking && waits(&c.Command) {
		c.lease, c.read, x.held = pool.Once, false, true
	}
	switch c.spec.class {
	case keyed, sorting:
		d.keyed(c)
	case values:
		d.byKey(c, inOrder, 1)
	case sums:
		d.byKey(c, added, 1)
	case sets:
		if c.Len()%2 == 0 {
			c.refuse(dialect.WrongNumber("mset"))
			return
		}
		d.byKey(c, same, 2)
	case counts:
		d.everywhere(c, added)
	case succeeds:
		d.everywhere(c, same)
	case lists:
		d.everywhere(c, behind)
	case ands:
		d.everywhere(c, least)
	case scans:
		if d.routing.single() {
			c.send(d.routing.first())
			return
		}
		d.scan(c)
	case anywhere:
		c.send(d.routing.first())
	case channels:
		c.send(d.routing.channels)
	case listens:
		d.listen(x, c)
	case talks:
		d.talk(x, c)
	case transacts:
		d.transact(x, c)
	case whole:
		if !d.routing.single() {
			c.refuseWhy()
			return
		}
		c.send(d.routing.first())
	case refused:
		c.refuseWhy()
	}
}
