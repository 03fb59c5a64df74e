package redis

import "github.com/leat-io/leat/codec/resp"

// An answer is one that the proxy gives by itself, not encoded yet.
type answer struct {
	kind kind
	n    int64
	b    []byte
}

type kind uint8

const (
	none    kind = iota // a server answers
	silent              // nobody answers
	ok                  // +OK
	queued              // +QUEUED
	integer             // n
	bulk                // b
	null                // $-1 or _
	failure             // b is the text of an error
	simple              // b is a simple string
	wire                // b is the wire form of any answer
)

func (c *Request) ok()             { c.answer.kind = ok }
func (c *Request) null()           { c.answer.kind = null }
func (c *Request) integer(n int64) { c.answer.kind, c.answer.n = integer, n }
func (c *Request) bulk(b []byte)   { c.answer.kind, c.answer.b = bulk, b }
func (c *Request) simple(s string) { c.answer.kind, c.answer.b = simple, []byte(s) }
func (c *Request) wire(b []byte)   { c.answer.kind, c.answer.b = wire, b }

// refuse answers with an error.
func (c *Request) refuse(text string) { c.answer.kind, c.answer.b = failure, []byte(text) }

// answers encodes what is answered here.
type answers struct{}

// Append implements stage.Encoder.
func (answers) Append(b []byte, c *Request) ([]byte, error) {
	switch a := &c.answer; a.kind {
	case ok:
		return append(b, "+OK\r\n"...), nil
	case queued:
		return append(b, "+QUEUED\r\n"...), nil
	case integer:
		return resp.AppendInt(b, a.n), nil
	case bulk:
		return resp.AppendBulk(b, a.b), nil
	case null:
		return c.version.AppendNull(b), nil
	case failure:
		return resp.AppendError(b, string(a.b)), nil
	case simple:
		return resp.AppendSimple(b, string(a.b)), nil
	case wire:
		return append(b, a.b...), nil
	}
	return b, nil
}

// The errors that several commands have, in the words of Redis.
const (
	errCrossSlot = "CROSSSLOT Keys in request don't hash to the same server"
)
