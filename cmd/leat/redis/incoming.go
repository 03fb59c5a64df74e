package redis

import (
	"sort"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
)

// Limits of what is decoded of a client that has not given the password, and what it is told that goes beyond: those of Redis
// (processMultibulkBuffer in networking.c).
const (
	untrustedArgs = 10
	untrustedBulk = 16 << 10

	errUntrustedArgs resp.ProtocolError = "unauthenticated multibulk length"
	errUntrustedBulk resp.ProtocolError = "unauthenticated bulk length"
)

// incoming decodes what clients send.
type incoming struct {
	*resp.RequestCodec
	strict *resp.RequestCodec // for those that are not trusted
	proxy  *Proxy
}

func (p *Proxy) incoming(limits resp.Limits) incoming {
	strict := limits
	strict.Args, strict.Bulk = lesser(limits.Args, untrustedArgs), lesser(limits.Bulk, untrustedBulk)
	return incoming{resp.Request(limits), resp.Request(strict), p}
}

// lesser is the lesser of two limits, of which 0 is a large one.
func lesser(limit, other int) int {
	if limit == 0 {
		return other
	}
	return min(limit, other)
}

// NewDecoder implements stage.PerConn.
func (i incoming) NewDecoder() stage.Decoder[Request] {
	r := &reader{codecs: i, decoder: i.RequestCodec.NewDecoder()}
	if i.proxy.settings.Load().password != "" {
		r.strict = i.strict.NewDecoder()
	}
	return r
}

// Decode implements stage.Decoder.
func (i incoming) Decode(b []byte, c *Request) (int, error) {
	return i.RequestCodec.Decode(b, &c.Command)
}

// A reader decodes what one client sends.
type reader struct {
	codecs  incoming
	decoder stage.Decoder[resp.Command]
	strict  stage.Decoder[resp.Command] // nil when the client is trusted
	session *session                    // nil before the first command
}

// Decode implements stage.Decoder.
func (r *reader) Decode(b []byte, c *Request) (int, error) {
	c.reader = r
	if r.strict != nil && len(b) > 0 && b[0] == '*' { // a line is short whoever sends it
		return r.decodeStrictly(b, c)
	}
	return r.decoder.Decode(b, &c.Command)
}

func (r *reader) decodeStrictly(b []byte, c *Request) (int, error) {
	n, err := r.strict.Decode(b, &c.Command)
	if err != resp.ErrCount && err != resp.ErrBulkLength {
		return n, err
	}
	if _, other := r.codecs.Decode(r.upTo(b, err), &Request{}); other == err {
		return n, err // nobody may send that
	}
	if err == resp.ErrCount {
		return n, errUntrustedArgs
	}
	return n, errUntrustedBulk
}

// upTo is the beginning of b that leads to a stranger's error, and no more: behind it there may be what nobody may send.
func (r *reader) upTo(b []byte, err error) []byte {
	return b[:sort.Search(len(b), func(n int) bool {
		_, other := r.codecs.strict.NewDecoder().Decode(b[:n], &resp.Command{})
		return other == err
	})]
}

// trust says whether the client has given the password. What changes that is decoded alone, so that nothing of the next command
// has been looked at.
func (r *reader) trust(yes bool) {
	switch {
	case yes:
		r.strict = nil
	case r.strict == nil:
		r.strict = r.codecs.strict.NewDecoder()
	}
}
