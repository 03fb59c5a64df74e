package frame_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/leat-io/leat/codec/codectest"
	"github.com/leat-io/leat/codec/frame"
)

// frames is a list of messages with these payloads.
func frames(payloads ...string) []frame.Frame {
	all := make([]frame.Frame, len(payloads))
	for i, p := range payloads {
		all[i].Payload = []byte(p)
	}
	return all
}

type vector = codectest.Vector[frame.Frame]

// described is what the codecs with a prefix have in common.
func described(c frame.Codec, limit int, vectors ...vector) codectest.Codec[frame.Frame] {
	return codectest.Codec[frame.Frame]{
		Decoder: c, Encoder: c, Limit: limit,
		Samples: frames("", "x", "hello", "with a prefix in it: \x00\x00\x00\x01"),
		Vectors: vectors,
	}
}

func length16(max int) codectest.Codec[frame.Frame] {
	return described(frame.Length16(max), 2+max,
		vector{Wire: []byte("\x00\x02hi\x00\x00\x00\x03abc"), Want: frames("hi", "", "abc")},
		vector{Wire: []byte("\x00\x02hi\x00\x03ab"), Want: frames("hi")},
		vector{Wire: []byte("\x00")},
		vector{Wire: []byte("\x00\x00\xff\xff"), Want: frames(""), Err: over(max, 0xffff)},
		vector{Wire: []byte("\x80\x00"), Err: over(max, 0x8000)},
		vector{Wire: []byte("\x01\x00"), Err: over(max, 0x100)},
		vector{Wire: binary.BigEndian.AppendUint16(nil, uint16(max))},
	)
}

func length16LE(max int) codectest.Codec[frame.Frame] {
	return described(frame.Length16LE(max), 2+max,
		vector{Wire: []byte("\x02\x00hi\x00\x00\x03\x00abc"), Want: frames("hi", "", "abc")},
		vector{Wire: []byte("\x02\x00hi\x03\x00ab"), Want: frames("hi")},
		vector{Wire: []byte("\x00\x00\xff\xff"), Want: frames(""), Err: over(max, 0xffff)},
		vector{Wire: []byte("\x00\x80"), Err: over(max, 0x8000)},
	)
}

func length32(max int) codectest.Codec[frame.Frame] {
	return described(frame.Length32(max), 4+max,
		vector{Wire: []byte("\x00\x00\x00\x02hi\x00\x00\x00\x00\x00\x00\x00\x03abc"), Want: frames("hi", "", "abc")},
		vector{Wire: []byte("\x00\x00\x00\x02hi\x00\x00\x00\x03ab"), Want: frames("hi")},
		vector{Wire: []byte("\x00\x00\x00")},
		vector{Wire: binary.BigEndian.AppendUint32(nil, uint32(max))},
		vector{Wire: binary.BigEndian.AppendUint32(nil, uint32(max)+1), Err: frame.ErrTooLong},
		vector{Wire: []byte("\x00\x00\x00\x00\x7f\xff\xff\xff"), Want: frames(""), Err: frame.ErrTooLong},
		vector{Wire: []byte("\x80\x00\x00\x00"), Err: frame.ErrTooLong},
		vector{Wire: []byte("\xff\xff\xff\xff"), Err: frame.ErrTooLong},
		vector{Wire: []byte("\xff\xff\xff\xfc"), Err: frame.ErrTooLong},
	)
}

func length32LE(max int) codectest.Codec[frame.Frame] {
	return described(frame.Length32LE(max), 4+max,
		vector{Wire: []byte("\x02\x00\x00\x00hi\x00\x00\x00\x00\x03\x00\x00\x00abc"), Want: frames("hi", "", "abc")},
		vector{Wire: []byte("\x02\x00\x00\x00hi\x03\x00\x00\x00ab"), Want: frames("hi")},
		vector{Wire: []byte("\x00\x00\x00\x80"), Err: frame.ErrTooLong},
		vector{Wire: []byte("\xff\xff\xff\xff"), Err: frame.ErrTooLong},
	)
}

