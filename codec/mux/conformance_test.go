package mux_test

import (
	"testing"

	"github.com/leat-io/leat/codec/codectest"
	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

func described(t testing.TB, max int, checked bool) codectest.Codec[mux.Frame] {
	c := mux.Frames(max, checked)
	d := codectest.Codec[mux.Frame]{Decoder: c, Encoder: c, Limit: mux.HeaderSize + max}
	section, flags, extra := "[frames]", mux.Flags(0), 0
	if checked {
		section, flags, extra = "[checked]", mux.Checked, mux.SumSize
		d.Limit += extra
	}
	for _, v := range vectors(t) {
		if v.section == section && len(v.wire) <= d.Limit {
			d.Vectors = append(d.Vectors, vector(c, v.wire))
		}
	}
	for _, p := range []string{"", "x", "hello"} {
		h := mux.NewHeader(len(p)+extra, mux.Data, mux.Fin|flags, 7)
		d.Samples = append(d.Samples, mux.Frame{Header: h, Payload: []byte(p)})
	}
	d.Long = func(n int) []byte {
		b := mux.AppendData(nil, 1, 0, make([]byte, min(n, max)))
		if checked {
			b = mux.Seal(b, 0)
		}
		return b
	}
	return d
}

// vector is what c says of the bytes, of which TestVectorsMeanWhatTheyShould checks that it is right.
func vector(c mux.Codec, wire []byte) codectest.Vector[mux.Frame] {
	var f mux.Frame
	n, err := c.Decode(wire, &f)
	if n > 0 {
		return codectest.Vector[mux.Frame]{Wire: wire, Want: []mux.Frame{f}}
	}
	return codectest.Vector[mux.Frame]{Wire: wire, Err: err}
}

func TestFramesKeepTheContract(t *testing.T) {
	t.Run("plain", func(t *testing.T) { codectest.Run(t, described(t, 1<<16, false)) })
	t.Run("checked", func(t *testing.T) { codectest.Run(t, described(t, 1<<16, true)) })
}

func FuzzFrames(f *testing.F)  { codectest.Fuzz(f, described(f, 300, false)) }
func FuzzChecked(f *testing.F) { codectest.Fuzz(f, described(f, 300, true)) }
