package packet

import (
	"encoding/binary"
	"net/netip"
	"testing"
)

var (
	macA = [6]byte{2, 0, 0, 0, 0, 0xa}
	macB = [6]byte{2, 0, 0, 0, 0, 0xb}

	from4, to4 = netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort("198.51.100.7:9000")
	from6, to6 = netip.MustParseAddrPort("[2001:db8::1]:4000"), netip.MustParseAddrPort("[2001:db8:0:1::7]:9000")
)

// slowSum is the checksum as RFC 1071 begins with it: words in network order, one by one.
func slowSum(parts ...[]byte) uint16 {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
		if len(p)%2 != 0 {
			all = append(all, 0)
		}
	}
	var sum uint32
	for i := 0; i < len(all); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(all[i:]))
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}

func frame(t testing.TB, from, to netip.AddrPort, payload string) []byte {
	t.Helper()
	tm, err := NewTemplate(macA, macB, from, to)
	if err != nil {
		t.Fatal(err)
	}
	return tm.Append(nil, []byte(payload))
}

// retag puts the tags of virtual networks into a frame.
func retag(f []byte, tags ...uint16) []byte {
	out := append([]byte(nil), f[:12]...)
	for i, kind := range tags {
		out = binary.BigEndian.AppendUint16(out, kind)
		out = binary.BigEndian.AppendUint16(out, uint16(i+1))
	}
	return append(out, f[12:]...)
}

// resum writes the checksum of the IPv4 header again, after a change.
func resum(f []byte) []byte {
	h := f[etherSize:][:int(f[etherSize]&0x0f)*4]
	h[10], h[11] = 0, 0
	binary.BigEndian.PutUint16(h[10:], ^slowSum(h))
	return f
}
