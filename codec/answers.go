package codec

import (
	"fmt"

	"github.com/leat-io/leat/stage"
)

// A pusher is a message that knows whether its sender was asked for it.
type pusher interface{ Push() bool }

// answers decodes what has arrived on a connection to a server and returns what is left of it. Each message takes over the
// ticket of the request that it answers. What cannot be decoded, or was not asked for, ends the connection.
func (d *decode[T]) answers(dst []*T, c *stage.Conn, from stage.Answering, b []byte, slab *stage.Slab) (found []*T, rest []byte) {
	d.found = dst
	sure := len(dst)
	defer func() {
		if len(d.found) > sure {
			d.doubt(c, from, sure)
			found, rest = d.found, nil
		}
	}()
	r := &c.Reading
	dec := d.decoder
	if d.perConn != nil {
		dec = d.own(r)
	}
	for len(b) > 0 {
		v := d.arena.New()
		n, err := dec.Decode(b, v)
		if err == stage.ErrSkip && n > 0 && n <= len(b) {
			d.arena.Undo()
			b = b[n:]
			continue
		}
		if err != nil || n <= 0 || n > len(b) {
			d.arena.Undo()
			if err != nil || n > len(b) || n < -maxMessage || len(b) >= maxMessage {
				d.distrust(c, n, len(b), err)
				return d.found, nil
			}
			r.Need = 0
			if -n > len(b) {
				r.Need = int32(-n)
			}
			return d.found, b
		}
		switch from.Claim(d.lane, stage.HeadOf(v), slab, v, d.pushes && any(v).(pusher).Push()) {
		case stage.Claimed:
			d.found = append(d.found, v)
			sure = len(d.found)
		case stage.Tentative:
			d.found = append(d.found, v)
		case stage.Certain:
			d.arena.Undo()
			sure = len(d.found)
		case stage.Unused:
			d.arena.Undo()
		case stage.Foreign:
			d.arena.Undo()
			d.distrust(c, n, len(b), errForeign)
			return d.found, nil
		}
		b = b[n:]
	}
	return d.found, nil
}

// doubt drops the messages that were found behind the first sure ones, because something that was to come among them has not.
func (d *decode[T]) doubt(c *stage.Conn, from stage.Answering, sure int) {
	heads := make([]*stage.Head, 0, len(d.found)-sure)
	for _, v := range d.found[sure:] {
		heads = append(heads, stage.HeadOf(v))
	}
	d.found = d.found[:sure]
	from.Unclaim(d.lane, heads)
	d.distrust(c, 0, 0, errUncertain)
}

var errUncertain = fmt.Errorf("a reply is missing, or there is one too many")

var errForeign = fmt.Errorf("a message that answers no request")

// distrust ends a connection on which nothing that follows can be believed.
func (d *decode[T]) distrust(c *stage.Conn, n, have int, err error) {
	if err == nil {
		err = misdecoded(n, have)
	}
	c.Reading.Ended, c.Reading.Tail = true, nil
	c.Fail(fmt.Errorf("%w: %w", stage.ErrMalformed, err))
}

// unanswered ends the connection over whose bytes the decoder panicked. What was found before in the same segment goes on.
func (d *decode[T]) unanswered(value any, s *stage.Segment) []*T {
	c := s.Conn()
	d.lane.Panicked(value, &s.Head)
	r := &c.Reading
	r.Ended, r.Tail = true, nil
	return d.found
}
