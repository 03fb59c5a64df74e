package codec

import (
	"errors"

	"github.com/leat-io/leat/stage"
)

// Datagram decodes the one message that each datagram holds. D is the message of a source of datagrams, such as udp.Packet:
//
//	flow.Via("decode", codec.Datagram[udp.Packet](metrics))
//
// The message aliases the bytes of the datagram and inherits its Head. When *T has a method From(*D) it is called with the
// datagram before the message goes on, so that it can take over what it needs of it, such as whom to answer.
//
// A datagram that is not one whole message, perhaps with bytes before and behind it that the decoder skips ([stage.ErrSkip]), is
// dropped and its Head fails with [stage.ErrMalformed], which sources of datagrams count. One of which all is skipped is just
// dropped.
func Datagram[D, T any, P interface {
	*D
	Payload() []byte
}](d stage.Decoder[T]) stage.Maker[D, T] {
	stage.NeedHead[D]("codec.Datagram")
	stage.NeedHead[T]("codec.Datagram")
	_, knows := any((*T)(nil)).(addressee[D])
	return func(l *stage.Lane) stage.Stage[D, T] {
		s := &datagrams[D, T, P]{lane: l, arena: stage.NewArena[T](l), decoder: d, knows: knows}
		if s.perConn, _ = d.(stage.PerConn[T]); s.perConn != nil {
			s.decoder = s.perConn.NewDecoder()
		}
		return s
	}
}

// An addressee is a message that wants to know the datagram it came in.
type addressee[D any] interface{ From(*D) }

type datagrams[D, T any, P interface {
	*D
	Payload() []byte
}] struct {
	lane    *stage.Lane
	arena   *stage.Arena[T]
	decoder stage.Decoder[T]
	perConn stage.PerConn[T] // decoder, when it remembers something between calls: not from one datagram to the next
	knows   bool             // *T is an addressee
	at      int              // index of the datagram that is decoded
}

func (s *datagrams[D, T, P]) Process(dst []*T, src []*D) ([]*T, error) {
	for len(src) > 0 {
		var n int
		dst, n = s.run(dst, src)
		src = src[n:]
	}
	return dst, nil
}

// run decodes until the end or a panic, which costs one datagram; it reports how many are dealt with.
func (s *datagrams[D, T, P]) run(dst []*T, src []*D) (out []*T, n int) {
	out = dst
	defer func() {
		if r := recover(); r != nil {
			s.lane.Panicked(r, stage.HeadOf(src[s.at]))
			s.forget()
			n = s.at + 1
		}
	}()
	for i, m := range src {
		s.at = i
		v, err := s.message(P(m).Payload())
		switch {
		case err != nil:
			s.forget()
			stage.HeadOf(m).Fail(err)
		case v != nil:
			stage.HeadOf(v).Inherit(stage.HeadOf(m))
			if s.knows {
				any(v).(addressee[D]).From(m)
			}
			out = append(out, v)
		}
	}
	return out, len(src)
}

// forget begins with a new decoder, when the one in use may remember a part of a message that was never completed.
func (s *datagrams[D, T, P]) forget() {
	if s.perConn != nil {
		s.decoder = s.perConn.NewDecoder()
	}
}

// message is the one in b, or nil if all of b is to be skipped.
func (s *datagrams[D, T, P]) message(b []byte) (found *T, err error) {
	if len(b) == 0 {
		return nil, errPartial
	}
	for len(b) > 0 {
		v := s.arena.New()
		n, err := s.decoder.Decode(b, v)
		switch {
		case err == stage.ErrSkip && 0 < n && n <= len(b):
			s.arena.Undo()
		case err != nil:
			return nil, &malformed{err}
		case n <= 0:
			return nil, errPartial
		case n > len(b):
			return nil, errBeyond
		case found != nil:
			return nil, errSeveral
		default:
			found = v
		}
		b = b[n:]
	}
	return found, nil
}

// malformed says why a datagram could not be decoded, in one small allocation, because a flood of them is nothing unusual.
type malformed struct{ err error }

func (m *malformed) Error() string   { return stage.ErrMalformed.Error() + ": " + m.err.Error() }
func (m *malformed) Unwrap() []error { return []error{stage.ErrMalformed, m.err} }

var (
	errPartial = &malformed{errors.New("the datagram ends in the middle of a message")}
	errBeyond  = &malformed{errors.New("the decoder took more bytes than the datagram has")}
	errSeveral = &malformed{errors.New("there are bytes behind the message")}
)
