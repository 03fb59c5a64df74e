package kv

import (
	"fmt"
	"sync/atomic"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
)

// A Call is one command on its way to its answer. Commands that nobody has sent, such as the removal of a key that has
// expired, have no connection and no arguments.
type Call struct {
	resp.Command
	spec    *command     // nil when there is no such command
	version resp.Version // in which the answer is to be
	now     int64        // Unix time in milliseconds at which it was taken up
	hash    uint64       // of the first key, for Shard
	several *several     // what pieces of a command with several keys have in common
	piece   []entry      // the keys that this piece is about; nil: all
	reply   reply

	wrote  bool   // it changed data: its own wire form is for the journal
	effect []byte // commands for the journal, before its own
}

// An entry is one key of a command, with the argument behind it where a command takes values. The bytes are those of the
// request.
type entry struct {
	number     int // among the keys
	key, value []byte
}

// several is where the pieces of one command put their results.
type several struct {
	list  [][]byte     // by number of the key; nil where there is none
	bytes atomic.Int64 // of list
	count atomic.Int64
}

// A reply is an answer that has not been encoded.
type reply struct {
	kind kind
	n    int64
	b    []byte
}

type kind uint8

const (
	none    kind = iota // not answered yet
	silent              // answered already, or not at all
	ok                  // +OK
	integer             // n
	bulk                // b
	null                // $-1 or _
	failure             // b is the text of an error
	simple              // b is a simple string
	wire                // b is the wire form of any answer
	counted             // several.count
	listed              // several.list
)

// encoder writes the answers of calls.
type encoder struct{}

// Append implements stage.Encoder.
func (encoder) Append(b []byte, c *Call) ([]byte, error) {
	switch r := &c.reply; r.kind {
	case ok:
		return append(b, "+OK\r\n"...), nil
	case integer:
		return resp.AppendInt(b, r.n), nil
	case bulk:
		return resp.AppendBulk(b, r.b), nil
	case null:
		return c.version.AppendNull(b), nil
	case failure:
		return resp.AppendError(b, string(r.b)), nil
	case simple:
		return resp.AppendSimple(b, string(r.b)), nil
	case wire:
		return append(b, r.b...), nil
	case counted:
		return resp.AppendInt(b, c.several.count.Load()), nil
	case listed:
		if n := c.several.bytes.Load(); n > int64(c.Conn().Terms().OutHard) {
			return resp.AppendError(b, fmt.Sprintf("ERR the answer has %d bytes, more than may wait for one client", n)), nil
		}
		b = resp.AppendArray(b, len(c.several.list))
		for _, v := range c.several.list {
			if v == nil {
				b = c.version.AppendNull(b)
			} else {
				b = resp.AppendBulk(b, v)
			}
		}
		return b, nil
	}
	return b, nil
}

// requests decodes calls.
type requests struct{ *resp.RequestCodec }

// NewDecoder implements stage.PerConn.
func (r requests) NewDecoder() stage.Decoder[Call] {
	return callDecoder{r.RequestCodec.NewDecoder()}
}

// Decode implements stage.Decoder.
func (r requests) Decode(b []byte, c *Call) (int, error) { return r.RequestCodec.Decode(b, &c.Command) }

type callDecoder struct{ stage.Decoder[resp.Command] }

func (d callDecoder) Decode(b []byte, c *Call) (int, error) { return d.Decoder.Decode(b, &c.Command) }
