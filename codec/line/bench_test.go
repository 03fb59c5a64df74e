package line_test

import (
	"bytes"
	"testing"

	"github.com/leat-io/leat/codec/line"
)

// One op is one line of 64 bytes out of a buffer of 32.
func BenchmarkDecode(b *testing.B) {
	wire := bytes.Repeat(append(bytes.Repeat([]byte{'x'}, 62), "\r\n"...), 32)
	d := line.Text(1 << 16).NewDecoder()
	b.ReportAllocs()
	var v line.Line
	for rest := wire; b.Loop(); {
		n, err := d.Decode(rest, &v)
		if n <= 0 || err != nil {
			b.Fatal(n, err)
		}
		if rest = rest[n:]; len(rest) == 0 {
			rest = wire
		}
	}
}

// One op is one look at a line of 64 KiB that has grown by one byte.
func BenchmarkDecodeDrip(b *testing.B) {
	wire := bytes.Repeat([]byte{'x'}, 1<<16)
	c := line.Text(len(wire))
	d, n := c.NewDecoder(), 0
	b.ReportAllocs()
	var v line.Line
	for b.Loop() {
		if n++; n > len(wire) {
			d, n = c.NewDecoder(), 1
		}
		if took, err := d.Decode(wire[:n], &v); took != 0 || err != nil {
			b.Fatal(took, err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	c, v := line.Text(1<<16), line.Line{Text: bytes.Repeat([]byte{'x'}, 63)}
	b.ReportAllocs()
	for wire := make([]byte, 0, 128); b.Loop(); {
		if _, err := c.Append(wire, &v); err != nil {
			b.Fatal(err)
		}
	}
}
