package streams

import (
	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/session"
	"github.com/leat-io/leat/stage"
)

// A Message is something that a client has sent on a stream, and what a stage makes of it: [Send] sends it on the same stream. On a stream of
// messages it is one of those, without its length, however it was divided on the way; on a stream of bytes it is some bytes.
//
// What is made of a message by Map or FlatMap must be given its Stream, and its Fin. A message with Fin that reaches no [Send] leaves its stream
// open, which counts against [mux.Settings].MaxStreams: a stage that drops messages gives it Payload nil instead, or calls Reset.
type Message struct {
	stage.Head
	Stream  *Stream
	Payload []byte // nil when nothing but the end has come; nothing but the end is sent then, unless a stage has something to say
	Fin     bool   // the last of its direction; with it the answer ends the stream

	bare    bool       // nothing but the end has come
	refusal *mux.Error // instead of an answer
}

// Reset makes the message one that ends its stream in both directions, with a code, which is at least [mux.Application] when it is the
// application's own, and a text for people.
func (m *Message) Reset(c mux.Code, text string) { m.refusal = &mux.Error{Code: c, Text: text} }

// ByStream is the key for stages that want all messages of a stream on one lane, and in their order.
func ByStream(m *Message) uint64 {
	if m.Stream == nil {
		return 0
	}
	return m.Stream.link.conn.ID()<<32 | uint64(m.Stream.core.ID())
}

// A Stream is a stream that a client has opened.
type Stream struct {
	// Value is for the stages that serve the stream, which all run on one lane behind a Shard [ByStream]. It goes with the stream.
	Value any

	core     session.Stream
	link     *link
	opening  *mux.Opening     // if it says something
	messages *mux.Reassembler // of a stream of messages
}

// ID is the number of the stream.
func (s *Stream) ID() uint32 { return s.core.ID() }

// Opening is what was said when the stream was opened.
func (s *Stream) Opening() mux.Opening {
	if s.opening == nil {
		return mux.Opening{}
	}
	return *s.opening
}

// Err is why nothing more can be sent on the stream, or nil.
func (s *Stream) Err() error { return s.core.Err() }

func newStream(l *link, o *mux.Opening, most int) *Stream {
	s := &Stream{link: l, opening: o.Keep()}
	s.core.Side = (*side)(s)
	if o.Messages {
		s.messages = &mux.Reassembler{Max: most}
	}
	return s
}
