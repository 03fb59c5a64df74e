// Package codec turns what sources read into messages. [Decode] is the one stage that keeps undecoded bytes; the codecs in
// the packages below are pure functions on bytes and know neither lanes nor connections.
package codec

import (
	"fmt"

	"github.com/leat-io/leat/stage"
)

// maxMessage is the most bytes that may wait undecoded on one connection, whatever its decoder asks for. A decoder has a
// limit of its own; this one bounds the memory that a faulty decoder can cost.
const maxMessage = 1 << 30

// Decode finds the messages in what was read from each connection and gives each of them a ticket, so that its answer goes
// out in its turn. Messages alias the bytes that were read. What is left of a read waits on its connection; bytes that a
// decoder refuses end the connection when the requests before them are answered.
//
// A connection that has as many requests in flight as its limits allow is not decoded further, nor read, until answers have
// gone out. All this about tickets does not hold for an [stage.Unordered] decoder.
func Decode[T any](d stage.Decoder[T], opts ...Option[T]) stage.Maker[stage.Segment, T] {
	stage.NeedHead[T]("codec.Decode")
	perConn, _ := d.(stage.PerConn[T])
	refuser, _ := d.(stage.Refuser)
	return func(l *stage.Lane) stage.Stage[stage.Segment, T] {
		s := &decode[T]{lane: l, arena: stage.NewArena[T](l), decoder: d, perConn: perConn, refuser: refuser}
		_, s.pushes = any((*T)(nil)).(pusher)
		_, s.unordered = d.(stage.Unordered)
		for _, o := range opts {
			o(s)
		}
		return s
	}
}

// An Option changes how a stage decodes.
type Option[T any] func(*decode[T])

// Alone keeps messages for which f holds apart from the others of their connection: such a message is decoded when all
// requests before it have been answered, and nothing behind it before it has been answered itself. It is for requests that
// need what others on other lanes have done, or change what others will mean. f may be called more than once for a message.
func Alone[T any](f func(*T) bool) Option[T] { return func(d *decode[T]) { d.alone = f } }

type decode[T any] struct {
	lane      *stage.Lane
	arena     *stage.Arena[T]
	decoder   stage.Decoder[T]
	perConn   stage.PerConn[T] // decoder, when it makes one for each connection
	refuser   stage.Refuser    // decoder, when it can tell the peer why it is refused
	alone     func(*T) bool    // or nil
	pushes    bool             // *T is a pusher
	unordered bool             // messages get no tickets
	found     []*T             // of the segment of answers that is decoded
	first     uint32           // the first ticket of the segment that is decoded
	at        int              // index of the segment that is decoded
}

func (d *decode[T]) Process(dst []*T, src []*stage.Segment) ([]*T, error) {
	for len(src) > 0 {
		var n int
		dst, n = d.run(dst, src)
		src = src[n:]
	}
	return dst, nil
}

// run decodes until the end or a panic, which costs the connection of one segment; it reports how many are dealt with.
func (d *decode[T]) run(dst []*T, src []*stage.Segment) (out []*T, n int) {
	out = dst
	defer func() {
		if r := recover(); r != nil {
			if _, ok := src[d.at].Conn().Port().(stage.Answering); ok {
				out = d.unanswered(r, src[d.at])
			} else {
				d.panicked(r, src[d.at])
			}
			n = d.at + 1
		}
	}()
	for i, s := range src {
		d.at = i
		out = d.segment(out, s)
	}
	return out, len(src)
}

func (d *decode[T]) segment(dst []*T, s *stage.Segment) []*T {
	c := s.Conn()
	r := &c.Reading
	if r.Ended {
		return dst
	}
	d.first = c.Issued()
	b, slab, tail := s.Data, s.Slab(), r.Tail
	if len(tail) > 0 {
		if b, slab = d.join(r, b); b == nil {
			c.Waiting(true, false)
			return dst
		}
	}
	before := len(dst)
	r.Tail = nil
	var rest []byte
	if from, ok := c.Port().(stage.Answering); ok {
		dst, rest = d.answers(dst, c, from, b, slab)
	} else {
		dst, rest = d.messages(dst, c, b, slab)
	}
	switch {
	case len(rest) == 0:
	case len(tail) > 0 && slab == nil && len(rest) >= cap(b)/4:
		r.Tail = rest // it is in memory of the connection; messages before it keep their part of the same memory
	case len(tail) > 0 && slab != nil && cap(tail)/4 <= max(len(rest), firstTail):
		r.Tail = append(tail[:0], rest...) // no message has a part of it: they lie in the slab
	default:
		r.Tail = append(make([]byte, 0, max(len(rest), firstTail)), rest...)
	}
	c.Waiting(len(r.Tail) > 0 && !r.Stopped, len(dst) > before)
	return dst
}

