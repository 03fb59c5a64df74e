package redis

import (
	"fmt"
	"strings"
)

const errName = "ERR Client names cannot contain spaces, newlines or special characters."

// maxName is the most bytes of a client's name.
const maxName = 1024

// visible says whether a name may be given to a client: printable, without spaces, and not long.
func visible(s string) bool {
	return len(s) <= maxName && !strings.ContainsFunc(s, func(r rune) bool { return r < '!' || r > '~' })
}

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
		if !visible(string(c.Arg(2))) {
			c.refuse(errName)
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
		if !equal(c.Arg(2), "on") && !equal(c.Arg(2), "off") {
			c.refuse(errSyntax)
			return
		}
		c.ok() // the proxy evicts nobody
	}
}

func (x *session) setinfo(c *Request) {
	value := string(c.Arg(3))
	for i, option := range []string{"lib-name", "lib-ver"} {
		if !equal(c.Arg(2), option) {
			continue
		}
		if !visible(value) {
			c.refuse("ERR " + option + " cannot contain spaces, newlines or special characters.")
			return
		}
		x.lib[i] = value
		c.ok()
		return
	}
	c.refuse("ERR Unrecognized option '" + clip(c.Arg(2), 128) + "'")
}
