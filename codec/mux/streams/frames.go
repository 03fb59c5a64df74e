package streams

import (
	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/stage"
)

// A Frame is one frame of a connection, or what comes before the first: then Header is 0 and Payload is the preface. With Err, which is the
// last of its connection, it is bytes that are neither.
type Frame struct {
	mux.Frame
	Err error
}

// Frames decodes what clients send. It is for codec.Decode, which gives what it finds no tickets: the protocol answers in any order.
func (m *Mux) Frames() stage.PerConn[Frame] { return frames{m} }

type frames struct{ mux *Mux }

// Unordered implements [stage.Unordered].
func (frames) Unordered() {}

// Decode is not called.
func (frames) Decode([]byte, *Frame) (int, error) { return 0, nil }

// NewDecoder implements [stage.PerConn].
func (f frames) NewDecoder() stage.Decoder[Frame] { return &decoder{mux: f.mux} }

// A decoder is that of one connection.
type decoder struct {
	mux     *Mux
	format  mux.Format
	checked bool // as soon as the first SETTINGS have come
	begun   bool // the preface has come
	set     bool // and the first SETTINGS
	ended   bool
	rest    mux.Header // of the frame of DATA that has come in part: the length is that of what is to come; 0 is none
}

// least is how many bytes of a frame of DATA are passed on before the rest has come. Only the bytes count, not how they are cut, so a long frame
// goes on as it comes, where it lies, and need not be put together.
const least = 4 << 10

// Decode implements [stage.Decoder].
func (d *decoder) Decode(b []byte, v *Frame) (int, error) {
	switch {
	case d.ended:
		return len(b), stage.ErrSkip
	case !d.begun:
		return d.preface(b, v)
	}
	if d.rest != 0 {
		return d.part(b, v, 0), nil
	}
	n, err := d.format.Decode(b, &v.Frame)
	if err != nil {
		return d.end(b, v, err)
	}
	if n < 0 && len(b) >= mux.HeaderSize && d.set {
		if h := mux.ReadHeader(b); h.Type() == mux.Data && h.Flags()&^mux.Fin == 0 {
			if len(b) < mux.HeaderSize+least {
				return max(n, -(mux.HeaderSize + least)), nil
			}
			d.rest = h
			return d.part(b, v, mux.HeaderSize), nil
		}
	}
	if n > 0 && !d.set {
		d.set = true
		d.format = mux.Format{Max: d.mux.settings.MaxFrame, Checked: d.checked}
	}
	return n, nil
}

// part makes a frame of what has come of one, behind the first skip bytes of b.
func (d *decoder) part(b []byte, v *Frame, skip int) int {
	h := d.rest
	n := min(h.Len(), len(b)-skip)
	left, f := h.Len()-n, h.Flags()
	if d.rest = 0; left > 0 {
		d.rest = mux.NewHeader(left, mux.Data, f, h.Stream())
		f = 0
	}
	end := skip + n
	v.Header, v.Payload = mux.NewHeader(n, mux.Data, f, h.Stream()), b[skip:end:end]
	return end
}

func (d *decoder) preface(b []byte, v *Frame) (int, error) {
	if len(b) < mux.PrefaceSize {
		return -mux.PrefaceSize, nil
	}
	theirs, err := mux.ParsePreface(b)
	if err != nil {
		return d.end(b, v, err)
	}
	d.begun, d.format.Max = true, mux.MostSettings
	d.checked = d.mux.features&theirs.Features&mux.Checksums != 0
	v.Payload = b[:mux.PrefaceSize:mux.PrefaceSize]
	return mux.PrefaceSize, nil
}

// end makes the last frame of a connection.
func (d *decoder) end(b []byte, v *Frame, err error) (int, error) {
	d.ended, v.Err = true, err
	return len(b), nil
}
