package resp

import (
	"math"

	"github.com/leat-io/leat/stage"
)

// A Message is one reply: what a server answers, or a client or proxy receives.
type Message struct {
	stage.Head

	// Raw is one whole value on the wire, with the attributes in front of it. A decoded Raw has been validated to its end;
	// it aliases the buffer that it was decoded from, and its capacity ends where it ends, so that an append to it copies.
	Raw []byte
}

// Value returns the value in Raw, which must be whole.
func (m *Message) Value() Value { return valueAt(m.Raw) }

// Push says whether the server sent the message by itself, in RESP3, so that it answers no request. RESP2 has no such mark:
// there the connections of subscribers carry nothing else.
func (m *Message) Push() bool {
	if len(m.Raw) == 0 || m.Raw[0] != '|' {
		return len(m.Raw) > 0 && m.Raw[0] == byte(KindPush)
	}
	return m.Value().Kind() == KindPush
}

// Reply is the codec of replies, for clients, proxies and servers. It panics when a limit is negative.
//
// A reply is validated to its end, with all that lies in it, and more strictly than a request: each line ends with CR LF and
// holds neither. A proxy may pass it on as it is, and no reader finds another reply in it. Streamed strings and aggregates,
// which no server is known to send, are an [ErrStreamed].
func Reply(l Limits) *ReplyCodec { return &ReplyCodec{l.or("Reply", math.MaxInt32)} }

// A ReplyCodec decodes and encodes replies. Any number of connections and lanes may use one value at once; what is
// remembered of a connection is in the decoder that NewDecoder makes for it.
type ReplyCodec struct{ limits Limits }

var (
	_ stage.PerConn[Message] = (*ReplyCodec)(nil)
	_ stage.Encoder[Message] = (*ReplyCodec)(nil)
)

// Decode looks at b from its start. It serves those who hold whole replies; a connection has a decoder of its own.
func (c *ReplyCodec) Decode(b []byte, v *Message) (int, error) {
	d := replyDecoder{codec: c}
	return d.Decode(b, v)
}

// NewDecoder implements [stage.PerConn].
func (c *ReplyCodec) NewDecoder() stage.Decoder[Message] { return &replyDecoder{codec: c} }

// Append implements [stage.Encoder]: it appends Raw, which must be whole, as it is. An empty one answers with nothing, as
// CLIENT REPLY OFF wants it.
func (c *ReplyCodec) Append(b []byte, v *Message) ([]byte, error) {
	if len(v.Raw) > c.limits.Total {
		return b, ErrTooLong
	}
	return append(b, v.Raw...), nil
}
