package packet

import (
	"bytes"
	"testing"
	"unsafe"
)

// FuzzParse looks for panics, payloads that do not lie in their frame, and frames that are taken with a wrong checksum. What is
// taken is built again, and must then be read as the same.
func FuzzParse(f *testing.F) {
	for _, good := range [][]byte{frame(f, from4, to4, "hello"), frame(f, from6, to6, "hello")} {
		f.Add(good, uint8(0))
		f.Add(retag(good, typeService, typeVLAN), uint8(AnySource))
		f.Add(good[:len(good)-3], uint8(AnySum))
		for i := 12; i < len(good); i += 3 {
			bad := bytes.Clone(good)
			bad[i] ^= 0x41
			f.Add(bad, uint8(0))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, accept uint8) {
		var d Datagram
		r := Parse(&d, b, Accept(accept))
		if r >= Reasons {
			t.Fatalf("there is no %v", r)
		}
		if r != OK && r != Truncated {
			return
		}
		if n := len(d.Payload); n > 0 {
			at := uintptr(unsafe.Pointer(&d.Payload[0])) - uintptr(unsafe.Pointer(&b[0]))
			if at < etherSize+ip4Size+udpSize || at+uintptr(n) > uintptr(len(b)) {
				t.Fatalf("a payload of %d bytes at %d of a frame of %d", n, at, len(b))
			}
			if r == OK && !d.NoSum && Accept(accept)&AnySum == 0 {
				src, dst := d.Src.Addr().AsSlice(), d.Dst.Addr().AsSlice()
				length := udpSize + n
				if s := slowSum(src, dst, []byte{0, protocolUDP, byte(length >> 8), byte(length)}, b[at-udpSize:at], d.Payload); s != 0xffff {
					t.Fatalf("taken with a sum of %#04x", s)
				}
			}
		}
		if r != OK || len(d.Payload) > MostPayload || d.Src.Addr().Is4In6() || d.Dst.Addr().Is4In6() {
			return
		}
		tm, err := NewTemplate(macA, macB, d.Src, d.Dst)
		if err != nil {
			t.Fatal(err)
		}
		var again Datagram
		if r := Parse(&again, tm.Append(nil, d.Payload), AnySource); r != OK || again.Src != d.Src || again.Dst != d.Dst || !bytes.Equal(again.Payload, d.Payload) {
			t.Fatalf("%+v was built and read as %v, %+v", d, r, again)
		}
	})
}
