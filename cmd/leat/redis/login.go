package redis

import (
	"crypto/sha256"
	"crypto/subtle"
	"strconv"

	"github.com/leat-io/leat/codec/resp"
)

func (d *doorman) auth(x *session, c *Request) {
	if c.Len() > 3 {
		c.refuse(errSyntax)
		return
	}
	user := "default"
	if c.Len() == 3 {
		user = string(c.Arg(1))
	} else if d.password == "" {
		c.refuse("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
		return
	}
	if d.login(x, c, user, c.Arg(c.Len()-1)) {
		c.ok()
	}
}

// login takes time that does not depend on how much of the password is right.
func (d *doorman) login(x *session, c *Request, user string, password []byte) bool {
	want, have := sha256.Sum256([]byte(d.password)), sha256.Sum256(password)
	if right := subtle.ConstantTimeCompare(want[:], have[:]) == 1 || d.password == ""; user != "default" || !right {
		c.refuse("WRONGPASS invalid username-password pair or user is disabled.")
		return false
	}
	x.trust(true)
	return true
}

func (d *doorman) hello(x *session, c *Request) {
	version, name, next := x.version, x.name, 1
	if c.Len() > 1 {
		n, err := strconv.Atoi(string(c.Arg(1)))
		switch {
		case err != nil:
			c.refuse("ERR Protocol version is not an integer or out of range")
			return
		case n != 2 && n != 3:
			c.refuse("NOPROTO unsupported protocol version")
			return
		}
		version, next = resp.Version(n), 2
	}
	for ; next < c.Len(); next++ {
		switch a, more := c.Arg(next), c.Len()-next-1; {
		case equal(a, "auth") && more >= 2:
			if !d.login(x, c, string(c.Arg(next+1)), c.Arg(next+2)) {
				return
			}
			next += 2
		case equal(a, "setname") && more >= 1:
			if name = string(c.Arg(next + 1)); !visible(name) {
				c.refuse(errName)
				return
			}
			next++
		default:
			c.refuse("ERR Syntax error in HELLO option '" + string(a) + "'")
			return
		}
	}
	switch {
	case !x.trusted:
		c.refuse("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
		return
	case version != x.version && (x.tx.pinned || x.tunnel):
		c.refuse("ERR the protocol cannot change through the proxy between WATCH and EXEC, nor of a connection that has subscribed")
		return
	}
	x.version, x.name = version, name
	b := version.AppendMap(nil, 7)
	b = appendBulks(b, "server", "redis", "version", Version, "proto")
	b = resp.AppendInt(b, int64(version))
	b = resp.AppendInt(resp.AppendBulkString(b, "id"), int64(x.conn.ID()))
	b = appendBulks(b, "mode", "standalone", "role", "master", "modules")
	c.wire(resp.AppendArray(b, 0))
}

func appendBulks(b []byte, words ...string) []byte {
	for _, w := range words {
		b = resp.AppendBulkString(b, w)
	}
	return b
}