// panicked ends the connection over whose bytes the decoder panicked. The messages that were found before in the same
// segment are dropped; their tickets, of which nobody has been told yet, become void.
func (d *decode[T]) panicked(value any, s *stage.Segment) {
	d.lane.Panicked(value, &s.Head)
	c := s.Conn()
	if c == nil {
		return
	}
	c.Reading.Ended, c.Reading.Tail = true, nil
	n := uint32(0)
	d.lane.Each(func(h *stage.Head) {
		if h.Conn() == c && h.Open() && int32(h.Seq()-d.first) >= 0 {
			n++
		}
	})
	d.lane.Opened(int(n))
	if n > c.Issued()-d.first {
		c.Publish(d.first + n)
	}
	for seq := d.first + n; seq != c.Issued(); seq++ { // a refusal that did not come to its end
		c.Settle(seq, nil)
	}
}

// messages decodes b and returns what is left of it.
func (d *decode[T]) messages(dst []*T, c *stage.Conn, b []byte, slab *stage.Slab) (_ []*T, rest []byte) {
	r := &c.Reading
	dec := d.decoder
	if d.perConn != nil {
		dec = d.own(r)
	}
	first := d.first
	next := first
	r.Stopped = false
	for len(b) > 0 {
		if !d.unordered && (r.Grant == 0 || r.Alone) {
			c.Publish(next)
			if !granted(c) {
				r.Stopped = true
				break
			}
		}
		v := d.arena.New()
		n, err := dec.Decode(b, v)
		if n <= 0 || n > len(b) || err != nil {
			d.arena.Undo()
			if err == stage.ErrSkip && 0 < n && n <= len(b) {
				b = b[n:]
				continue
			}
			if err != nil || n > len(b) || n < -maxMessage || len(b) >= maxMessage {
				next = d.refuse(c, next, n, len(b), err)
				b = nil
			}
			r.Need = 0 // it needs more than there is, and may not be able to say how much
			if -n > len(b) {
				r.Need = int32(min(-n, maxMessage))
			}
			break
		}
		if d.alone != nil && d.alone(v) {
			c.Publish(next)
			if r.Alone = c.Alone(); !r.Alone {
				d.arena.Undo()
				r.Stopped = true
				break
			}
		}
		dst = append(dst, v)
		b = b[n:]
		if d.unordered {
			c.Unasked(stage.HeadOf(v), slab)
			continue
		}
		c.Issue(stage.HeadOf(v), next, slab)
		next++
		r.Grant--
	}
	if next != first {
		c.Publish(next)
		d.lane.Opened(int(next-first) - refused(r))
	}
	return dst, b
}

// granted says whether another message of c may be decoded now.
func granted(c *stage.Conn) bool {
	r := &c.Reading
	if r.Alone {
		if !c.Alone() {
			return false
		}
		r.Alone = false
	}
	if r.Grant == 0 {
		r.Grant = int32(c.Grant())
	}
	return r.Grant > 0
}

// own returns the decoder of a connection.
func (d *decode[T]) own(r *stage.Reading) stage.Decoder[T] {
	dec, ok := r.Decoder.(stage.Decoder[T])
	if !ok {
		dec = d.perConn.NewDecoder()
		r.Decoder = dec
	}
	return dec
}

// refused is how many of the tickets just issued belong to a refusal, which the decoder has settled itself.
func refused(r *stage.Reading) int {
	if r.Ended {
		return 1
	}
	return 0
}

// refuse ends a connection whose bytes cannot be decoded: the answers to what came before go out, then the refusal, which
// takes a ticket to have its place in their order.
func (d *decode[T]) refuse(c *stage.Conn, next uint32, n, have int, err error) uint32 {
	if err == nil {
		err = misdecoded(n, have)
	}
	c.Reading.Ended = true
	c.Reading.Tail = nil
	c.Publish(next + 1)
	var b []byte
	if d.refuser != nil {
		b = d.refuser.AppendRefusal(nil, err)
	}
	c.Settle(next, b)
	c.Finish(fmt.Errorf("%w: %w", stage.ErrMalformed, err))
	return next + 1
}

// misdecoded says what is wrong with a decoder that returned n for so many bytes.
func misdecoded(n, have int) error {
	if n > have {
		return fmt.Errorf("the decoder took %d bytes of %d", n, have)
	}
	return fmt.Errorf("the decoder asks for more than %d bytes with %d undecoded; at most %d may wait", max(have, -(n+1)), have, maxMessage)
}
