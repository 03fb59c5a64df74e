package frame_test

import (
	"bytes"
	"testing"

	"github.com/leat-io/leat/codec/frame"
)

var benchmarked = []struct {
	name  string
	codec frame.Codec
}{
	{"Length16", frame.Length16(1 << 15)},
	{"Length32", frame.Length32(1 << 20)},
	{"Length32LE", frame.Length32LE(1 << 20)},
	{"Uvarint", frame.Uvarint(1 << 20)},
	{"Fixed", frame.Fixed(64)},
	{"Raw", frame.Raw},
}

// One op is one frame of 64 bytes out of a buffer of 32.
func BenchmarkDecode(b *testing.B) {
	for _, bm := range benchmarked {
		b.Run(bm.name, func(b *testing.B) {
			var wire []byte
			for range 32 {
				wire, _ = bm.codec.Append(wire, &frame.Frame{Payload: make([]byte, 64)})
			}
			b.ReportAllocs()
			var v frame.Frame
			for rest := wire; b.Loop(); {
				n, err := bm.codec.Decode(rest, &v)
				if n <= 0 || err != nil {
					b.Fatal(n, err)
				}
				if rest = rest[n:]; len(rest) == 0 {
					rest = wire
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, bm := range benchmarked {
		b.Run(bm.name, func(b *testing.B) {
			v := frame.Frame{Payload: bytes.Repeat([]byte{'x'}, 64)}
			b.ReportAllocs()
			for wire := make([]byte, 0, 128); b.Loop(); {
				if _, err := bm.codec.Append(wire, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
