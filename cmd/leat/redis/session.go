package redis

import (
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
)

// A session is what a connection has agreed with the proxy. It belongs to the lane that reads the connection.
type session struct {
	proxy   *Proxy
	conn    *stage.Conn
	reader  *reader
	holding *holding
	trusted bool // it has given the password, or none is needed
	quit    bool // nothing more is to be answered
	held    bool // it has had a server's connection for itself
	version resp.Version
	db      uint32
	name    string
	lib     [2]string // name and version of the client's library

	tx transaction

	tunnel bool                   // a server's connection sends it messages
	names  [3]map[string]struct{} // of channels, patterns and channels of shards that it listens to
	bytes  int                    // of them
}

// profile is what the connections to servers that serve it have agreed with them.
func (x *session) profile() uint32 {
	if x.version == resp.RESP3 {
		return x.db | profileRESP3
	}
	return x.db
}

// listening says whether messages may come. Before its first command a connection has no session, and listens to nothing.
func (x *session) listening() bool {
	return x != nil && len(x.names[0])+len(x.names[1])+len(x.names[2]) > 0
}

// Closed implements stage.Closer.
func (x *session) Closed(error) {
	if x.held {
		x.proxy.forget(x.conn)
	}
	if x.tunnel {
		x.proxy.subscribers.leave(x.conn)
	}
	x.proxy.clients.Add(-1)
}

// trust says whether the client may do anything.
func (x *session) trust(yes bool) {
	x.trusted = yes
	x.reader.trust(yes)
}

// of returns the session of the client that has sent c, which begins with its first command.
func (d *doorman) of(c *Request) *session {
	r, conn := c.reader, c.Conn()
	if r.session != nil {
		return r.session
	}
	x := &session{proxy: d.proxy, conn: conn, reader: r, holding: &holding{most: int64(conn.Terms().OutHard)}, version: resp.RESP2}
	conn.Reading.Session, r.session = x, x
	x.trust(d.password == "")
	d.proxy.clients.Add(1)
	return x
}