func uvarint(max int) codectest.Codec[frame.Frame] {
	c := described(frame.Uvarint(max), binary.MaxVarintLen64+max,
		vector{Wire: []byte("\x02hi\x00\x03abc"), Want: frames("hi", "", "abc")},
		vector{Wire: append([]byte("\x80\x01"), bytes.Repeat([]byte("x"), 128)...), Want: frames(string(bytes.Repeat([]byte("x"), 128)))},
		vector{Wire: []byte("\x02hi\x80"), Want: frames("hi")},
		vector{Wire: bytes.Repeat([]byte{0xff}, 9)},
		vector{Wire: binary.AppendUvarint(nil, uint64(max))},
		vector{Wire: binary.AppendUvarint(nil, uint64(max)+1), Err: frame.ErrTooLong},
		vector{Wire: binary.AppendUvarint(nil, 1<<31), Err: frame.ErrTooLong},
		vector{Wire: binary.AppendUvarint(nil, 1<<63), Err: frame.ErrTooLong},
		vector{Wire: binary.AppendUvarint(nil, 1<<64-1), Err: frame.ErrTooLong},
		vector{Wire: []byte("\x80\x00"), Err: frame.ErrVarint},
		vector{Wire: []byte("\x00\x82\x80\x00hi"), Want: frames(""), Err: frame.ErrVarint},
		vector{Wire: append(bytes.Repeat([]byte{0x80}, 9), 0), Err: frame.ErrVarint},
		vector{Wire: append(bytes.Repeat([]byte{0xff}, 9), 2), Err: frame.ErrVarint},
		vector{Wire: bytes.Repeat([]byte{0xff}, 10), Err: frame.ErrVarint},
		vector{Wire: bytes.Repeat([]byte{0x80}, 11), Err: frame.ErrVarint},
	)
	c.Samples = append(c.Samples, frames(string(make([]byte, 127)), string(make([]byte, 128)), string(make([]byte, 300)))...)
	return c
}

func fixed(n int) codectest.Codec[frame.Frame] {
	c := frame.Fixed(n)
	one := string(bytes.Repeat([]byte("x"), n))
	return codectest.Codec[frame.Frame]{
		Decoder: c, Encoder: c, Limit: n,
		Samples: frames(one, string(make([]byte, n))),
		Vectors: []vector{{Wire: []byte(one + one + one[1:]), Want: frames(one, one)}},
	}
}

// over is the error for a frame of n bytes.
func over(max, n int) error {
	if n > max {
		return frame.ErrTooLong
	}
	return nil
}

func TestEveryCodecKeepsTheContract(t *testing.T) {
	raw := codectest.Codec[frame.Frame]{
		Decoder: frame.Raw, Encoder: frame.Raw, Samples: frames("hello", "x"),
		Join: func(a, b *frame.Frame) bool {
			a.Payload = append(a.Payload, b.Payload...)
			return true
		},
	}
	codecs := []struct {
		name  string
		codec codectest.Codec[frame.Frame]
		max   int
	}{
		{"Length16", length16(1 << 15), 1 << 15},
		{"Length16 up to its end", length16(1<<16 - 1), 1<<16 - 1},
		{"Length16LE", length16LE(1 << 15), 1 << 15},
		{"Length32", length32(1 << 20), 1 << 20},
		{"Length32LE", length32LE(1 << 20), 1 << 20},
		{"Uvarint", uvarint(1 << 20), 1 << 20},
		{"Fixed", fixed(100), 0},
		{"Fixed of one byte", fixed(1), 0},
		{"Fixed of 1 MiB", codectest.Codec[frame.Frame]{
			Decoder: frame.Fixed(1 << 20), Limit: 1 << 20,
			Vectors: []vector{{Wire: []byte("x")}},
			Long:    func(n int) []byte { return make([]byte, n) },
		}, 0},
		{"Raw", raw, 0},
	}
	for _, c := range codecs {
		t.Run(c.name, func(t *testing.T) {
			if c.max > 0 {
				c.codec.Long = func(n int) []byte {
					wire, err := c.codec.Encoder.Append(nil, &frame.Frame{Payload: make([]byte, min(n, c.max))})
					if err != nil {
						t.Fatal(err)
					}
					return wire
				}
			}
			codectest.Run(t, c.codec)
		})
	}
}
