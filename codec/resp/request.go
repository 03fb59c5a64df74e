package resp

import (
	"errors"

	"github.com/leat-io/leat/stage"
)

// Request is the codec of requests, for servers, clients and proxies. It panics when a limit is negative.
//
// Requests are arrays of bulk strings or inline lines. Empty lines, arrays of no arguments and null arrays are skipped
// without an answer. As in redis, an array is
// read by its lengths alone, and what stands in the place of a LF or of the CR LF behind an argument is not looked at; a NUL
// in the line of a length or in an inline request keeps that line from ever ending. A line over Inline is always refused; redis
// accepts one if its end arrives in the same read.
func Request(l Limits) *RequestCodec { return &RequestCodec{l.or("Request", defaultArgs)} }

// A RequestCodec decodes and encodes requests and tells a peer why it was refused, with an error such as
//
//	-ERR Protocol error: invalid bulk length
//
// Any number of connections and lanes may use one value at once; what is remembered of a connection is in the decoder that
// NewDecoder makes for it.
type RequestCodec struct{ limits Limits }

var (
	_ stage.PerConn[Command] = (*RequestCodec)(nil)
	_ stage.Encoder[Command] = (*RequestCodec)(nil)
	_ stage.Refuser          = (*RequestCodec)(nil)
)

// Decode looks at b from its start. It serves those who hold whole requests; a connection has a decoder of its own.
func (c *RequestCodec) Decode(b []byte, v *Command) (int, error) {
	var p progress
	return c.decode(&p, b, v)
}

// NewDecoder implements [stage.PerConn].
func (c *RequestCodec) NewDecoder() stage.Decoder[Command] { return &requestDecoder{codec: c} }

// A requestDecoder is the decoder of one connection.
type requestDecoder struct {
	codec *RequestCodec
	progress
}

func (d *requestDecoder) Decode(b []byte, v *Command) (int, error) {
	n, err := d.codec.decode(&d.progress, b, v)
	if d.begun && (n > 0 || err != nil) {
		d.progress = progress{}
	}
	return n, err
}

// Append implements [stage.Encoder]: it appends v as an array of bulk strings, whatever form it was received in. It refuses
// a request without arguments, and more or longer ones than the limits allow.
func (c *RequestCodec) Append(b []byte, v *Command) ([]byte, error) {
	n := v.Len()
	switch {
	case n == 0:
		return b, errEmpty
	case n > c.limits.Args:
		return b, errArgs
	case len(v.bytes()) > c.limits.Bulk && longest(v) > c.limits.Bulk:
		return b, errBulk
	case v.exact:
		return append(b, v.Raw...), nil
	case v.rewritten != nil:
		return append(b, *v.rewritten...), nil
	}
	b = AppendArray(b, n)
	for i := range n {
		b = AppendBulk(b, v.Arg(i))
	}
	return b, nil
}

func longest(v *Command) (n int) {
	for i := range v.Len() {
		n = max(n, len(v.Arg(i)))
	}
	return n
}

// AppendRefusal implements [stage.Refuser].
func (c *RequestCodec) AppendRefusal(b []byte, err error) []byte {
	words := err.Error()
	if p, ok := errors.AsType[ProtocolError](err); ok {
		words = string(p)
	}
	return AppendError(b, "ERR Protocol error: "+words)
}
