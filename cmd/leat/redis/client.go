package redis

import (
	"fmt"

	"github.com/leat-io/leat/cmd/leat/dialect"
)

// client answers CLIENT. Names stay here: connections to servers are of no one client.
func (x *session) client(c *Request) {
	switch c.spec.Name {
	case "client|id":
		c.integer(int64(x.conn.ID()))
	case "client|getname":
		if x.name == "" {
			c.null()
			return
		}
		c.bulk([]byte(x.name))
	case "client|setname":
		if !dialect.Visible(string(c.Arg(2))) {
			c.refuse(dialect.BadName)
			return
		}
		x.name = string(c.Arg(2))
		c.ok()
	case "client|setinfo":
		x.setinfo(c)
	case "client|info":
		text := fmt.Sprintf("id=%d addr=%s name=%s db=%d resp=%d lib-name=%s lib-ver=%s\n", x.conn.ID(), x.conn.Peer(), x.name, x.db, x.version, x.lib[0], x.lib[1])
		c.wire(c.version.AppendVerbatim(nil, "txt", []byte(text)))
	case "client|no-evict":
		if !dialect.Equal(c.Arg(2), "on") && !dialect.Equal(c.Arg(2), "off") {
			c.refuse(dialect.Syntax)
			return
		}
		c.ok() // the proxy evicts nobody
	}
}

func (x *session) setinfo(c *Request) {
	value := string(c.Arg(3))
	for i, option := range []string{"lib-name", "lib-ver"} {
		if !dialect.Equal(c.Arg(2), option) {
			continue
		}
		if !dialect.Visible(value) {
			c.refuse(dialect.BadValue(option))
			return
		}
		x.lib[i] = value
		c.ok()
		return
	}
	c.refuse(dialect.UnknownOption(c.Arg(2)))
}
