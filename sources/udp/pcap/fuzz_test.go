package pcap

import (
	"bytes"
	"encoding/hex"
	"testing"
	"testing/iotest"

	"github.com/leat-io/leat/internal/packet"
)

// FuzzFile looks for panics and for files that have no end, in what reads a file and what reads the frames in it.
func FuzzFile(f *testing.F) {
	header := "d4c3b2a1020004000000000000000000ffff000001000000"
	record := "00000000000000002a0000002a000000"
	frame := "02000000000b02000000000a08004500001c000040004011b4b9c0000201c6336407" + "0fa023280008" + "0000"
	for _, s := range []string{"", header, header + record, header + record + frame, "0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000", "1f8b0800"} {
		b, err := hex.DecodeString(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := newReader(bytes.NewReader(b))
		torn, tornErr := newReader(iotest.OneByteReader(bytes.NewReader(b)))
		if (err == nil) != (tornErr == nil) {
			t.Fatalf("%v at once, and %v byte by byte", err, tornErr)
		}
		if err != nil {
			return
		}
		for n := 0; ; n++ {
			c, err := r.next()
			same, tornErr := torn.next()
			if (err == nil) != (tornErr == nil) || err == nil && (!bytes.Equal(c.data, same.data) || !c.at.Equal(same.at)) {
				t.Fatalf("frame %d: %v, %v at once, and %v, %v byte by byte", n, c, err, same, tornErr)
			}
			if err != nil {
				return
			}
			if n > len(b)*1100 { // no more than gzip can make of it, which is 1032 times as much
				t.Fatalf("%d packets in %d bytes", n, len(b))
			}
			var d packet.Datagram
			if reason := c.parse(&d, packet.AnySource); reason == packet.OK && len(d.Payload) > len(c.data) {
				t.Fatalf("%d bytes in a frame of %d", len(d.Payload), len(c.data))
			}
		}
	})
}
