package codectest

import (
	"cmp"
	"runtime/debug"

	"github.com/leat-io/leat/stage"
)

// A Feed gives bytes to a decoder in the way codec.Decode gives it those of one connection: it keeps what is undecoded,
// calls the decoder in turn on what is left, and not again before as many bytes are there as it has asked for.
//
// Undecoded bytes move to other memory between calls and the old memory is overwritten, so that a decoder that kept a slice
// of it is found out. A panic of the decoder is an [ErrContract] with its stack.
type Feed[T any] struct {
	dec   stage.Decoder[T]
	limit int
	buf   []byte // what is undecoded
	spare []byte // where it moves to
	need  int    // the decoder is called when buf has this many bytes
	shown int    // how many it had seen when it said so
	v     T
	err   error
}

const (
	poison = 0xDB
	// moving is how many undecoded bytes move at every push. More are moved only by a message before them, which keeps
	// the cost of a push in proportion to what is pushed.
	moving = 512
)

// NewFeed opens a connection to d, with an instance of its own if d is a [stage.PerConn]. Limit is that of [Codec].
func NewFeed[T any](d stage.Decoder[T], limit int) *Feed[T] {
	if p, ok := d.(stage.PerConn[T]); ok {
		d = p.NewDecoder()
	}
	return &Feed[T]{dec: d, limit: limit}
}

// Push decodes what has arrived, now that chunk has. It calls emit, which may be nil, for each message with the bytes that
// the message took; both are gone when emit returns. After an error there is nothing more to decode, and every further
// Push returns the same error.
func (f *Feed[T]) Push(chunk []byte, emit func(wire []byte, v *T)) error {
	if f.err != nil {
		return f.err
	}
	if len(f.buf) <= moving {
		f.move(f.buf)
	}
	f.buf = append(f.buf, chunk...)
	off := 0
	for f.err == nil && off < len(f.buf) && len(f.buf)-off >= f.need {
		b := f.buf[off:]
		n, err := f.decode(b)
		if err == nil || err == stage.ErrSkip {
			err = cmp.Or(f.check(n, b), err)
		}
		if err == stage.ErrSkip && n > 0 {
			off, f.need = off+n, 0
			continue
		}
		f.err, f.need, f.shown = err, 0, len(b)
		switch {
		case err != nil:
		case n <= 0:
			f.need = wants(n, b)
		default:
			if emit != nil {
				emit(b[:n:n], &f.v)
			}
			off += n
		}
	}
	if off > 0 {
		f.move(f.buf[off:])
	}
	return f.err
}

// End says that no more bytes will come. The decoder looks once more at what is left, whatever it waits for, so that an
// error in there is found after any split; a decoder must bear to be asked again too early. A message in there is a breach: the decoder had asked for bytes it did not need.
func (f *Feed[T]) End() error {
	if f.err != nil || len(f.buf) == 0 {
		return f.err
	}
	n, err := f.decode(f.buf)
	if err == stage.ErrSkip && 0 < n && n <= len(f.buf) {
		f.buf = f.buf[n:]
		return f.End()
	}
	if err == nil {
		err = f.check(n, f.buf)
	}
	same := f.shown == len(f.buf)
	switch {
	case err == nil && n > 0:
		err = broken("Decode asked for %d bytes, yet finds a message in %d", f.need, len(f.buf))
	case err == nil && same && wants(n, f.buf) != f.need:
		err = broken("Decode asked for %d bytes first and for %d when shown the same bytes again", f.need, wants(n, f.buf))
	case err != nil && same && !broke(err):
		err = broken("Decode asked for %d bytes first and gives an error when shown the same bytes again: %v", f.need, err)
	}
	f.err = err
	return err
}

// Left returns how many bytes are undecoded.
func (f *Feed[T]) Left() int { return len(f.buf) }

// wants is how many bytes a decoder that answered n <= 0 to b asks for.
func wants(n int, b []byte) int { return max(-n, len(b)+1) }

func (f *Feed[T]) check(n int, b []byte) error {
	switch {
	case n > len(b):
		return broken("Decode took %d of %d bytes", n, len(b))
	case n < 0 && (-n < 0 || -n <= len(b)):
		return broken("Decode asked for %d bytes when it had %d", -n, len(b))
	case n <= 0 && wants(n, b) > f.limit:
		return broken("Decode asks for %d bytes, which is over the limit of %d", wants(n, b), f.limit)
	case n > f.limit && f.limit > 0:
		return broken("Decode took a message of %d bytes, which is over the limit of %d", n, f.limit)
	}
	return nil
}

func (f *Feed[T]) decode(b []byte) (n int, err error) {
	var zero T
	f.v = zero
	defer func() {
		if p := recover(); p != nil {
			err = broken("Decode panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return f.dec.Decode(b, &f.v)
}

func (f *Feed[T]) move(rest []byte) {
	next := append(f.spare[:0], rest...)
	for i := range f.buf {
		f.buf[i] = poison
	}
	f.spare, f.buf = f.buf[:0], next
}
