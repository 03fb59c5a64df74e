package redis

import (
	"strconv"

	"github.com/leat-io/leat/cmd/leat/dialect"
	"github.com/leat-io/leat/codec/resp"
)

// talk answers what is about the connection, or about the proxy.
func (d *doorman) talk(x *session, c *Request) {
	switch c.spec.Name {
	case "ping":
		d.ping(x, c)
	case "echo":
		c.bulk(c.Arg(1))
	case "quit":
		c.ok()
		x.quit = true
		x.conn.Finish(nil)
	case "reset":
		d.reset(x, c)
	case "select":
		d.selectDB(x, c)
	case "auth":
		d.auth(x, c)
	case "hello":
		d.hello(x, c)
	case "info":
		d.info(c)
	case "config|get":
		d.config(c)
	default:
		x.client(c)
	}
}

// ping is answered by the server of the channels when the client listens to it: then that is the one whose life it wants to
// know about.
func (d *doorman) ping(x *session, c *Request) {
	switch {
	case c.Len() > 2:
		c.refuse(dialect.WrongNumber("ping"))
	case x.listening():
		d.tunnel(x, c)
	case c.Len() == 2:
		c.bulk(c.Arg(1))
	default:
		c.answer = pong
	}
}

var pong = answer{kind: simple, b: []byte("PONG")}

// reset makes the connection what it was when it was new. One that has subscribed ends: messages may be on their way to it.
func (d *doorman) reset(x *session, c *Request) {
	switch {
	case x.tunnel:
		c.simple("RESET")
		x.quit = true
		x.conn.Finish(nil)
		return
	case x.tx.begun != nil || x.tx.watching:
		d.end(x, c, wireDiscard)
		c.part.join.how, c.part.join.text = instead, "+RESET\r\n"
	default:
		c.simple("RESET")
	}
	*x = session{proxy: x.proxy, conn: x.conn, reader: x.reader, holding: x.holding, held: x.held, version: resp.RESP2}
	x.trust(d.password == "")
}

func (d *doorman) selectDB(x *session, c *Request) {
	n, err := strconv.ParseInt(string(c.Arg(1)), 10, 32)
	switch {
	case err != nil:
		c.refuse(dialect.Integer)
	case n < 0 || n >= int64(d.databases):
		c.refuse("ERR DB index is out of range")
	case x.tx.pinned && uint32(n) != x.db:
		c.refuse("ERR 'SELECT' is not served between WATCH and EXEC through the proxy")
	default:
		x.db = uint32(n)
		c.ok()
	}
}
