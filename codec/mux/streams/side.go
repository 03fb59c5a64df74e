package streams

import (
	"errors"

	"github.com/leat-io/leat/codec/mux"
)

// A side is a stream as its session sees it.
type side Stream

// Opened implements [session.Side].
func (d *side) Opened() {
	d.core.Pass()
	d.core.Served()
}

// Data implements [session.Side].
func (d *side) Data(p []byte, f mux.Flags) {
	if d.messages == nil {
		d.emit(p, d.link.frame.Header.Has(mux.Compressed), f&mux.Fin != 0)
		return
	}
	err := d.whole(p, f)
	if e, ok := errors.AsType[*mux.Error](err); ok && d.core.Reset(e.Code, e.Text) {
		d.link.due = true
	}
}

// whole passes on the messages that end in p.
func (d *side) whole(p []byte, f mux.Flags) error {
	if f&mux.Packed != 0 {
		if err := d.messages.End(); err != nil {
			return err
		}
	}
	fin := f&mux.Fin != 0
	for {
		apart := d.messages.End() != nil || d.link.frame.Header.Has(mux.Compressed)
		m, rest, err := d.messages.Next(p)
		switch {
		case err != nil:
			return err
		case m == nil && f&(mux.Packed|mux.Fin) != 0:
			if err := d.messages.End(); err != nil {
				return err
			}
			if fin {
				d.emit(nil, false, true)
			}
			return nil
		case m == nil:
			return nil
		}
		last := fin && len(rest) == 0
		d.emit(m, apart, last)
		if last {
			return nil
		}
		p = rest
	}
}

// emit passes p on, which lies apart or in the slab of the frame.
func (d *side) emit(p []byte, apart, fin bool) {
	r := d.link.reader
	slab := d.link.frame.Slab()
	if apart {
		var b []byte
		slab, b = r.lane.Bytes(len(p))
		copy(b, p)
		p = b
	}
	if len(p) == 0 && d.messages == nil {
		if p = nil; !fin {
			return
		}
	}
	m := r.arena.New()
	d.link.conn.Unasked(&m.Head, slab)
	m.Stream, m.Payload, m.Fin, m.bare = (*Stream)(d), p, fin, p == nil
	r.dst = append(r.dst, m)
}

// Stopped implements [session.Side].
func (d *side) Stopped(*mux.Error) {}

// Broken implements [session.Side].
func (d *side) Broken(error) {}

// Unreported implements [session.Side].
func (d *side) Unreported() int { return 0 }

// Sent implements [session.Side].
func (d *side) Sent() {}
