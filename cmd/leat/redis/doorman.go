package redis

import (
	"strings"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/stage"
)

// session follows the commands of each connection, in the order in which they were sent. It refuses what may not run, answers
// what concerns the connection itself, and finds the shard for the rest.
func (p *Proxy) session(l *stage.Lane) stage.Stage[Request, Request] {
	return &doorman{proxy: p, lane: l}
}

type doorman struct {
	proxy *Proxy
	lane  *stage.Lane
	*settings
	scatter scatter

	src  []*Request // the batch that runs
	at   int        // index in src of the one that runs
	kept int        // how many go on, at the front of src
}

// Process implements stage.Stage.
func (d *doorman) Process(_, src []*Request) ([]*Request, error) { return stage.Guarded(d, src), nil }

// Try implements stage.Resumable.
func (d *doorman) Try(src []*Request) []*Request {
	d.src, d.at, d.kept = src, 0, 0
	d.settings = d.proxy.settings.Load()
	d.proxy.requests.Add(uint64(len(src)))
	return d.rest()
}

func (d *doorman) rest() []*Request {
	for ; d.at < len(d.src); d.at++ {
		c := d.src[d.at]
		if d.call(c); c.answer.kind != silent {
			d.src[d.kept] = c
			d.kept++
		}
	}
	return d.src[:d.kept]
}

// Resume implements stage.Resumable.
func (d *doorman) Resume(value any) []*Request {
	d.lane.Panicked(value, stage.HeadOf(d.src[d.at]))
	d.at++
	return d.rest()
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
		c.refuse(unknown(&c.Command))
	case s.subs != nil && c.Len() > 1:
		c.refuse("ERR unknown subcommand '" + clip(c.Arg(1), 128) + "'. Try " + strings.ToUpper(s.Name) + " HELP.")
	case !s.takes(c.Len()):
		c.refuse("ERR wrong number of arguments for '" + s.Name + "' command")
	case !x.trusted && !s.early():
		c.refuse("NOAUTH Authentication required.")
	case x.listening() && x.version == resp.RESP2 && !s.whileListening():
		c.refuse("ERR Can't execute '" + s.Name + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context")
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
			c.refuse("ERR wrong number of arguments for 'mset' command")
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
