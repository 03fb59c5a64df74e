package redis

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pool"
)

// All channels live on one server, so that messages, counts and patterns are those of one Redis. A client that subscribes is
// given a connection to it, on which whatever the server sends goes to the client. Behind each of its commands goes a PING, whose
// reply says that the server has confirmed everything: what the client sends next is answered behind that.

// Bounds of what one connection may listen to.
const (
	maxSubscriptions = 10_000
	maxNames         = 1 << 20 // bytes
)

// listen serves SUBSCRIBE, UNSUBSCRIBE and their like. It keeps account of the names, to know when the client may do other
// things again.
func (d *doorman) listen(x *session, c *Request) {
	name := c.spec.Name
	list := 0
	switch name[0] {
	case 'p':
		list = 1
	case 's':
		if name[1] == 's' || strings.HasPrefix(name, "sun") {
			list = 2
		}
	}
	leaves := strings.Contains(name, "unsubscribe")
	switch {
	case x.tx.pinned:
		c.refuse("ERR '" + c.spec.upper() + "' is not served between WATCH and EXEC through the proxy")
	case leaves && !x.tunnel:
		c.left(name)
	case leaves:
		x.leave(c, list)
		d.tunnel(x, c)
	case !x.join(c, list):
		c.refuse("ERR too many subscriptions on one connection")
	default:
		d.tunnel(x, c)
	}
}

func (d *doorman) tunnel(x *session, c *Request) {
	if !x.tunnel {
		d.proxy.subscribers.join(x.conn, d.routing.home)
	}
	c.send(d.routing.channels)
	c.lease, c.read, x.held, x.tunnel = pool.Tunnel, false, true, true
	c.become(c.whole(confirmed), nil)
	c.part.join.mark = d.proxy.mark
}

var ping = []byte("PING")

// newMark makes up a word that no client knows.
func newMark() []byte {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.AppendEncode([]byte("leat:"), b[:])
}

// Settles is for [pool.Traffic]: it knows the reply to the PING behind a command that went through a tunnel. One who has
// subscribed with RESP2 gets it as an array.
func Settles(reply, note any) bool {
	p, ok := note.(*part)
	if !ok || len(p.join.mark) == 0 {
		return false
	}
	v := reply.(*Reply).Value()
	if v.Kind() != resp.KindArray {
		return bytes.Equal(v.Str(), p.join.mark)
	}
	at, pong := 0, false
	for e := range v.Elements() {
		pong = at == 0 && string(e.Str()) == "pong" || at == 1 && pong && bytes.Equal(e.Str(), p.join.mark)
		at++
	}
	return pong && at == 2
}

// join notes what a client begins to listen to, unless that is too much.
func (x *session) join(c *Request, list int) bool {
	mine := x.names[list]
	if mine == nil {
		mine = map[string]struct{}{}
		x.names[list] = mine
	}
	bytes := x.bytes
	for i := 1; i < c.Len(); i++ {
		if _, known := mine[string(c.Arg(i))]; !known {
			bytes += len(c.Arg(i))
		}
	}
	if len(x.names[0])+len(x.names[1])+len(x.names[2])+c.Len()-1 > maxSubscriptions || bytes > maxNames {
		return false
	}
	for i := 1; i < c.Len(); i++ {
		if name := string(c.Arg(i)); !has(mine, name) {
			mine[name] = struct{}{}
			x.bytes += len(name)
		}
	}
	return true
}

func has(m map[string]struct{}, name string) bool {
	_, ok := m[name]
	return ok
}

// leave notes what a client no longer listens to.
func (x *session) leave(c *Request, list int) {
	mine := x.names[list]
	if c.Len() == 1 {
		for name := range mine {
			x.bytes -= len(name)
		}
		clear(mine)
	}
	for i := 1; i < c.Len(); i++ {
		if name := string(c.Arg(i)); has(mine, name) {
			delete(mine, name)
			x.bytes -= len(name)
		}
	}
}

// left answers UNSUBSCRIBE of one that has never subscribed.
func (c *Request) left(kind string) {
	var b []byte
	for i := 1; i < max(c.Len(), 2); i++ {
		b = resp.AppendBulkString(c.version.AppendPush(b, 3), kind)
		if i < c.Len() {
			b = resp.AppendBulk(b, c.Arg(i))
		} else {
			b = c.version.AppendNull(b)
		}
		b = resp.AppendInt(b, 0)
	}
	c.wire(b)
}
