package redis

import "github.com/leat-io/leat/cmd/leat/dialect"

func (d *doorman) auth(x *session, c *Request) {
	if refusal := dialect.Password(d.password).Auth(&c.Command); refusal != "" {
		c.refuse(refusal)
		return
	}
	x.trust(true)
	c.ok()
}

func (d *doorman) hello(x *session, c *Request) {
	is, refusal := dialect.Password(d.password).Hello(dialect.Client{Version: x.version, Name: x.name, Trusted: x.trusted}, &c.Command)
	x.trust(is.Trusted)
	switch {
	case refusal != "":
		c.refuse(refusal)
		return
	case is.Version != x.version && (x.tx.pinned || x.tunnel):
		c.refuse("ERR the protocol cannot change through the proxy between WATCH and EXEC, nor of a connection that has subscribed")
		return
	}
	x.version, x.name = is.Version, is.Name
	c.wire(is.Welcome("redis", Version, x.conn.ID()))
}
