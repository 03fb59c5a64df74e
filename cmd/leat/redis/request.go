package redis

import (
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
)

// A Request is one command of a client on its way to a server, or to its answer.
type Request struct {
	resp.Command
	spec    *Spec        // nil when there is no such command
	to      uint64       // id of the shard that serves it
	version resp.Version // in which the answer is to be
	profile uint32       // of the connection that carries it
	lease   pool.Lease
	read    bool   // a replica may serve it
	plan    *join  // what it is to be split into; nil: nothing
	part    *part  // what its reply becomes a part of; nil: the reply is the answer
	answer  answer // given here
	reader  *reader
}

// command is what c asks for, or nil.
func (c *Request) command() *Spec {
	if c.spec == nil {
		c.spec = find(&c.Command)
	}
	return c.spec
}

// send says where c is to be served.
func (c *Request) send(t *target) { c.to = t.id }

// become makes the request one that is sent as wire, and whose reply becomes part of j.
func (c *Request) become(j *join, wire []byte) {
	j.parts = []part{{join: j, wire: wire}}
	c.part = &j.parts[0]
}

// route is for [pool.Route].
func route(c *Request) balance.Request { return balance.Request{Key: c.to, Read: c.read} }

func lease(c *Request) pool.Lease   { return c.lease }
func profile(c *Request) uint32     { return c.profile }
func idempotent(c *Request) bool    { return c.spec.read && c.lease == pool.Shared }
func (c *Request) unanswered() bool { return c.answer.kind == none }

// note is for [pool.Note].
func note(c *Request) any {
	if c.part == nil {
		return nil
	}
	return c.part
}

// outgoing encodes what is sent to servers.
type outgoing struct{ *resp.RequestCodec }

// Append implements stage.Encoder.
func (o outgoing) Append(b []byte, c *Request) ([]byte, error) {
	if c.part != nil && c.part.wire != nil {
		return append(b, c.part.wire...), nil
	}
	b, err := o.RequestCodec.Append(b, &c.Command)
	if err == nil && c.lease == pool.Tunnel {
		b = resp.AppendCommand(b, ping, c.part.join.mark)
	}
	return b, err
}
